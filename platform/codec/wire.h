#pragma once

// Pieces of protobuf's wire format, for what folds so often that it stays encoded.
// Source: protobuf.dev/programming-guides/encoding.

#include <cstdint>
#include <string>
#include <string_view>

namespace kefu::codec {

inline void AppendVarint(std::string* bytes, uint64_t value) {
  while (value >= 0x80) {
    bytes->push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  bytes->push_back(static_cast<char>(value));
}

// Takes a varint off the front. False if there is none.
inline bool TakeVarint(std::string_view* bytes, uint64_t* value) {
  *value = 0;
  for (size_t i = 0; i < bytes->size() && i < 10; ++i) {
    const auto byte = static_cast<uint8_t>((*bytes)[i]);
    *value |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte >= 0x80) continue;
    bytes->remove_prefix(i + 1);
    return true;
  }
  return false;
}

constexpr uint32_t VarintTag(int field) { return static_cast<uint32_t>(field) << 3; }
constexpr uint32_t BytesTag(int field) { return static_cast<uint32_t>(field) << 3 | 2; }

// Scalars and texts as proto3 has them: what is zero or empty is not there.
inline void AppendVarintField(std::string* bytes, int field, uint64_t value) {
  if (value == 0) return;
  AppendVarint(bytes, VarintTag(field));
  AppendVarint(bytes, value);
}
// A field of bytes that is there even if it is empty, such as a message.
inline void AppendBytesField(std::string* bytes, int field, std::string_view value) {
  AppendVarint(bytes, BytesTag(field));
  AppendVarint(bytes, value.size());
  bytes->append(value);
}
inline void AppendTextField(std::string* bytes, int field, std::string_view value) {
  if (!value.empty()) AppendBytesField(bytes, field, value);
}

// One field of a message.
struct Field {
  int number = 0;
  bool is_bytes = false;
  uint64_t value = 0;        // of a varint
  std::string_view payload;  // of bytes
  std::string_view whole;    // with its tag
};

// Takes the next field off the front. False at the end, and where the bytes are no field of these two wire types: then
// `bytes` is not empty.
inline bool TakeField(std::string_view* bytes, Field* field) {
  std::string_view rest = *bytes;
  uint64_t tag = 0;
  if (!TakeVarint(&rest, &tag)) return false;
  field->number = static_cast<int>(tag >> 3);
  field->is_bytes = (tag & 7) == 2;
  if (!field->is_bytes && (tag & 7) != 0) return false;
  if (!TakeVarint(&rest, &field->value)) return false;
  if (field->is_bytes) {
    if (field->value > rest.size()) return false;
    field->payload = rest.substr(0, field->value);
    rest.remove_prefix(field->value);
  }
  field->whole = bytes->substr(0, bytes->size() - rest.size());
  *bytes = rest;
  return true;
}

}  // namespace kefu::codec
