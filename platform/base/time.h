#pragma once

// Time as abseil has it, and as protobuf has it. Wall clock is data; deadlines are monotonic by abseil's own rules.

#include <absl/time/clock.h>
#include <absl/time/time.h>
#include <google/protobuf/timestamp.pb.h>

#include <string>
#include <string_view>

#include "platform/base/status.h"

namespace kefu {

inline absl::Time FromProto(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

inline google::protobuf::Timestamp ToProto(absl::Time time) {
  google::protobuf::Timestamp timestamp;
  const int64_t seconds = absl::ToUnixSeconds(time);
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return timestamp;
}

// "2026-03-01T09:30:00.250Z": RFC 3339 in UTC with as many digits as needed.
std::string FormatRfc3339(absl::Time time);
// RFC 3339 with any zone.
StatusOr<absl::Time> ParseRfc3339(std::string_view text);

// Where the time comes from. Tests give their own.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() = 0;
  // The machine's clock. Lives for ever.
  static Clock* Real();
};

}  // namespace kefu
