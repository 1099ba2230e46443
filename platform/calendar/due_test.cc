#include "platform/calendar/due.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/calendar/calendar_testing.h"

namespace kefu::calendar {
namespace {

using events::v1::CalendarPublished;
using events::v1::DueTime;
using testing::ElementsAre;
using testing::HasSubstr;

DueTime Rule(events::v1::DueUnit unit, int amount, events::v1::DueEnd ends = events::v1::DUE_END_UNSPECIFIED) {
  DueTime rule;
  rule.set_unit(unit);
  rule.set_amount(amount);
  rule.set_ends(ends);
  return rule;
}
DueTime BusinessDays(int amount, events::v1::DueEnd ends = events::v1::DUE_END_CLOSE) {
  return Rule(events::v1::DUE_UNIT_BUSINESS_DAYS, amount, ends);
}
DueTime CalendarDays(int amount, events::v1::DueEnd ends = events::v1::DUE_END_MIDNIGHT) {
  return Rule(events::v1::DUE_UNIT_CALENDAR_DAYS, amount, ends);
}
DueTime Minutes(int amount) { return Rule(events::v1::DUE_UNIT_MINUTES, amount); }
DueTime OpenMinutes(int amount) { return Rule(events::v1::DUE_UNIT_OPEN_MINUTES, amount); }

class DueTest : public testing::Test {
 protected:
  // Local time at UTC+8: "2026-02-13 17:00".
  static absl::Time At(std::string_view local) {
    return Utc(fmt::format("{}T{}:00+08:00", local.substr(0, 10), local.substr(11)));
  }
  static std::string Local(absl::Time time) {
    if (time == absl::InfiniteFuture()) return "never";
    const auto local = absl::ToCivilSecond(time + absl::Hours(8), absl::UTCTimeZone());
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}", local.year(), local.month(), local.day(), local.hour(),
                       local.minute());
  }
  std::string DueAt(const DueTime& rule, std::string_view start, std::vector<Pause> pauses = {},
                    std::vector<int32_t> limits = {0}) {
    EXPECT_TRUE(IsDueTime(rule)) << rule.ShortDebugString();
    last_ = DueOf(rule, Calendar(shanghai_), At(start), pauses, limits);
    return Local(last_.due_at);
  }
  static Pause Wait(std::string_view from, std::string_view until = {}, int rule = 0) {
    return {At(from), until.empty() ? absl::InfiniteFuture() : At(until), rule};
  }

  CalendarPublished shanghai_ = Shanghai();
  Due last_;
};

TEST_F(DueTest, DaysAreCountedFromTheDayAfterTheStart) {
  EXPECT_EQ(DueAt(CalendarDays(1), "2026-03-02 23:59"), "2026-03-04 00:00");
  EXPECT_EQ(DueAt(CalendarDays(0), "2026-03-02 00:00"), "2026-03-03 00:00");
  EXPECT_EQ(DueAt(CalendarDays(30), "2026-03-02 10:00"), "2026-04-02 00:00");
  EXPECT_EQ(DueAt(Rule(events::v1::DUE_UNIT_WEEKS, 8, events::v1::DUE_END_MIDNIGHT), "2026-03-02 10:00"),
            "2026-04-28 00:00");
}

TEST_F(DueTest, BusinessDaysPassOverHolidaysAndCountMakeUpDays) {
  EXPECT_EQ(DueAt(BusinessDays(1), "2026-02-13 10:00"), "2026-02-23 17:00");
  // Monday 23 to Friday 27, then the Saturday that is worked.
  EXPECT_EQ(DueAt(BusinessDays(6), "2026-02-13 10:00"), "2026-02-28 17:00");
  EXPECT_EQ(DueAt(BusinessDays(7), "2026-02-13 10:00"), "2026-03-02 17:00");
}

