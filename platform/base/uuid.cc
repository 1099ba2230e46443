#include "platform/base/uuid.h"

#include <openssl/rand.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <mutex>

#include "platform/base/check.h"
#include "platform/base/hash.h"
#include "platform/base/time.h"

namespace kefu {

std::string NewUuid() {
  static std::mutex mutex;
  static uint64_t last_tick = 0;

  // 48 bits of milliseconds and 12 bits of a counter within it (RFC 9562, 6.2, method 1).
  uint64_t tick;
  {
    const std::lock_guard lock(mutex);
    tick = static_cast<uint64_t>(absl::ToUnixMillis(absl::Now())) << 12;
    if (tick <= last_tick) tick = last_tick + 1;
    last_tick = tick;
  }
  std::array<uint8_t, 16> bytes;
  KEFU_CHECK(RAND_bytes(bytes.data() + 8, 8) == 1);
  const uint64_t millis = tick >> 12;
  for (int i = 0; i < 6; ++i) bytes[i] = static_cast<uint8_t>(millis >> (40 - 8 * i));
  bytes[6] = static_cast<uint8_t>(0x70 | ((tick >> 8) & 0x0f));
  bytes[7] = static_cast<uint8_t>(tick);
  bytes[8] = static_cast<uint8_t>(0x80 | (bytes[8] & 0x3f));
  const std::string hex = Hex(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  return hex.substr(0, 8) + '-' + hex.substr(8, 4) + '-' + hex.substr(12, 4) + '-' + hex.substr(16, 4) + '-' +
         hex.substr(20);
}

}  // namespace kefu
