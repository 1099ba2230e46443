#include "platform/calendar/calendar.h"

#include <gtest/gtest.h>

#include <functional>

#include "platform/calendar/calendar_testing.h"

namespace kefu::calendar {
namespace {

using events::v1::CalendarPublished;

TEST(Calendar, HolidaysAreClosedAndMakeUpDaysOpen) {
  const CalendarPublished published = Shanghai();
  const Calendar calendar(published);
  EXPECT_TRUE(calendar.IsOpen(absl::CivilDay(2026, 2, 13)));
  EXPECT_FALSE(calendar.IsOpen(absl::CivilDay(2026, 2, 14))) << "Saturday";
  EXPECT_FALSE(calendar.IsOpen(absl::CivilDay(2026, 2, 16)));
  EXPECT_EQ(calendar.NameOf(absl::CivilDay(2026, 2, 16)), "Spring Festival");
  EXPECT_TRUE(calendar.IsOpen(absl::CivilDay(2026, 2, 28))) << "Saturday that is worked";
  EXPECT_EQ(calendar.SpansOf(absl::CivilDay(2026, 2, 28)).size(), 1);
  EXPECT_EQ(calendar.SpansOf(absl::CivilDay(2026, 2, 27)).size(), 2);
}

TEST(Calendar, ADayClosesWithItsLastSpanAndAClosedOneAtMidnight) {
  const CalendarPublished published = Shanghai();
  const Calendar calendar(published);
  EXPECT_EQ(calendar.CloseOf(absl::CivilDay(2026, 2, 13)), Utc("2026-02-13T09:00:00Z"));
  EXPECT_EQ(calendar.CloseOf(absl::CivilDay(2026, 2, 14)), Utc("2026-02-14T16:00:00Z"));
}

TEST(Calendar, CoversTheFirstAndTheLastDay) {
  const CalendarPublished published = Shanghai();
  const Calendar calendar(published);
  EXPECT_FALSE(calendar.Covers(absl::CivilDay(2025, 12, 31)));
  EXPECT_TRUE(calendar.Covers(absl::CivilDay(2026, 1, 1)));
  EXPECT_TRUE(calendar.Covers(absl::CivilDay(2026, 12, 31)));
  EXPECT_FALSE(calendar.Covers(absl::CivilDay(2027, 1, 1)));
}

TEST(Calendar, TheClockOnTheWallJumpsAndGoesBack) {
  const CalendarPublished published = London();
  const Calendar calendar(published);
  EXPECT_EQ(calendar.OffsetAt(Utc("2026-03-29T00:59:59Z")), 0);
  EXPECT_EQ(calendar.OffsetAt(Utc("2026-03-29T01:00:00Z")), 3600);
  EXPECT_EQ(calendar.LocalOf(Utc("2026-03-29T01:00:00Z")), absl::CivilSecond(2026, 3, 29, 2, 0, 0));
  EXPECT_EQ(calendar.UtcOf(absl::CivilSecond(2026, 3, 29, 0, 59, 59)), Utc("2026-03-29T00:59:59Z"));
  // 1:00 to 1:59 is never there: the moment of the shift.
  EXPECT_EQ(calendar.UtcOf(absl::CivilSecond(2026, 3, 29, 1, 0, 0)), Utc("2026-03-29T01:00:00Z"));
  EXPECT_EQ(calendar.UtcOf(absl::CivilSecond(2026, 3, 29, 1, 30, 0)), Utc("2026-03-29T01:00:00Z"));
  EXPECT_EQ(calendar.UtcOf(absl::CivilSecond(2026, 3, 29, 2, 0, 0)), Utc("2026-03-29T01:00:00Z"));
  EXPECT_EQ(calendar.UtcOf(absl::CivilSecond(2026, 3, 29, 2, 0, 1)), Utc("2026-03-29T01:00:01Z"));
  // 1:00 to 1:59 is there twice: the first.
  EXPECT_EQ(calendar.UtcOf(absl::CivilSecond(2026, 10, 25, 1, 0, 0)), Utc("2026-10-25T00:00:00Z"));
  EXPECT_EQ(calendar.UtcOf(absl::CivilSecond(2026, 10, 25, 1, 59, 59)), Utc("2026-10-25T00:59:59Z"));
  EXPECT_EQ(calendar.UtcOf(absl::CivilSecond(2026, 10, 25, 2, 0, 0)), Utc("2026-10-25T02:00:00Z"));
}

TEST(Calendar, TimesBecomeWholeMicroseconds) {
  EXPECT_EQ(WholeMicroseconds(Utc("2026-01-01T00:00:00Z") + absl::Nanoseconds(1'999)),
            Utc("2026-01-01T00:00:00Z") + absl::Microseconds(1));
  EXPECT_EQ(WholeMicroseconds(absl::UnixEpoch() - absl::Nanoseconds(1)), absl::UnixEpoch() - absl::Microseconds(1));
}

struct Wrong {
  const char* what;
  CalendarFault fault;
  std::function<void(CalendarPublished&)> change;
};

TEST(CheckCalendar, NamesTheFirstFault) {
  EXPECT_EQ(CheckCalendar(Shanghai()), CalendarFault::kNone);
  EXPECT_EQ(CheckCalendar(London()), CalendarFault::kNone);
  const auto monday = [](CalendarPublished& calendar) { return calendar.mutable_week(0)->mutable_spans(); };
  const Wrong all[] = {
      {"spans overlap", CalendarFault::kSpansOverlap, [&](auto& c) { AddSpan(1000, 1100, monday(c)); }},
      {"spans touch", CalendarFault::kSpansOverlap, [&](auto& c) { AddSpan(1020, 1100, monday(c)); }},
      {"spans not sorted", CalendarFault::kSpansOverlap, [&](auto& c) { AddSpan(0, 60, monday(c)); }},
      {"an exception's overlap", CalendarFault::kSpansOverlap,
       [](auto& c) { AddSpan(600, 700, c.mutable_exceptions(5)->mutable_spans()); }},
      {"empty span", CalendarFault::kSpanInvalid, [&](auto& c) { AddSpan(1100, 1100, monday(c)); }},
      {"span beyond the day", CalendarFault::kSpanInvalid, [&](auto& c) { AddSpan(1100, 1441, monday(c)); }},
      {"span before the day", CalendarFault::kSpanInvalid,
       [&](auto& c) { monday(c)->Mutable(0)->set_from_minute(-1); }},
      {"hours of no weekday", CalendarFault::kSpanInvalid,
       [](auto& c) { c.mutable_week(0)->set_weekday(events::v1::WEEKDAY_UNSPECIFIED); }},
      {"hours of an eighth weekday", CalendarFault::kSpanInvalid,
       [](auto& c) { c.mutable_week(0)->set_weekday(static_cast<events::v1::Weekday>(8)); }},
      {"weekday twice", CalendarFault::kWeekdayTwice,
       [](auto& c) { c.mutable_week(0)->set_weekday(events::v1::WEEKDAY_TUESDAY); }},
      {"day twice", CalendarFault::kDaysNotSorted, [](auto& c) { AddException(c, 2026, 2, 28, ""); }},
      {"days not sorted", CalendarFault::kDaysNotSorted, [](auto& c) { AddException(c, 2026, 2, 1, ""); }},
      {"no such day", CalendarFault::kDaysNotSorted, [](auto& c) { AddException(c, 2026, 2, 30, ""); }},
      {"no such year", CalendarFault::kDaysNotSorted, [](auto& c) { AddException(c, 10000, 2, 1, ""); }},
      {"closed all week", CalendarFault::kNeverOpen,
       [](auto& c) {
         for (auto& hours : *c.mutable_week()) hours.clear_spans();
       }},
      {"no week", CalendarFault::kNeverOpen, [](auto& c) { c.clear_week(); }},
      {"offset too large", CalendarFault::kZoneInvalid,
       [](auto& c) { c.mutable_zone()->set_offset_seconds(18 * 3600 + 1); }},
      {"shift too large", CalendarFault::kZoneInvalid,
       [](auto& c) { AddShift(c, "2026-03-01T00:00:00Z", -18 * 3600 - 1); }},
      {"shifts not rising", CalendarFault::kZoneInvalid,
       [](auto& c) {
         AddShift(c, "2026-03-02T00:00:00Z", 0);
         AddShift(c, "2026-03-01T00:00:00Z", 3600);
       }},
      {"shifts too close", CalendarFault::kZoneInvalid,
       [](auto& c) {
         AddShift(c, "2026-03-01T00:00:00Z", 0);
         AddShift(c, "2026-03-02T23:59:59Z", 3600);
       }},
      {"covers nothing", CalendarFault::kCoverageInvalid, [](auto& c) { c.clear_covers_from(); }},
      {"covers backwards", CalendarFault::kCoverageInvalid,
       [](auto& c) { *c.mutable_covers_until() = Date(2025, 12, 31); }},
      {"covers too much", CalendarFault::kCoverageInvalid,
       [](auto& c) { *c.mutable_covers_until() = Date(2066, 1, 2); }},
  };
  for (const Wrong& wrong : all) {
    CalendarPublished calendar = Shanghai();
    wrong.change(calendar);
    EXPECT_EQ(CheckCalendar(calendar), wrong.fault) << wrong.what;
  }
  CalendarPublished longest = Shanghai();
  *longest.mutable_covers_until() = Date(2066, 1, 1);
  EXPECT_EQ(CheckCalendar(longest), CalendarFault::kNone);
}

}  // namespace
}  // namespace kefu::calendar
