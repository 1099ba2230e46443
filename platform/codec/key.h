#pragma once

// Keys whose bytes sort as their parts do, left to right. Any leading run of parts is a prefix to scan by.
//
// On disk; frozen (golden bytes in key_test.cc). Parts:
//   text     its bytes with 0x00 as 0x00 0xff, then 0x00 0x01; so "a" < "ab" and "a" + anything sorts after "a"
//   int64    eight bytes, big-endian, sign bit flipped
//   int32    four bytes likewise
//   time     microseconds since 1970 as int64; absl::InfiniteFuture() sorts last
//   Offset   as int64; Partition as int32

#include <absl/time/time.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/ids.h"

namespace kefu::codec {

void AppendPart(std::string& key, std::string_view text);
void AppendPart(std::string& key, int64_t number);
void AppendPart(std::string& key, int32_t number);
void AppendPart(std::string& key, absl::Time time);
inline void AppendPart(std::string& key, const std::string& text) { AppendPart(key, std::string_view(text)); }
inline void AppendPart(std::string& key, const char* text) { AppendPart(key, std::string_view(text)); }
inline void AppendPart(std::string& key, Offset offset) { AppendPart(key, offset.value()); }
inline void AppendPart(std::string& key, Partition partition) { AppendPart(key, partition.value()); }

// Take the part off the front of `key`. False, and `key` undefined, if the bytes are no such part.
bool TakePart(std::string_view& key, std::string* text);
bool TakePart(std::string_view& key, int64_t* number);
bool TakePart(std::string_view& key, int32_t* number);
bool TakePart(std::string_view& key, absl::Time* time);
bool TakePart(std::string_view& key, Offset* offset);

template <class... Parts>
std::string Key(const Parts&... parts) {
  std::string key;
  (AppendPart(key, parts), ...);
  return key;
}

// The bytes of `text` without its end mark: a prefix for scanning all texts that begin so.
std::string OpenTextPrefix(std::string_view text);

// The first key after all keys that begin with `prefix`; empty if there is none (all 0xff).
std::string PrefixEnd(std::string_view prefix);

// The types of a key's parts, such as KeyOf<std::string, absl::Time>.
template <class... Parts>
struct KeyOf {
  static std::string Encode(const Parts&... parts) { return Key(parts...); }
  // The parts as readable text; "?" and the rest in hex where the bytes do not fit.
  static std::vector<std::string> Describe(std::string_view key);
};

namespace internal {
std::string DescribePart(std::string_view& key, const std::string*);
std::string DescribePart(std::string_view& key, const int64_t*);
std::string DescribePart(std::string_view& key, const int32_t*);
std::string DescribePart(std::string_view& key, const absl::Time*);
std::string DescribePart(std::string_view& key, const Offset*);
}  // namespace internal

template <class... Parts>
std::vector<std::string> KeyOf<Parts...>::Describe(std::string_view key) {
  std::vector<std::string> parts;
  (parts.push_back(internal::DescribePart(key, static_cast<const Parts*>(nullptr))), ...);
  return parts;
}

}  // namespace kefu::codec
