// The golden table of due times, by the calendars that are shipped.

#include <gtest/gtest.h>

#include <map>

#include "platform/calendar/due.h"
#include "projections/clock/clock_testing.h"

namespace kefu::clock {
namespace {

using events::v1::DueTime;

std::string Trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return std::string(text);
}

std::vector<std::string> Split(std::string_view text, std::string_view by) {
  std::vector<std::string> parts;
  for (size_t at = text.find(by); at != text.npos; at = text.find(by)) {
    parts.push_back(Trimmed(text.substr(0, at)));
    text.remove_prefix(at + by.size());
  }
  parts.push_back(Trimmed(text));
  return parts;
}

// "15 days_after_quarter midnight roll".
DueTime RuleOf(const std::string& text) {
  using namespace events::v1;
  static const std::map<std::string, DueUnit> kUnits = {{"minutes", DUE_UNIT_MINUTES},
                                                        {"open_minutes", DUE_UNIT_OPEN_MINUTES},
                                                        {"calendar_days", DUE_UNIT_CALENDAR_DAYS},
                                                        {"weeks", DUE_UNIT_WEEKS},
                                                        {"business_days", DUE_UNIT_BUSINESS_DAYS},
                                                        {"trading_days", DUE_UNIT_TRADING_DAYS}};
  static const std::map<std::string, DuePeriod> kPeriods = {{"days_after_month", DUE_PERIOD_MONTH},
                                                            {"days_after_quarter", DUE_PERIOD_QUARTER},
                                                            {"days_after_half_year", DUE_PERIOD_HALF_YEAR},
                                                            {"days_after_year", DUE_PERIOD_YEAR}};
  const auto words = Split(text, " ");
  DueTime rule;
  rule.set_amount(std::stoi(words.at(0)));
  if (const auto period = kPeriods.find(words.at(1)); period != kPeriods.end()) {
    rule.set_unit(DUE_UNIT_DAYS_AFTER_PERIOD);
    rule.set_period(period->second);
  } else {
    rule.set_unit(kUnits.at(words[1]));
  }
  for (size_t i = 2; i < words.size(); ++i) {
    if (words[i] == "midnight") rule.set_ends(DUE_END_MIDNIGHT);
    if (words[i] == "close") rule.set_ends(DUE_END_CLOSE);
    if (words[i] == "same_time") rule.set_ends(DUE_END_SAME_TIME);
    if (words[i] == "roll") rule.set_rolls_to_open_day(true);
    if (words[i] == "late") rule.set_late_receipt_counts_next_day(true);
  }
  return rule;
}

absl::Time LocalTime(const calendar::Calendar& calendar, const std::string& text) {
  int year, month, day, hour, minute;
  EXPECT_EQ(std::sscanf(text.c_str(), "%d-%d-%d %d:%d", &year, &month, &day, &hour, &minute), 5) << text;
  return calendar.UtcOf(absl::CivilSecond(year, month, day, hour, minute, 0));
}

TEST(DueTimes, AreThoseOfTheTable) {
  std::map<std::string, events::v1::CalendarPublished> calendars;
  for (const char* id : {"cn.business", "cn.sse.trading", "tw.business", "uk.business", "us.business"})
    calendars[id] = ReadPolicyFile<events::v1::CalendarPublished>(fmt::format("calendar.{}.json", id));
  std::ifstream table("projections/clock/testdata/due_times.txt");
  ASSERT_TRUE(table) << "run from the top of the checkout";
  int lines = 0;
  for (std::string line; std::getline(table, line);) {
    if (line.empty() || line[0] == '#') continue;
    SCOPED_TRACE(line);
    ++lines;
    const auto columns = Split(line, "|");
    ASSERT_EQ(columns.size(), 5u);
    const calendar::Calendar calendar(calendars.at(columns[1]));
    std::string waits = columns[3];
    std::vector<int32_t> limits = {0};
    if (const size_t at = waits.find("limit"); at != waits.npos) {
      limits[0] = std::stoi(waits.substr(at + 6));
      waits = Trimmed(std::string_view(waits).substr(0, at));
    }
    std::vector<calendar::Pause> pauses;
    for (const std::string& wait : Split(waits, ",")) {
      if (wait.empty()) continue;
      const auto ends = Split(wait, "..");
      pauses.push_back({LocalTime(calendar, ends.at(0)),
                        ends.at(1).empty() ? absl::InfiniteFuture() : LocalTime(calendar, ends[1]), 0});
    }
    const DueTime rule = RuleOf(columns[0]);
    ASSERT_TRUE(calendar::IsDueTime(rule));
    const auto due = calendar::DueOf(rule, calendar, LocalTime(calendar, columns[2]), pauses, limits);
    EXPECT_EQ(due.due_at == absl::InfiniteFuture() ? "never" : FormatRfc3339(due.due_at), columns[4]);
  }
  EXPECT_GE(lines, 400);
}

}  // namespace
}  // namespace kefu::clock