TEST_F(DueTest, TheEndIsMidnightCloseOrTheTimeOfTheStart) {
  EXPECT_EQ(DueAt(BusinessDays(2, events::v1::DUE_END_MIDNIGHT), "2026-03-02 10:17"), "2026-03-05 00:00");
  EXPECT_EQ(DueAt(BusinessDays(2, events::v1::DUE_END_CLOSE), "2026-03-02 10:17"), "2026-03-04 17:00");
  EXPECT_EQ(DueAt(BusinessDays(2, events::v1::DUE_END_SAME_TIME), "2026-03-02 10:17"), "2026-03-04 10:17");
  EXPECT_EQ(DueAt(CalendarDays(1, events::v1::DUE_END_CLOSE), "2026-03-06 10:00"), "2026-03-08 00:00")
      << "a closed day closes at midnight";
}

TEST_F(DueTest, WhatComesAfterTheCloseCountsAsReceivedOnTheNextOpenDay) {
  DueTime rule = BusinessDays(1, events::v1::DUE_END_SAME_TIME);
  rule.set_late_receipt_counts_next_day(true);
  EXPECT_EQ(DueAt(rule, "2026-03-02 16:59"), "2026-03-03 16:59");
  EXPECT_EQ(DueAt(rule, "2026-03-02 17:00"), "2026-03-04 09:00");
  EXPECT_EQ(DueAt(rule, "2026-03-02 06:00"), "2026-03-03 06:00") << "before the opening is not late";
  EXPECT_EQ(DueAt(rule, "2026-02-14 10:00"), "2026-02-24 09:00") << "received on a Saturday, then a holiday";
}

TEST_F(DueTest, ALastDayThatIsClosedRollsToTheNextOpenOne) {
  DueTime rule = CalendarDays(4);
  EXPECT_EQ(DueAt(rule, "2026-03-03 10:00"), "2026-03-08 00:00");
  rule.set_rolls_to_open_day(true);
  EXPECT_EQ(DueAt(rule, "2026-03-03 10:00"), "2026-03-10 00:00");
  EXPECT_EQ(DueAt(rule, "2026-02-10 10:00"), "2026-02-24 00:00") << "from a Saturday over the holidays";
  EXPECT_EQ(DueAt(rule, "2026-02-24 10:00"), "2026-03-01 00:00") << "the Saturday that is worked is open";
}

TEST_F(DueTest, DaysAfterAPeriodBeginWithItsLastDay) {
  DueTime rule = Rule(events::v1::DUE_UNIT_DAYS_AFTER_PERIOD, 15, events::v1::DUE_END_MIDNIGHT);
  rule.set_period(events::v1::DUE_PERIOD_QUARTER);
  rule.set_rolls_to_open_day(true);
  EXPECT_EQ(DueAt(rule, "2026-01-01 00:00"), "2026-04-16 00:00");
  EXPECT_EQ(DueAt(rule, "2026-03-31 23:59"), "2026-04-16 00:00");
  EXPECT_EQ(DueAt(rule, "2026-10-05 10:00"), "2027-01-16 00:00");
  EXPECT_TRUE(last_.beyond_calendar);
  rule.set_period(events::v1::DUE_PERIOD_MONTH);
  EXPECT_EQ(DueAt(rule, "2026-01-31 10:00"), "2026-02-24 00:00") << "February 15 is a Sunday before the holidays";
  rule.set_period(events::v1::DUE_PERIOD_HALF_YEAR);
  EXPECT_EQ(DueAt(rule, "2026-02-02 10:00"), "2026-07-16 00:00");
  rule.set_period(events::v1::DUE_PERIOD_YEAR);
  EXPECT_EQ(DueAt(rule, "2026-02-02 10:00"), "2027-01-16 00:00");
}

TEST_F(DueTest, MinutesPassByNightAndOpenMinutesByDayOnly) {
  EXPECT_EQ(DueAt(Minutes(90), "2026-03-02 23:00"), "2026-03-03 00:30");
  EXPECT_EQ(DueAt(OpenMinutes(60), "2026-03-02 11:00"), "2026-03-02 13:30") << "lunch between";
  EXPECT_EQ(DueAt(OpenMinutes(30), "2026-03-02 11:00"), "2026-03-02 11:30") << "ends with the span, not after lunch";
  EXPECT_EQ(DueAt(OpenMinutes(60), "2026-03-02 16:30"), "2026-03-03 09:30");
  EXPECT_EQ(DueAt(OpenMinutes(60), "2026-02-13 16:30"), "2026-02-23 09:30");
  EXPECT_EQ(DueAt(OpenMinutes(390), "2026-02-27 17:00"), "2026-02-28 15:30") << "the make-up day has no lunch";
}

