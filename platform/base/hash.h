#pragma once

// Hashes that are written down or decide where something lies. Frozen: changing one changes where clients live or
// which deliveries count as equal.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace kefu {

// murmur2 with the seed and the sign handling of Kafka's Java client, so that any Java producer and we put a key into
// the same partition. Source: org.apache.kafka.common.utils.Utils.murmur2.
uint32_t Murmur2(std::string_view bytes);

// (murmur2 & 0x7fffffff) % partitions: the Java client's partition for a key.
int32_t PartitionForKey(std::string_view key, int32_t partitions);

struct Hash128 {
  uint64_t low = 0;
  uint64_t high = 0;
  friend bool operator==(const Hash128&, const Hash128&) = default;
};

// XXH3, 128 bits. Not against an adversary; for equality of bytes.
Hash128 FastHash128(std::string_view bytes);
uint64_t FastHash64(std::string_view bytes);

// CRC-32C (Castagnoli), as in Kafka record batches.
uint32_t Crc32c(std::string_view bytes);

using Sha256Digest = std::array<uint8_t, 32>;
Sha256Digest Sha256(std::string_view bytes);
std::string Hex(std::string_view bytes);
inline std::string Hex(const Sha256Digest& digest) {
  return Hex(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

// SHA-256 in pieces.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(const Sha256Stream&) = delete;
  Sha256Stream& operator=(const Sha256Stream&) = delete;
  void Update(std::string_view bytes);
  // Once.
  Sha256Digest Finish();

 private:
  void* context_;
};

}  // namespace kefu
