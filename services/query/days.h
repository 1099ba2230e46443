#pragma once

// Days as statistics count them, and the periods they are rolled up to.

#include <cstdint>
#include <string>
#include <string_view>

#include "kefu/query/v1/statistics.pb.h"
#include "platform/base/status.h"

namespace kefu::query {

// "2026-03-01" as days since 1970-01-01. kInvalidArgument (DAY_INVALID) about the field it was given.
StatusOr<int32_t> ParseDay(std::string_view text, std::string_view field);
std::string DayText(int32_t day);

// The first day of the period that `day` is in, and the first day after it. GRANULARITY_UNSPECIFIED has no periods.
int32_t PeriodStart(int32_t day, query::v1::Granularity granularity);
int32_t PeriodEnd(int32_t day, query::v1::Granularity granularity);

}  // namespace kefu::query