TEST_F(DueTest, MinutesAreExactToTheMicrosecond) {
  const absl::Time start = At("2026-03-02 11:29") + absl::Microseconds(59'999'999);
  EXPECT_EQ(DueOf(OpenMinutes(1), Calendar(shanghai_), start).due_at, At("2026-03-02 13:01") - absl::Microseconds(1));
  EXPECT_EQ(DueOf(OpenMinutes(1), Calendar(shanghai_), start + absl::Nanoseconds(999)).due_at,
            At("2026-03-02 13:01") - absl::Microseconds(1))
      << "what is below is cut off";
  EXPECT_EQ(DueOf(CalendarDays(1, events::v1::DUE_END_SAME_TIME), Calendar(shanghai_), start).due_at,
            start + absl::Hours(24));
}

TEST_F(DueTest, WhileItWaitsMinutesDoNotPass) {
  EXPECT_EQ(DueAt(Minutes(60), "2026-03-02 10:00", {Wait("2026-03-02 10:30", "2026-03-02 12:00")}), "2026-03-02 12:30");
  EXPECT_EQ(DueAt(Minutes(60), "2026-03-02 10:00", {Wait("2026-03-02 09:00", "2026-03-02 10:10")}), "2026-03-02 11:10")
      << "clipped to the start";
  EXPECT_EQ(DueAt(Minutes(60), "2026-03-02 10:00", {Wait("2026-03-02 11:00")}), "2026-03-02 11:00")
      << "due before the wait begins to matter";
  EXPECT_EQ(DueAt(Minutes(60), "2026-03-02 10:00", {Wait("2026-03-02 10:59")}), "never");
}

TEST_F(DueTest, AWaitWithALimitEndsByItself) {
  EXPECT_EQ(DueAt(Minutes(60), "2026-03-02 10:00", {Wait("2026-03-02 10:30")}, {120}), "2026-03-02 13:00");
  EXPECT_EQ(Local(last_.limit_at), "2026-03-02 12:30");
  // The limit is of all waits together.
  EXPECT_EQ(DueAt(Minutes(60), "2026-03-02 10:00",
                  {Wait("2026-03-02 10:10", "2026-03-02 11:40"), Wait("2026-03-02 11:50")}, {120}),
            "2026-03-02 13:00");
  EXPECT_EQ(Local(last_.limit_at), "2026-03-02 12:20");
  // Used up before it begins.
  EXPECT_EQ(DueAt(Minutes(60), "2026-03-02 10:00",
                  {Wait("2026-03-02 10:10", "2026-03-02 13:10"), Wait("2026-03-02 12:30")}, {120}),
            "2026-03-02 13:00");
  EXPECT_EQ(Local(last_.limit_at), "2026-03-02 12:30");
  // In open minutes the limit counts open minutes.
  EXPECT_EQ(DueAt(OpenMinutes(60), "2026-03-02 11:00", {Wait("2026-03-02 11:10")}, {30}), "2026-03-02 14:00");
  EXPECT_EQ(Local(last_.limit_at), "2026-03-02 13:10");
}

TEST_F(DueTest, ADayAtWhoseMidnightItWaitsIsPassedOver) {
  EXPECT_EQ(DueAt(CalendarDays(3), "2026-03-02 10:00", {Wait("2026-03-02 11:00", "2026-03-02 23:59")}),
            "2026-03-06 00:00")
      << "no midnight in it";
  EXPECT_EQ(DueAt(CalendarDays(3), "2026-03-02 10:00", {Wait("2026-03-02 23:59", "2026-03-03 00:01")}),
            "2026-03-07 00:00");
  EXPECT_EQ(DueAt(CalendarDays(3), "2026-03-02 10:00", {Wait("2026-03-02 11:00", "2026-03-03 00:00")}),
            "2026-03-06 00:00")
      << "it runs again from the very midnight";
  EXPECT_EQ(DueAt(CalendarDays(3), "2026-03-02 10:00", {Wait("2026-03-03 12:00")}), "never");
  EXPECT_EQ(DueAt(CalendarDays(3), "2026-03-02 10:00", {Wait("2026-03-03 12:00")}, {2}), "2026-03-08 00:00");
  EXPECT_EQ(Local(last_.limit_at), "2026-03-06 00:00");
}

