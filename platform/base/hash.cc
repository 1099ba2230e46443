#include "platform/base/hash.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <xxhash.h>

#include <cstring>

#include "platform/base/check.h"

namespace kefu {

uint32_t Murmur2(std::string_view bytes) {
  constexpr uint32_t kSeed = 0x9747b28c;
  constexpr uint32_t kMultiplier = 0x5bd1e995;
  const size_t length = bytes.size();
  uint32_t hash = kSeed ^ static_cast<uint32_t>(length);
  size_t at = 0;
  for (; at + 4 <= length; at += 4) {
    uint32_t word;
    std::memcpy(&word, bytes.data() + at, 4);
    word *= kMultiplier;
    word ^= word >> 24;
    word *= kMultiplier;
    hash *= kMultiplier;
    hash ^= word;
  }
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(bytes[at + i])); };
  switch (length - at) {
    case 3:
      hash ^= byte(2) << 16;
      [[fallthrough]];
    case 2:
      hash ^= byte(1) << 8;
      [[fallthrough]];
    case 1:
      hash ^= byte(0);
      hash *= kMultiplier;
      break;
    default:
      break;
  }
  hash ^= hash >> 13;
  hash *= kMultiplier;
  hash ^= hash >> 15;
  return hash;
}

int32_t PartitionForKey(std::string_view key, int32_t partitions) {
  return static_cast<int32_t>(Murmur2(key) & 0x7fffffff) % partitions;
}

Hash128 FastHash128(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.low64, hash.high64};
}

uint64_t FastHash64(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

namespace {

struct Crc32cTable {
  std::array<std::array<uint32_t, 256>, 8> slice{};
  constexpr Crc32cTable() {
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t crc = i;
      for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? 0x82f63b78u : 0u);
      slice[0][i] = crc;
    }
    for (uint32_t i = 0; i < 256; ++i)
      for (size_t s = 1; s < 8; ++s) slice[s][i] = (slice[s - 1][i] >> 8) ^ slice[0][slice[s - 1][i] & 0xff];
  }
};
constexpr Crc32cTable kCrc;

uint32_t Crc32cByTable(std::string_view bytes) {
  uint32_t crc = 0xffffffff;
  size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    uint64_t word;
    std::memcpy(&word, bytes.data() + at, 8);
    word ^= crc;
    crc = kCrc.slice[7][word & 0xff] ^ kCrc.slice[6][(word >> 8) & 0xff] ^ kCrc.slice[5][(word >> 16) & 0xff] ^
          kCrc.slice[4][(word >> 24) & 0xff] ^ kCrc.slice[3][(word >> 32) & 0xff] ^
          kCrc.slice[2][(word >> 40) & 0xff] ^ kCrc.slice[1][(word >> 48) & 0xff] ^ kCrc.slice[0][word >> 56];
  }
  for (; at < bytes.size(); ++at) crc = (crc >> 8) ^ kCrc.slice[0][(crc ^ static_cast<uint8_t>(bytes[at])) & 0xff];
  return ~crc;
}

#if defined(__x86_64__)
// The same with the processor's own instruction: some ten times as fast.
__attribute__((target("sse4.2"))) uint32_t Crc32cByInstruction(std::string_view bytes) {
  uint64_t crc = 0xffffffff;
  size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    uint64_t word;
    std::memcpy(&word, bytes.data() + at, 8);
    crc = __builtin_ia32_crc32di(crc, word);
  }
  auto rest = static_cast<uint32_t>(crc);
  for (; at < bytes.size(); ++at) rest = __builtin_ia32_crc32qi(rest, static_cast<uint8_t>(bytes[at]));
  return ~rest;
}
#endif

}  // namespace

uint32_t Crc32c(std::string_view bytes) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2");
  if (has_instruction) return Crc32cByInstruction(bytes);
#endif
  return Crc32cByTable(bytes);
}

Sha256Digest Sha256(std::string_view bytes) {
  Sha256Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return digest;
}

std::string Hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

Sha256Stream::Sha256Stream() : context_(EVP_MD_CTX_new()) {
  KEFU_CHECK(EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(context_), EVP_sha256(), nullptr) == 1);
}

Sha256Stream::~Sha256Stream() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_)); }

void Sha256Stream::Update(std::string_view bytes) {
  EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_), bytes.data(), bytes.size());
}

Sha256Digest Sha256Stream::Finish() {
  Sha256Digest digest;
  EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_), digest.data(), nullptr);
  return digest;
}

}  // namespace kefu
