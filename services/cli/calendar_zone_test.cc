#include "services/cli/calendar_zone.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/base/time.h"

namespace kefu::cli {
namespace {

events::v1::CalendarPublished CalendarIn(const std::string& zone, int from_year, int until_year) {
  events::v1::CalendarPublished calendar;
  calendar.mutable_zone()->set_name(zone);
  calendar.mutable_covers_from()->set_year(from_year);
  calendar.mutable_covers_until()->set_year(until_year);
  return calendar;
}

std::vector<std::string> ShiftsOf(const events::v1::CalendarPublished& calendar) {
  std::vector<std::string> shifts;
  for (const auto& shift : calendar.zone().shifts())
    shifts.push_back(FormatRfc3339(FromProto(shift.at())) + " " + std::to_string(shift.offset_seconds()));
  return shifts;
}

// Source: the EU's and the USA's rules for summer time, as the tz database has them.
TEST(CalendarZone, ANamedZoneBecomesItsOffsetsOverTheCoveredYears) {
  auto london = CalendarIn("Europe/London", 2025, 2026);
  ASSERT_TRUE(ExpandZone(&london).ok());
  EXPECT_EQ(london.zone().offset_seconds(), 0);
  EXPECT_THAT(ShiftsOf(london), testing::ElementsAre("2025-03-30T01:00:00Z 3600", "2025-10-26T01:00:00Z 0",
                                                     "2026-03-29T01:00:00Z 3600", "2026-10-25T01:00:00Z 0"));
  auto new_york = CalendarIn("America/New_York", 2026, 2026);
  ASSERT_TRUE(ExpandZone(&new_york).ok());
  EXPECT_EQ(new_york.zone().offset_seconds(), -5 * 3600);
  EXPECT_THAT(ShiftsOf(new_york), testing::ElementsAre("2026-03-08T07:00:00Z -14400", "2026-11-01T06:00:00Z -18000"));
}

TEST(CalendarZone, AZoneWithoutShiftsHasItsOffsetOnly) {
  auto shanghai = CalendarIn("Asia/Shanghai", 2025, 2030);
  ASSERT_TRUE(ExpandZone(&shanghai).ok());
  EXPECT_EQ(shanghai.zone().offset_seconds(), 8 * 3600);
  EXPECT_THAT(ShiftsOf(shanghai), testing::IsEmpty());
}

TEST(CalendarZone, EveryShiftIsFoundThatAWalkByTheHourFinds) {
  for (const char* name : {"Europe/London", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"}) {
    SCOPED_TRACE(name);
    auto calendar = CalendarIn(name, 2019, 2026);
    ASSERT_TRUE(ExpandZone(&calendar).ok());
    absl::TimeZone zone;
    ASSERT_TRUE(absl::LoadTimeZone(name, &zone));
    int next = 0;
    int offset = calendar.zone().offset_seconds();
    const absl::Time end = zone.At(absl::CivilSecond(2027, 1, 1)).pre;
    for (absl::Time t = zone.At(absl::CivilSecond(2019, 1, 1)).pre; t < end; t += absl::Hours(1)) {
      while (next < calendar.zone().shifts_size() && FromProto(calendar.zone().shifts(next).at()) <= t)
        offset = calendar.zone().shifts(next++).offset_seconds();
      ASSERT_EQ(offset, zone.At(t).offset) << FormatRfc3339(t);
    }
    EXPECT_EQ(next, calendar.zone().shifts_size());
    EXPECT_GT(next, 8);
  }
}

TEST(CalendarZone, OffsetsThatAreGivenStayAndUnknownZonesAreRefused) {
  auto given = CalendarIn("Mars/Base", 2026, 2026);
  given.mutable_zone()->set_offset_seconds(1234);
  ASSERT_TRUE(ExpandZone(&given).ok());
  EXPECT_EQ(given.zone().offset_seconds(), 1234);
  auto unknown = CalendarIn("Mars/Base", 2026, 2026);
  EXPECT_THAT(std::string(MessageOf(ExpandZone(&unknown))), testing::HasSubstr("Mars/Base"));
  auto without_days = CalendarIn("Asia/Shanghai", 2026, 2026);
  without_days.clear_covers_until();
  EXPECT_THAT(std::string(MessageOf(ExpandZone(&without_days))), testing::HasSubstr("covers_until"));
}

}  // namespace
}  // namespace kefu::cli