TEST_F(DueTest, OnlyDaysThatWouldHaveCountedUseUpALimit) {
  // Friday and Monday stand still; the days between are closed and use up nothing.
  EXPECT_EQ(DueAt(BusinessDays(1), "2026-03-05 10:00", {Wait("2026-03-05 12:00")}, {2}), "2026-03-10 17:00");
  EXPECT_EQ(Local(last_.limit_at), "2026-03-10 00:00");
}

TEST_F(DueTest, RulesOfPauseHaveTheirOwnLimits) {
  const std::vector<Pause> waits = {Wait("2026-03-02 10:10", "2026-03-02 11:10", 0),
                                    Wait("2026-03-02 11:10", "2026-03-02 12:10", 1)};
  EXPECT_EQ(DueAt(Minutes(60), "2026-03-02 10:00", waits, {30, 0}), "2026-03-02 12:30");
  EXPECT_EQ(DueAt(Minutes(60), "2026-03-02 10:00", waits, {30, 10}), "2026-03-02 11:40");
}

TEST_F(DueTest, ADateFromOutsideBindsWhereTheRuleSaysSo) {
  DueTime rule = BusinessDays(3);
  const absl::Time external = At("2026-03-20 12:00");
  EXPECT_NE(DueOf(rule, Calendar(shanghai_), At("2026-03-02 10:00"), {}, {}, external).due_at, external);
  rule.set_external_date_binds(true);
  const std::vector<Pause> waits = {Wait("2026-03-02 11:00")};
  EXPECT_EQ(DueOf(rule, Calendar(shanghai_), At("2026-03-02 10:00"), waits, {}, external).due_at, external);
  EXPECT_EQ(Local(DueOf(rule, Calendar(shanghai_), At("2026-03-02 10:00")).due_at), "2026-03-05 17:00");
}

TEST_F(DueTest, BeyondTheCalendarItSaysSo) {
  DueAt(CalendarDays(10), "2026-12-20 10:00");
  EXPECT_FALSE(last_.beyond_calendar);
  DueAt(CalendarDays(12), "2026-12-20 10:00");
  EXPECT_TRUE(last_.beyond_calendar);
  DueAt(Minutes(1), "2025-12-31 23:58");
  EXPECT_TRUE(last_.beyond_calendar);
  // Of what would take more than a hundred years it says so too.
  EXPECT_EQ(DueAt(OpenMinutes(5'270'400), "2026-03-02 10:00", {}, {}).substr(0, 2), "20");
  EXPECT_EQ(DueAt(CalendarDays(1), "2026-03-02 10:00", {Wait("2026-03-02 10:00", "9999-01-01 00:00")}).substr(0, 4),
            "2126");
  EXPECT_TRUE(last_.beyond_calendar);
}

TEST_F(DueTest, SummerTimeMakesADayShorterNotAClock) {
  const CalendarPublished london = London();
  const Calendar calendar(london);
  EXPECT_EQ(DueOf(CalendarDays(1), calendar, Utc("2026-03-28T10:00:00Z")).due_at, Utc("2026-03-29T23:00:00Z"));
  EXPECT_EQ(DueOf(CalendarDays(1, events::v1::DUE_END_SAME_TIME), calendar, Utc("2026-03-28T01:30:00Z")).due_at,
            Utc("2026-03-29T01:00:00Z"))
      << "half past one is never there";
  EXPECT_EQ(DueOf(CalendarDays(1, events::v1::DUE_END_SAME_TIME), calendar, Utc("2026-10-24T00:30:00Z")).due_at,
            Utc("2026-10-25T00:30:00Z"))
      << "half past one is there twice";
  EXPECT_EQ(DueOf(Minutes(24 * 60), calendar, Utc("2026-03-28T12:00:00Z")).due_at, Utc("2026-03-29T12:00:00Z"));
}

