#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "platform/base/ids.h"
#include "projections/admission/rules.h"

namespace kefu::admission {

// What is kept of every event id ever met, so that none counts twice. On disk; frozen (golden bytes in seen_test.cc):
//   offset of the first delivery   int64, big-endian
//   hash of its content            XXH3-64, big-endian
//   rule that refused it           one byte, 0 where it was applied
struct SeenEvent {
  Offset first_offset;
  uint64_t content_hash = 0;
  Rule rule = Rule::kNone;

  std::string Encode() const;
  // Empty if the bytes are none.
  static std::optional<SeenEvent> Decode(std::string_view bytes);
};

}  // namespace kefu::admission
