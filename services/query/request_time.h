#pragma once

#include <absl/time/clock.h>
#include <absl/time/time.h>
#include <google/protobuf/timestamp.pb.h>

#include <string_view>

#include "platform/base/reason.h"
#include "platform/base/status.h"
#include "platform/base/time.h"
#include "projections/engine/engine.h"

namespace kefu::query {

// A time that a request gives. kInvalidArgument (TIME_INVALID) about `field` if it is none.
inline StatusOr<absl::Time> TimeOf(const google::protobuf::Timestamp& time, std::string_view field) {
  // google.protobuf.Timestamp: the years 1 to 9999.
  constexpr int64_t kFirst = -62'135'596'800, kLast = 253'402'300'799;
  if (time.seconds() < kFirst || time.seconds() > kLast || time.nanos() < 0 || time.nanos() > 999'999'999)
    return WithReason(InvalidArgument("{} is no time", field), "TIME_INVALID", field);
  return FromProto(time);
}

// The moment that the engine's answers are of: the clock's, or one of the past.
inline absl::Time NowOf(const engine::Engine& engine) { return engine.moment().value_or(absl::Now()); }

// The same, or now.
inline StatusOr<absl::Time> TimeOrNow(const engine::Engine& engine, bool given, const google::protobuf::Timestamp& time, std::string_view field) {
  if (!given) return NowOf(engine);
  return TimeOf(time, field);
}

}  // namespace kefu::query
