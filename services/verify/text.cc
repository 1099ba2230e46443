#include "services/verify/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace kefu::verify {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr size_t kShownCharacters = 120;

// The character that `text` begins with, and how many bytes it has; -1 and 1 where the bytes are not UTF-8.
struct Character {
  int32_t code = -1;
  size_t bytes = 1;
};
Character First(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return {};
  int32_t code = lead & (0x7f >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3f);
  }
  // Too long for what it says, half of a pair, or beyond Unicode.
  constexpr int32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kSmallest[length] || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff) return {};
  return {code, length};
}

// Unicode's White_Space.
bool IsBlank(int32_t code) {
  return (code >= 0x09 && code <= 0x0d) || code == 0x20 || code == 0x85 || code == 0xa0 || code == 0x1680 ||
         (code >= 0x2000 && code <= 0x200a) || code == 0x2028 || code == 0x2029 || code == 0x202f || code == 0x205f ||
         code == 0x3000;
}

bool FitsName(int32_t code) { return code >= 0x20 && code != '+' && !IsBlank(code); }

bool MayBeShown(int32_t code) {
  const bool is_control = code < 0x20 || (code >= 0x7f && code < 0xa0);
  const bool turns = (code >= 0x200e && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
                     (code >= 0x2066 && code <= 0x2069) || code == 0x061c || code == 0xfeff;
  return !is_control && !turns;
}

}  // namespace

std::string Base64Encode(std::string_view bytes) {
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const auto at = [&](size_t k) { return i + k < bytes.size() ? static_cast<uint8_t>(bytes[i + k]) : 0u; };
    const uint32_t three = at(0) << 16 | at(1) << 8 | at(2);
    for (int k = 0; k < 4; ++k) text.push_back(i + k > bytes.size() ? '=' : kAlphabet[three >> (18 - 6 * k) & 0x3f]);
  }
  return text;
}

std::optional<std::string> Base64Decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  static const std::array<int8_t, 256> kValues = [] {
    std::array<int8_t, 256> values;
    values.fill(-1);
    for (size_t i = 0; i < kAlphabet.size(); ++i) values[static_cast<uint8_t>(kAlphabet[i])] = static_cast<int8_t>(i);
    return values;
  }();
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  std::string bytes;
  uint32_t bits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_padding = i + padding >= text.size();
    const int value = is_padding ? 0 : kValues[static_cast<uint8_t>(text[i])];
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(value);
    if (i % 4 == 3)
      for (int shift = 16; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(bits >> shift & 0xff));
  }
  bytes.resize(bytes.size() - padding);
  // Bits that padding hides must be zero.
  if (Base64Encode(bytes) != text) return std::nullopt;
  return bytes;
}

std::optional<Hash> HashOfBase64(std::string_view text) {
  Hash hash;
  const std::optional<std::string> bytes = Base64Decode(text);
  if (!bytes.has_value() || bytes->size() != hash.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  return hash;
}

std::string Base64Of(const Hash& hash) {
  return Base64Encode({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

std::string HexOf(std::string_view bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char byte : bytes) {
    text.push_back("0123456789abcdef"[static_cast<uint8_t>(byte) >> 4]);
    text.push_back("0123456789abcdef"[byte & 0xf]);
  }
  return text;
}

std::string HexOf(const Hash& hash) { return HexOf({reinterpret_cast<const char*>(hash.data()), hash.size()}); }

std::string Grouped(int64_t number) {
  std::string text = fmt::format("{}", number);
  const int first = number < 0 ? 1 : 0;
  for (int at = static_cast<int>(text.size()) - 3; at > first; at -= 3) text.insert(at, ",");
  return text;
}

std::optional<int64_t> ReadNumber(std::string_view digits) {
  if (digits.empty() || digits.size() > 19 || (digits.size() > 1 && digits[0] == '0')) return std::nullopt;
  uint64_t number = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return std::nullopt;
    number = number * 10 + static_cast<uint64_t>(digit - '0');
  }
  if (number > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
  return static_cast<int64_t>(number);
}

std::string Shown(std::string_view text) {
  std::string shown;
  for (size_t count = 0; !text.empty(); ++count) {
    if (count == kShownCharacters) return shown + "…";
    const Character first = First(text);
    const std::string_view bytes = text.substr(0, first.bytes);
    if (first.code >= 0 && MayBeShown(first.code)) {
      shown += bytes;
    } else {
      for (const char byte : bytes) shown += fmt::format("\\x{:02x}", static_cast<uint8_t>(byte));
    }
    text.remove_prefix(first.bytes);
  }
  return shown;
}

std::string OriginOf(std::string_view log_id) {
  std::string name;
  while (!log_id.empty()) {
    const Character first = First(log_id);
    name += FitsName(first.code) ? log_id.substr(0, first.bytes) : "-";
    log_id.remove_prefix(first.bytes);
  }
  return "kefu/" + (name.empty() ? "-" : name);
}

std::string OriginOf(std::string_view log_id, int64_t partition) {
  return fmt::format("{}/{}", OriginOf(log_id), partition);
}

bool IsPlainText(std::string_view text) {
  while (!text.empty()) {
    const Character first = First(text);
    if (first.code < 0x20 && first.code != '\n') return false;
    text.remove_prefix(first.bytes);
  }
  return true;
}

bool IsKeyName(std::string_view name) {
  if (name.empty()) return false;
  while (!name.empty()) {
    const Character first = First(name);
    if (!FitsName(first.code)) return false;
    name.remove_prefix(first.bytes);
  }
  return true;
}

}  // namespace kefu::verify
