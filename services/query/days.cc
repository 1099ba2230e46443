#include "services/query/days.h"

#include <absl/time/civil_time.h>

#include <algorithm>
#include <charconv>

#include "platform/base/reason.h"

namespace kefu::query {
namespace {

using query::v1::Granularity;

const absl::CivilDay kEpoch(1970, 1, 1);

int32_t Number(absl::CivilDay day) { return static_cast<int32_t>(day - kEpoch); }

absl::CivilDay QuarterOf(absl::CivilDay day) { return absl::CivilDay(day.year(), (day.month() - 1) / 3 * 3 + 1, 1); }

// Digits only: no sign, no space.
bool TakeDigits(std::string_view digits, int* number) {
  return std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; }) &&
         std::from_chars(digits.data(), digits.data() + digits.size(), *number).ec == std::errc();
}

}  // namespace

StatusOr<int32_t> ParseDay(std::string_view text, std::string_view field) {
  int year = 0, month = 0, day = 0;
  if (text.size() == 10 && text[4] == '-' && text[7] == '-' && TakeDigits(text.substr(0, 4), &year) &&
      TakeDigits(text.substr(5, 2), &month) && TakeDigits(text.substr(8, 2), &day)) {
    const absl::CivilDay made(year, month, day);
    // The 31st of a shorter month would become the 1st of the next.
    if (made.month() == month && made.day() == day) return Number(made);
  }
  return WithReason(InvalidArgument("{} \"{}\" is not a day such as \"2026-03-01\"", field, text.substr(0, 40)),
                    "DAY_INVALID", field);
}

std::string DayText(int32_t day) {
  const absl::CivilDay civil = kEpoch + day;
  return fmt::format("{:04}-{:02}-{:02}", civil.year(), civil.month(), civil.day());
}

int32_t PeriodStart(int32_t day, Granularity granularity) {
  const absl::CivilDay civil = kEpoch + day;
  switch (granularity) {
    case query::v1::GRANULARITY_WEEK:
      return Number(absl::PrevWeekday(civil + 1, absl::Weekday::monday));
    case query::v1::GRANULARITY_MONTH:
      return Number(absl::CivilDay(civil.year(), civil.month(), 1));
    case query::v1::GRANULARITY_QUARTER:
      return Number(QuarterOf(civil));
    case query::v1::GRANULARITY_YEAR:
      return Number(absl::CivilDay(civil.year(), 1, 1));
    default:
      return day;
  }
}

int32_t PeriodEnd(int32_t day, Granularity granularity) {
  const absl::CivilDay start = kEpoch + PeriodStart(day, granularity);
  switch (granularity) {
    case query::v1::GRANULARITY_WEEK:
      return Number(start + 7);
    case query::v1::GRANULARITY_MONTH:
      return Number(absl::CivilDay(start.year(), start.month() + 1, 1));
    case query::v1::GRANULARITY_QUARTER:
      return Number(absl::CivilDay(start.year(), start.month() + 3, 1));
    case query::v1::GRANULARITY_YEAR:
      return Number(absl::CivilDay(start.year() + 1, 1, 1));
    default:
      return Number(start + 1);
  }
}

}  // namespace kefu::query
