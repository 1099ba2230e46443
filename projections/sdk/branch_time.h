#pragma once

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <cstdint>

namespace kefu::sdk {

// The branches' own zone, UTC+8 without shifts: days of statistics, and quiet hours of clients for whose branch no
// calendar was published. Data, not a machine's time zone files, so that every machine folds alike.
inline constexpr int32_t kBranchOffsetSeconds = 8 * 3600;

inline absl::CivilSecond BranchTimeOf(absl::Time time) {
  return absl::ToCivilSecond(time + absl::Seconds(kBranchOffsetSeconds), absl::UTCTimeZone());
}
inline absl::CivilDay BranchDayOf(absl::Time time) { return absl::CivilDay(BranchTimeOf(time)); }

}  // namespace kefu::sdk
