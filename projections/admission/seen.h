#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "platform/base/ids.h"
#include "projections/admission/rules.h"

namespace kefu::admission {

// What is kept of every event id ever met, so that none counts twice, and so that a correction can be judged. On disk;
// frozen (golden bytes in admission_test.cc), second form:
//   offset of the first delivery   int64, big-endian
//   hash of its content            XXH3-64, big-endian
//   rule that refused it           one byte, 0 where it was applied
//   tag of its body, and, above it, whether it was corrected since (bit 15)   two bytes, big-endian
//   hash of its client's id        low half of XXH3-64, big-endian
//   what a correction must leave   StandsOn (standing.h), big-endian
struct SeenEvent {
  Offset first_offset;
  uint64_t content_hash = 0;
  Rule rule = Rule::kNone;
  int32_t body = 0;
  // A later event corrected or annulled it.
  bool corrected = false;
  uint32_t client_hash = 0;
  uint32_t stands_on = 0;

  std::string Encode() const;
  // Empty if the bytes are none.
  static std::optional<SeenEvent> Decode(std::string_view bytes);
};

}  // namespace kefu::admission
