#include "services/cli/words.h"

#include <absl/time/civil_time.h>
#include <fmt/format.h>

namespace kefu::cli {

Status SetDay(std::string_view flag, const std::string& text, events::v1::CalendarDate* date) {
  if (text.empty()) return OkStatus();
  absl::CivilDay day;
  const bool read = text.size() == 10 && absl::ParseCivilTime(text, &day);
  // The 31st of a shorter month is none.
  if (!read || fmt::format("{:04}-{:02}-{:02}", day.year(), day.month(), day.day()) != text)
    return InvalidArgument("{} \"{}\": say a day such as 2026-03-01", flag, text.substr(0, 80));
  date->set_year(static_cast<int32_t>(day.year()));
  date->set_month(day.month());
  date->set_day(day.day());
  return OkStatus();
}

std::string DayText(const events::v1::CalendarDate& date) {
  return date.year() == 0 ? "" : fmt::format("{:04}-{:02}-{:02}", date.year(), date.month(), date.day());
}

}  // namespace kefu::cli
