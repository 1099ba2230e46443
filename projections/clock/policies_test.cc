// What is shipped in deploy/policies is sound, and admission takes it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "platform/testkit/projection_driver.h"
#include "projections/clock/clock_testing.h"

namespace kefu::clock {
namespace {

using namespace testkit;
using events::v1::CalendarPublished;
using events::v1::PolicyPackPublished;

std::vector<std::string> Files(std::string_view prefix) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator("deploy/policies")) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix) && name.ends_with(".json")) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

TEST(Policies, EveryCalendarIsSound) {
  EXPECT_EQ(Files("calendar.").size(), 5u);
  for (const std::string& name : Files("calendar.")) {
    SCOPED_TRACE(name);
    const auto calendar = ReadPolicyFile<CalendarPublished>(name);
    EXPECT_EQ("calendar." + calendar.calendar_id() + ".json", name);
    EXPECT_EQ(calendar::NameOf(calendar::CheckCalendar(calendar)), "");
    EXPECT_FALSE(calendar.source().empty());
    EXPECT_NE(calendar.kind(), events::v1::CALENDAR_KIND_UNSPECIFIED);
  }
}

TEST(Policies, EveryRuleSaysWhereItIsFrom) {
  EXPECT_EQ(Files("pack.").size(), 5u);
  for (const std::string& name : Files("pack.")) {
    SCOPED_TRACE(name);
    const auto pack = ReadPolicyFile<PolicyPackPublished>(name);
    EXPECT_EQ("pack." + pack.pack_id() + ".json", name);
    EXPECT_FALSE(pack.title().empty());
    for (const auto& rule : pack.clocks()) {
      EXPECT_TRUE(calendar::IsDueTime(rule.due())) << rule.clock_id();
      EXPECT_FALSE(rule.source().empty()) << rule.clock_id();
      EXPECT_FALSE(rule.stops_at().empty()) << rule.clock_id();
    }
  }
}

TEST(Policies, AdmissionTakesThemAll) {
  ProjectionDriver<ClockView> test;
  for (const std::string& name : Files("calendar.")) test.Given(Published(ReadPolicyFile<CalendarPublished>(name)));
  for (const std::string& name : Files("pack.")) {
    const auto pack = ReadPolicyFile<PolicyPackPublished>(name);
    test.Given(Draft().Client("").At(At("2026-01-01 00:00")).With([&](events::v1::Event& event) {
      *event.mutable_policy_pack_published() = pack;
      event.mutable_broadcast()->set_partitions(1);
    }));
  }
  // A theft alleged in writing on the Friday before the Spring Festival.
  test.Given(Complained("K-1", "payment").At(At("2026-02-13 10:00")).With([](events::v1::Event& event) {
    auto& body = *event.mutable_complaint_received();
    body.set_form(events::v1::COMPLAINT_FORM_WRITTEN);
    body.set_alleges_theft_or_forgery(true);
  }));
  const CaseClocks row = *test.Row<Cases>("K-1");
  std::set<std::string> ids;
  for (const auto& clock : row.clocks()) ids.insert(clock.clock_id());
  EXPECT_THAT(ids, testing::IsSupersetOf({"us.finra.4530/statistics", "us.finra.4530/theft_report",
                                          "uk.fca.disp/final_response", "uk.fca.disp/payment_response",
                                          "cn.csrc.complaints/first_contact", "firm.service/acknowledge",
                                          "firm.service/resolve"}));
  EXPECT_EQ(row.clocks_left_out(), 0);
  // Friday, then the Saturday that is worked, then eight days of holidays.
  EXPECT_EQ(LocalText(FindClock(row, "cn.csrc.complaints/first_contact", 0)->due_at()), "02-25 16:30");
}

}  // namespace
}  // namespace kefu::clock
