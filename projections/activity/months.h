#pragma once

// The window of months that a client's row keeps.

#include <absl/time/civil_time.h>

#include <cstdint>
#include <optional>

#include "kefu/query/v1/segment.pb.h"

namespace kefu::activity {

// The newest month told and two years before it.
inline constexpr int kMonthsKept = 25;

// Counted from January 1970.
int32_t MonthOf(absl::CivilDay day);
absl::CivilDay FirstDayOf(int32_t month);

// Days since 1970.
int32_t NumberOf(absl::CivilDay day);
absl::CivilDay DayOf(int32_t number);

// The place of `month` in the row's lists, which are moved or grow for it: a month after the newest pushes the oldest
// out, one before the oldest is put in front. Nothing: it is more than kMonthsKept - 1 before the newest.
std::optional<int> SlotOf(int32_t month, query::v1::ClientActivity& row);

}  // namespace kefu::activity
