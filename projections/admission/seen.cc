#include "projections/admission/seen.h"

namespace kefu::admission {

namespace {

constexpr size_t kSize = 27;
constexpr uint64_t kCorrectedBit = 1 << 15;

template <int kBytes>
void Append(std::string& bytes, uint64_t number) {
  for (int shift = 8 * (kBytes - 1); shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(number >> shift));
}

template <int kBytes>
uint64_t Take(std::string_view& bytes) {
  uint64_t number = 0;
  for (size_t i = 0; i < kBytes; ++i) number = (number << 8) | static_cast<uint8_t>(bytes[i]);
  bytes.remove_prefix(kBytes);
  return number;
}

}  // namespace

std::string SeenEvent::Encode() const {
  std::string bytes;
  bytes.reserve(kSize);
  Append<8>(bytes, static_cast<uint64_t>(first_offset.value()));
  Append<8>(bytes, content_hash);
  Append<1>(bytes, static_cast<uint8_t>(rule));
  Append<2>(bytes, static_cast<uint64_t>(body) | (corrected ? kCorrectedBit : 0));
  Append<4>(bytes, client_hash);
  Append<4>(bytes, stands_on);
  return bytes;
}

std::optional<SeenEvent> SeenEvent::Decode(std::string_view bytes) {
  if (bytes.size() != kSize) return std::nullopt;
  SeenEvent seen;
  seen.first_offset = Offset(static_cast<int64_t>(Take<8>(bytes)));
  seen.content_hash = Take<8>(bytes);
  seen.rule = static_cast<Rule>(Take<1>(bytes));
  const uint64_t body = Take<2>(bytes);
  seen.body = static_cast<int32_t>(body & ~kCorrectedBit);
  seen.corrected = (body & kCorrectedBit) != 0;
  seen.client_hash = static_cast<uint32_t>(Take<4>(bytes));
  seen.stands_on = static_cast<uint32_t>(Take<4>(bytes));
  return seen;
}

}  // namespace kefu::admission
