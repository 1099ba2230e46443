#include "platform/event/utf8.h"

#include <cstdint>
#include <cstring>

namespace kefu::event {

namespace {

bool IsTrail(uint8_t byte) { return (byte & 0xc0) == 0x80; }

// The length of the well-formed sequence that `text` (not empty, lead byte not ASCII) begins with; 0 if there is none.
size_t SequenceLength(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i)
    if (!IsTrail(byte(i))) return 0;
  // The second byte is narrower after these leads.
  const uint8_t second = byte(1);
  if (lead == 0xe0 && second < 0xa0) return 0;
  if (lead == 0xed && second > 0x9f) return 0;
  if (lead == 0xf0 && second < 0x90) return 0;
  if (lead == 0xf4 && second > 0x8f) return 0;
  return length;
}

}  // namespace

bool IsUtf8(std::string_view text) {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  while (!text.empty()) {
    // Most text is ASCII: eight bytes a step.
    uint64_t block;
    if (text.size() >= sizeof(block)) {
      std::memcpy(&block, text.data(), sizeof(block));
      if ((block & kHighBits) == 0) {
        text.remove_prefix(sizeof(block));
        continue;
      }
    }
    if (static_cast<uint8_t>(text.front()) < 0x80) {
      text.remove_prefix(1);
      continue;
    }
    const size_t length = SequenceLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace kefu::event