TEST_F(DueTest, SaysHowItWasFound) {
  std::vector<std::string> steps;
  DueOf(BusinessDays(1), Calendar(shanghai_), At("2026-02-19 10:00"), {}, {}, std::nullopt, &steps);
  EXPECT_THAT(steps, ElementsAre("2026-02-19 10:00:00 it starts", "2026-02-20 closed: Spring Festival",
                                 "2026-02-21 closed", "2026-02-22 closed", "2026-02-23 counts, 1 of 1",
                                 "2026-02-23 the last day", "2026-02-23 17:00:00 due"));
  steps.clear();
  const std::vector<Pause> waits = {Wait("2026-03-02 10:30", "2026-03-02 12:00")};
  DueOf(Minutes(60), Calendar(shanghai_), At("2026-03-02 10:00"), waits, {0}, std::nullopt, &steps);
  EXPECT_THAT(
      steps, ElementsAre("2026-03-02 10:00:00 it starts", "2026-03-02 10:00:00 to 2026-03-02 10:30:00 runs: 0 h 30 min",
                         "2026-03-02 10:30:00 to 2026-03-02 12:00:00 stands still",
                         "2026-03-02 12:00:00 to 2026-03-02 12:30:00 runs: 0 h 30 min", "2026-03-02 12:30:00 due"));
  steps.clear();
  DueOf(CalendarDays(3'660), Calendar(shanghai_), At("2026-03-02 10:00"), {}, {}, std::nullopt, &steps);
  EXPECT_EQ(steps.size(), kMostSteps);
}

TEST(IsDueTime, WhatDoesNotFitIsNone) {
  using namespace events::v1;
  const auto with = [](DueTime rule, auto change) {
    change(rule);
    return rule;
  };
  EXPECT_FALSE(IsDueTime(DueTime()));
  EXPECT_FALSE(IsDueTime(Minutes(0)));
  EXPECT_TRUE(IsDueTime(Minutes(5'270'400)));
  EXPECT_FALSE(IsDueTime(Minutes(5'270'401)));
  EXPECT_FALSE(IsDueTime(Rule(DUE_UNIT_OPEN_MINUTES, 5, DUE_END_CLOSE)));
  EXPECT_FALSE(IsDueTime(with(Minutes(5), [](DueTime& rule) { rule.set_rolls_to_open_day(true); })));
  EXPECT_FALSE(IsDueTime(with(Minutes(5), [](DueTime& rule) { rule.set_late_receipt_counts_next_day(true); })));
  EXPECT_FALSE(IsDueTime(with(Minutes(5), [](DueTime& rule) { rule.set_period(DUE_PERIOD_MONTH); })));
  EXPECT_FALSE(IsDueTime(BusinessDays(-1)));
  EXPECT_TRUE(IsDueTime(BusinessDays(0)));
  EXPECT_TRUE(IsDueTime(BusinessDays(3'660)));
  EXPECT_FALSE(IsDueTime(BusinessDays(3'661)));
  EXPECT_FALSE(IsDueTime(BusinessDays(0, DUE_END_SAME_TIME)));
  EXPECT_FALSE(IsDueTime(BusinessDays(1, DUE_END_UNSPECIFIED)));
  EXPECT_FALSE(IsDueTime(BusinessDays(1, static_cast<DueEnd>(4))));
  EXPECT_FALSE(IsDueTime(with(CalendarDays(1), [](DueTime& rule) { rule.set_late_receipt_counts_next_day(true); })));
  EXPECT_FALSE(IsDueTime(with(CalendarDays(1), [](DueTime& rule) { rule.set_period(DUE_PERIOD_MONTH); })));
  EXPECT_FALSE(IsDueTime(Rule(DUE_UNIT_DAYS_AFTER_PERIOD, 15, DUE_END_MIDNIGHT)));
  EXPECT_FALSE(IsDueTime(with(Rule(DUE_UNIT_DAYS_AFTER_PERIOD, 15, DUE_END_MIDNIGHT),
                              [](DueTime& rule) { rule.set_period(static_cast<DuePeriod>(5)); })));
  EXPECT_FALSE(IsDueTime(Rule(static_cast<DueUnit>(8), 1, DUE_END_MIDNIGHT)));
}

}  // namespace
}  // namespace kefu::calendar
