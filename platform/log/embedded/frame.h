#pragma once

// How records and heads lie on disk. Frozen; golden bytes in frame_test.cc.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/ids.h"

namespace kefu::log {

// Key of a record: topic's number, partition, offset, each big-endian with the sign bit flipped (platform/codec).
std::string RecordKey(int32_t topic, Partition partition, Offset offset);
// Takes the offset off a record's key.
std::optional<Offset> OffsetOfKey(std::string_view record_key);

// Value of a record: CRC-32C over its key on disk and all that follows, little-endian; length of the record's own key
// as a varint; that key; the value. The CRC covers the place, so a record that moved is a damaged one.
std::string EncodeRecord(std::string_view record_key, std::string_view key, std::string_view value);
struct DecodedRecord {
  std::string_view key;
  std::string_view value;
};
// Empty if the bytes are not what was written at `record_key`.
std::optional<DecodedRecord> DecodeRecord(std::string_view record_key, std::string_view stored);

// Where each partition ends, as last noted outside RocksDB.
struct Head {
  int64_t sequence = 0;
  std::map<std::pair<int32_t, int32_t>, int64_t> ends;  // (topic's number, partition) → next offset

  // Exactly `slot_bytes` long, with a CRC.
  std::string Encode(size_t slot_bytes) const;
  static std::optional<Head> Decode(std::string_view slot);
};

}  // namespace kefu::log
