#include "services/cli/demo/office.h"

namespace kefu::cli {

namespace {

const absl::TimeZone kZone = absl::FixedTimeZone(8 * 3600);

}  // namespace

absl::Time AtBranch(absl::CivilDay day, int64_t minute_of_day) {
  return absl::FromCivil(day, kZone) + absl::Minutes(minute_of_day);
}

absl::CivilDay BranchDay(absl::Time at) { return absl::ToCivilDay(at, kZone); }

int64_t BranchMinute(absl::Time at) {
  const absl::CivilMinute minute = absl::ToCivilMinute(at, kZone);
  return minute.hour() * 60 + minute.minute();
}

Workdays::Workdays(const events::v1::CalendarPublished& calendar) {
  for (const auto& hours : calendar.week())
    if (hours.weekday() > 0 && hours.spans_size() > 0) week_[static_cast<size_t>(hours.weekday() - 1)] = true;
  for (const auto& exception : calendar.exceptions()) {
    const auto& day = exception.day();
    exceptions_[absl::CivilDay(day.year(), day.month(), day.day())] = exception.spans_size() > 0;
  }
}

bool Workdays::IsOpen(absl::CivilDay day) const {
  const auto found = exceptions_.find(day);
  return found != exceptions_.end() ? found->second : week_[static_cast<size_t>(absl::GetWeekday(day))];
}

bool Workdays::IsTradingDay(absl::CivilDay day) const {
  return IsOpen(day) && absl::GetWeekday(day) < absl::Weekday::saturday;
}

absl::CivilDay Workdays::Add(absl::CivilDay day, int64_t count) const {
  while (count > 0)
    if (IsOpen(++day)) --count;
  return day;
}

}  // namespace kefu::cli
