#include "platform/codec/key.h"

#include <algorithm>

#include "platform/base/hash.h"
#include "platform/base/time.h"

namespace kefu::codec {

namespace {

constexpr char kEscape = '\0';
constexpr char kEscapedZero = '\xff';
constexpr char kEnd = '\x01';

template <class Unsigned>
void AppendBigEndian(std::string& key, Unsigned number) {
  char bytes[sizeof(Unsigned)];
  for (size_t i = 0; i < sizeof(Unsigned); ++i)
    bytes[i] = static_cast<char>(number >> (8 * (sizeof(Unsigned) - 1 - i)));
  key.append(bytes, sizeof(bytes));
}

template <class Unsigned>
bool TakeBigEndian(std::string_view& key, Unsigned* number) {
  if (key.size() < sizeof(Unsigned)) return false;
  *number = 0;
  for (size_t i = 0; i < sizeof(Unsigned); ++i) *number = (*number << 8) | static_cast<uint8_t>(key[i]);
  key.remove_prefix(sizeof(Unsigned));
  return true;
}

}  // namespace

void AppendPart(std::string& key, std::string_view text) {
  if (text.find('\0') == std::string_view::npos) {
    key.append(text);
  } else {
    for (const char c : text) {
      key.push_back(c);
      if (c == '\0') key.push_back(kEscapedZero);
    }
  }
  key.push_back(kEscape);
  key.push_back(kEnd);
}

void AppendPart(std::string& key, int64_t number) {
  AppendBigEndian(key, static_cast<uint64_t>(number) ^ (uint64_t{1} << 63));
}

void AppendPart(std::string& key, int32_t number) {
  AppendBigEndian(key, static_cast<uint32_t>(number) ^ (uint32_t{1} << 31));
}

void AppendPart(std::string& key, absl::Time time) { AppendPart(key, absl::ToUnixMicros(time)); }

bool TakePart(std::string_view& key, std::string* text) {
  text->clear();
  for (size_t at = 0; at + 1 < key.size(); ++at) {
    if (key[at] != kEscape) {
      text->push_back(key[at]);
      continue;
    }
    ++at;
    if (key[at] == kEnd) {
      key.remove_prefix(at + 1);
      return true;
    }
    if (key[at] != kEscapedZero) return false;
    text->push_back('\0');
  }
  return false;
}

bool TakePart(std::string_view& key, int64_t* number) {
  uint64_t bits;
  if (!TakeBigEndian(key, &bits)) return false;
  *number = static_cast<int64_t>(bits ^ (uint64_t{1} << 63));
  return true;
}

bool TakePart(std::string_view& key, int32_t* number) {
  uint32_t bits;
  if (!TakeBigEndian(key, &bits)) return false;
  *number = static_cast<int32_t>(bits ^ (uint32_t{1} << 31));
  return true;
}

bool TakePart(std::string_view& key, absl::Time* time) {
  int64_t micros;
  if (!TakePart(key, &micros)) return false;
  *time = absl::FromUnixMicros(micros);
  return true;
}

bool TakePart(std::string_view& key, Offset* offset) {
  int64_t number;
  if (!TakePart(key, &number)) return false;
  *offset = Offset(number);
  return true;
}

std::string OpenTextPrefix(std::string_view text) {
  std::string key;
  AppendPart(key, text);
  key.resize(key.size() - 2);
  return key;
}

std::string PrefixEnd(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<uint8_t>(end.back()) + 1);
  return end;
}

namespace internal {

namespace {
template <class Part, class Format>
std::string Describe(std::string_view& key, Format format) {
  const std::string_view before = key;
  Part part;
  if (TakePart(key, &part)) return format(part);
  key = {};
  return "?" + Hex(before);
}
}  // namespace

std::string DescribePart(std::string_view& key, const std::string*) {
  return Describe<std::string>(key, [](const std::string& text) { return text; });
}
std::string DescribePart(std::string_view& key, const int64_t*) {
  return Describe<int64_t>(key, [](int64_t number) { return fmt::format("{}", number); });
}
std::string DescribePart(std::string_view& key, const int32_t*) {
  return Describe<int32_t>(key, [](int32_t number) { return fmt::format("{}", number); });
}
std::string DescribePart(std::string_view& key, const absl::Time*) {
  return Describe<absl::Time>(key, [](absl::Time time) { return FormatRfc3339(time); });
}
std::string DescribePart(std::string_view& key, const Offset*) {
  return Describe<Offset>(key, [](Offset offset) { return fmt::format("{}", offset.value()); });
}

}  // namespace internal

}  // namespace kefu::codec
