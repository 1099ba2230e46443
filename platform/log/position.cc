#include "platform/log/position.h"

#include <array>

#include "platform/base/hash.h"

namespace kefu::log {

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// The form's version; a token of another version is refused, never misread.
constexpr char kVersion = 1;

void AppendVarint(std::string& bytes, uint64_t number) {
  while (number >= 0x80) {
    bytes.push_back(static_cast<char>(number | 0x80));
    number >>= 7;
  }
  bytes.push_back(static_cast<char>(number));
}

bool TakeVarint(std::string_view& bytes, uint64_t* number) {
  *number = 0;
  for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    *number |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

uint32_t LogMark(std::string_view log_id) { return static_cast<uint32_t>(FastHash64(log_id)); }

}  // namespace

std::string Position::Encode() const {
  std::string bytes(1, kVersion);
  AppendVarint(bytes, LogMark(log_id));
  for (const int64_t next : next_offsets) AppendVarint(bytes, static_cast<uint64_t>(next));
  return Base64UrlEncode(bytes);
}

StatusOr<Position> Position::Decode(std::string_view text, std::string_view log_id, int32_t partitions) {
  const auto malformed = [&] {
    return InvalidArgument("\"{}\" is not a position; pass one that an earlier answer gave", text.substr(0, 80));
  };
  const StatusOr<std::string> decoded = Base64UrlDecode(text);
  if (!decoded.ok() || decoded->empty() || decoded->front() != kVersion) return malformed();
  std::string_view rest = std::string_view(*decoded).substr(1);
  uint64_t mark;
  if (!TakeVarint(rest, &mark)) return malformed();
  if (mark != LogMark(log_id)) return InvalidArgument("the position is of another log than this server's ({})", log_id);
  Position position{std::string(log_id), {}};
  while (!rest.empty()) {
    uint64_t next;
    if (!TakeVarint(rest, &next) || next > static_cast<uint64_t>(INT64_MAX)) return malformed();
    position.next_offsets.push_back(static_cast<int64_t>(next));
    if (position.next_offsets.size() > static_cast<size_t>(partitions)) return malformed();
  }
  if (position.next_offsets.size() != static_cast<size_t>(partitions)) return malformed();
  return position;
}

std::string Base64UrlEncode(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  uint32_t pool = 0;
  int bits = 0;
  for (const char c : bytes) {
    pool = (pool << 8) | static_cast<uint8_t>(c);
    for (bits += 8; bits >= 6; bits -= 6) text.push_back(kAlphabet[(pool >> (bits - 6)) & 63]);
  }
  if (bits > 0) text.push_back(kAlphabet[(pool << (6 - bits)) & 63]);
  return text;
}

StatusOr<std::string> Base64UrlDecode(std::string_view text) {
  std::string bytes;
  uint32_t pool = 0;
  int bits = 0;
  for (const char c : text) {
    const size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) return InvalidArgument("not base64url");
    pool = (pool << 6) | static_cast<uint32_t>(digit);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes.push_back(static_cast<char>(pool >> bits));
    }
  }
  if ((pool & ((1u << bits) - 1)) != 0) return InvalidArgument("not base64url");
  return bytes;
}

}  // namespace kefu::log
