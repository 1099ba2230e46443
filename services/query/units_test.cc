#include "services/query/units.h"

#include "services/query/query_testing.h"

namespace kefu::query {
namespace {

using events::v1::Event;
using testing::ElementsAre;

events::v1::UnitLevel LevelOf(std::string_view word) {
  return word == "company" ? events::v1::UNIT_LEVEL_COMPANY
         : word == "region" ? events::v1::UNIT_LEVEL_REGION
         : word == "branch" ? events::v1::UNIT_LEVEL_BRANCH
                            : events::v1::UNIT_LEVEL_TEAM;
}

testkit::Draft Unit(std::string_view id, std::string_view parent, std::string_view level,
                    std::string_view calendar = "") {
  return testkit::Draft().Client("").With([&](Event& event) {
    auto* unit = event.mutable_unit_published();
    unit->set_unit_id(std::string(id));
    unit->set_parent_unit_id(std::string(parent));
    unit->set_level(LevelOf(level));
    unit->set_name(std::string(id));
    unit->set_calendar_id(std::string(calendar));
  });
}

testkit::Draft Calendar(std::string_view id, int32_t version, int32_t offset_seconds) {
  return testkit::Draft().Client("").With([&](Event& event) {
    auto* calendar = event.mutable_calendar_published();
    calendar->set_calendar_id(std::string(id));
    calendar->set_version(version);
    calendar->set_kind(events::v1::CALENDAR_KIND_BUSINESS);
    calendar->mutable_zone()->set_offset_seconds(offset_seconds);
    auto* monday = calendar->add_week();
    monday->set_weekday(events::v1::WEEKDAY_MONDAY);
    monday->add_spans()->set_until_minute(1440);
    for (auto* day : {calendar->mutable_covers_from(), calendar->mutable_covers_until()}) {
      day->set_year(2026);
      day->set_month(1);
      day->set_day(1);
    }
  });
}

class UnitsTest : public testing::Test {
 protected:
  UnitsTest() {
    server_.Publish(Calendar("cn.business", 1, 8 * 3600));
    server_.Publish(Calendar("cn.business", 2, 9 * 3600));
    server_.Publish(Calendar("uk.business", 1, 0));
    server_.Publish(Unit("HQ", "", "company", "cn.business"));
    server_.Publish(Unit("R-N", "HQ", "region"));
    server_.Publish(Unit("R-S", "HQ", "region", "uk.business"));
    server_.Publish(Unit("B-1", "R-N", "branch"));
    server_.Publish(Unit("B-2", "R-S", "branch"));
    server_.Publish(Unit("T-1", "B-2", "team"));
    server_.Publish(Unit("LONE", "", "branch"));
    server_.CatchUp();
  }
  Units Read() {
    auto units = Units::Read(*server_.engine().At(kReferenceHome));
    EXPECT_TRUE(units.ok()) << ToString(units.status());
    return *units;
  }
  // The offset of the calendar in force, or -1.
  int32_t OffsetOf(std::string_view unit) {
    const auto calendar = CalendarInForce(*server_.engine().At(kReferenceHome), unit);
    EXPECT_TRUE(calendar.ok()) << ToString(calendar.status());
    return calendar->has_value() ? (*calendar)->zone().offset_seconds() : -1;
  }

  QueryServer server_;
};

TEST_F(UnitsTest, AUnitIsFoundWithAllBelowAndAbove) {
  const Units units = Read();
  EXPECT_EQ(units.all().size(), 7u);
  EXPECT_THAT(units.WithAllBelow("HQ"), ElementsAre("B-1", "B-2", "HQ", "R-N", "R-S", "T-1"));
  EXPECT_THAT(units.WithAllBelow("R-S"), ElementsAre("B-2", "R-S", "T-1"));
  EXPECT_THAT(units.WithAllBelow("T-1"), ElementsAre("T-1"));
  EXPECT_THAT(units.WithAllBelow("never published"), ElementsAre("never published"));
  EXPECT_EQ(units.AboveAt("T-1", events::v1::UNIT_LEVEL_REGION), "R-S");
  EXPECT_EQ(units.AboveAt("R-S", events::v1::UNIT_LEVEL_REGION), "R-S");
  EXPECT_EQ(units.AboveAt("LONE", events::v1::UNIT_LEVEL_REGION), "");
  EXPECT_EQ(units.AboveAt("never published", events::v1::UNIT_LEVEL_REGION), "");
}

TEST_F(UnitsTest, TheCalendarInForceIsTheNearestAboveInItsNewestVersion) {
  EXPECT_EQ(OffsetOf("B-1"), 9 * 3600) << "of the company";
  EXPECT_EQ(OffsetOf("T-1"), 0) << "of the region";
  EXPECT_EQ(OffsetOf("HQ"), 9 * 3600);
  EXPECT_EQ(OffsetOf("LONE"), -1);
  EXPECT_EQ(OffsetOf("never published"), -1);
  EXPECT_EQ(OffsetOf(""), -1);
  const Units units = Read();
  EXPECT_EQ(units.CalendarOf("T-1"), "uk.business");
  EXPECT_EQ(units.CalendarOf("B-1"), "cn.business");
  EXPECT_EQ(units.CalendarOf("LONE"), "");
}

TEST_F(UnitsTest, AUnitPublishedAgainIsWhatItWasPublishedAsLast) {
  server_.Publish(Unit("B-1", "R-S", "branch"));
  server_.CatchUp();
  EXPECT_THAT(Read().WithAllBelow("R-N"), ElementsAre("R-N"));
  EXPECT_THAT(Read().WithAllBelow("R-S"), ElementsAre("B-1", "B-2", "R-S", "T-1"));
  EXPECT_EQ(OffsetOf("B-1"), 0);
}

}  // namespace
}  // namespace kefu::query
