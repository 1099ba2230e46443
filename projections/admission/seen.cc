#include "projections/admission/seen.h"

namespace kefu::admission {

namespace {

constexpr size_t kSize = 17;

void Append(std::string& bytes, uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(number >> shift));
}

uint64_t Read(std::string_view bytes) {
  uint64_t number = 0;
  for (size_t i = 0; i < 8; ++i) number = (number << 8) | static_cast<uint8_t>(bytes[i]);
  return number;
}

}  // namespace

std::string SeenEvent::Encode() const {
  std::string bytes;
  bytes.reserve(kSize);
  Append(bytes, static_cast<uint64_t>(first_offset.value()));
  Append(bytes, content_hash);
  bytes.push_back(static_cast<char>(rule));
  return bytes;
}

std::optional<SeenEvent> SeenEvent::Decode(std::string_view bytes) {
  if (bytes.size() != kSize) return std::nullopt;
  return SeenEvent{Offset(static_cast<int64_t>(Read(bytes))), Read(bytes.substr(8)),
                   static_cast<Rule>(static_cast<uint8_t>(bytes[16]))};
}

}  // namespace kefu::admission
