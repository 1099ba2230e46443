#include "platform/log/embedded/frame.h"

#include <cstring>

#include "platform/base/check.h"
#include "platform/base/hash.h"
#include "platform/codec/key.h"

namespace kefu::log {

namespace {

constexpr size_t kCrcBytes = 4;

void AppendVarint(std::string& bytes, uint64_t number) {
  for (; number >= 0x80; number >>= 7) bytes.push_back(static_cast<char>(number | 0x80));
  bytes.push_back(static_cast<char>(number));
}

bool TakeVarint(std::string_view& bytes, uint64_t* number) {
  *number = 0;
  for (int shift = 0; shift < 35 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    *number |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

void PutCrc(std::string& bytes, size_t at, uint32_t crc) {
  for (size_t i = 0; i < kCrcBytes; ++i) bytes[at + i] = static_cast<char>(crc >> (8 * i));
}

uint32_t GetCrc(std::string_view bytes) {
  uint32_t crc = 0;
  for (size_t i = 0; i < kCrcBytes; ++i) crc |= static_cast<uint32_t>(static_cast<uint8_t>(bytes[i])) << (8 * i);
  return crc;
}

// Both parts in one sum: the place must be right as well as the bytes.
uint32_t CrcOf(std::string_view record_key, std::string_view rest) {
  return Crc32c(rest) ^ (Crc32c(record_key) * 0x9e3779b1u);
}

}  // namespace

std::string RecordKey(int32_t topic, Partition partition, Offset offset) {
  return codec::Key(topic, partition, offset);
}

std::optional<Offset> OffsetOfKey(std::string_view record_key) {
  int32_t topic, partition;
  Offset offset;
  if (!codec::TakePart(record_key, &topic) || !codec::TakePart(record_key, &partition) ||
      !codec::TakePart(record_key, &offset) || !record_key.empty())
    return std::nullopt;
  return offset;
}

std::string EncodeRecord(std::string_view record_key, std::string_view key, std::string_view value) {
  std::string stored;
  stored.reserve(kCrcBytes + 5 + key.size() + value.size());
  stored.resize(kCrcBytes);
  AppendVarint(stored, key.size());
  stored.append(key);
  stored.append(value);
  PutCrc(stored, 0, CrcOf(record_key, std::string_view(stored).substr(kCrcBytes)));
  return stored;
}

std::optional<DecodedRecord> DecodeRecord(std::string_view record_key, std::string_view stored) {
  if (stored.size() < kCrcBytes + 1) return std::nullopt;
  std::string_view rest = stored.substr(kCrcBytes);
  if (GetCrc(stored) != CrcOf(record_key, rest)) return std::nullopt;
  uint64_t key_size;
  if (!TakeVarint(rest, &key_size) || key_size > rest.size()) return std::nullopt;
  return DecodedRecord{rest.substr(0, key_size), rest.substr(key_size)};
}

std::string Head::Encode(size_t slot_bytes) const {
  std::string slot(kCrcBytes, '\0');
  codec::AppendPart(slot, sequence);
  codec::AppendPart(slot, static_cast<int64_t>(ends.size()));
  for (const auto& [place, end] : ends) {
    codec::AppendPart(slot, place.first);
    codec::AppendPart(slot, place.second);
    codec::AppendPart(slot, end);
  }
  KEFU_CHECK(slot.size() <= slot_bytes, "{} partitions do not fit into {} bytes", ends.size(), slot_bytes);
  slot.resize(slot_bytes);
  PutCrc(slot, 0, Crc32c(std::string_view(slot).substr(kCrcBytes)));
  return slot;
}

std::optional<Head> Head::Decode(std::string_view slot) {
  if (slot.size() < kCrcBytes || GetCrc(slot) != Crc32c(slot.substr(kCrcBytes))) return std::nullopt;
  std::string_view rest = slot.substr(kCrcBytes);
  Head head;
  int64_t count;
  if (!codec::TakePart(rest, &head.sequence) || !codec::TakePart(rest, &count)) return std::nullopt;
  for (int64_t i = 0; i < count; ++i) {
    std::pair<int32_t, int32_t> place;
    int64_t end;
    if (!codec::TakePart(rest, &place.first) || !codec::TakePart(rest, &place.second) || !codec::TakePart(rest, &end))
      return std::nullopt;
    head.ends[place] = end;
  }
  return head;
}

}  // namespace kefu::log
