#include "projections/retention/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/testkit/projection_driver.h"

namespace kefu::retention {
namespace {

using namespace testkit;
using events::v1::Event;

Draft Placed(const char* hold, const char* case_id = "") {
  return Draft().By("S-1").With([&](Event& event) {
    event.mutable_legal_hold_placed()->set_hold_id(hold);
    event.mutable_legal_hold_placed()->set_case_id(case_id);
    event.mutable_legal_hold_placed()->set_reason("a suit");
  });
}

Draft Lifted(const char* hold) {
  return Draft().By("S-2").With([&](Event& event) {
    event.mutable_legal_hold_lifted()->set_hold_id(hold);
    event.mutable_legal_hold_lifted()->set_reason("settled");
  });
}

Draft Publishing(int32_t version, int32_t years) {
  return Draft().Client("").With([&](Event& event) {
    event.mutable_broadcast()->set_partitions(1);
    auto& retention = *event.mutable_retention_published();
    retention.set_version(version);
    auto& all = *retention.add_classes();
    all.set_class_id("all");
    all.set_years(20);
    auto& calls = *retention.add_classes();
    calls.set_class_id("calls");
    calls.set_years(years);
    calls.add_kinds("contact_recorded");
  });
}

TEST(Holds, HoldUntilTheyAreLiftedAndStayToBeSeen) {
  ProjectionDriver<RetentionView> test;
  test.Given(Opened("K-1"), Placed("H-1"), Placed("H-2", "K-1"), Placed("H-1").Client("C-2"));
  EXPECT_THAT(test.Entries<OpenHolds>(),
              testing::ElementsAre("C-1, , H-1", "C-1, K-1, H-2", "C-2, , H-1"));
  test.Given(Lifted("H-1"));
  EXPECT_THAT(test.Entries<OpenHolds>(), testing::ElementsAre("C-1, K-1, H-2", "C-2, , H-1"));
  const Hold* hold = test.Row<Holds>("C-1", "H-1");
  ASSERT_NE(hold, nullptr);
  EXPECT_EQ(hold->reason(), "a suit");
  EXPECT_EQ(hold->placed_by(), "S-1");
  EXPECT_EQ(hold->lifted_by(), "S-2");
  EXPECT_EQ(hold->lift_reason(), "settled");
  test.When(Lifted("H-1"), Lifted("H-9"), Placed("H-1")).Then(Refused("hold_unknown"), Refused("hold_unknown"),
                                                              Refused("hold_exists"));
}

TEST(Holds, AreCorrectedLikeAnythingElse) {
  ProjectionDriver<RetentionView> test;
  test.Given(Placed("H-1").Id("held").AtMinute(1));
  Event told = Placed("H-1").Id("held").AtMinute(1).event();
  told.mutable_legal_hold_placed()->set_reason("another suit");
  test.Given(Draft().With([&](Event& event) {
    event.mutable_event_corrected()->set_corrected_event_id("held");
    event.mutable_event_corrected()->set_event(told.SerializeAsString());
  }));
  EXPECT_EQ((test.Row<Holds>("C-1", "H-1")->reason()), "another suit");
}

TEST(Retention, TheNewestVersionSaysWhichClassAKindIsOf) {
  ProjectionDriver<RetentionView> test;
  test.Given(Publishing(1, 5), Publishing(2, 6));
  test.When(Publishing(2, 7)).Then(Refused("version_not_next"));
  const Retention* row = test.Row<Published>(kPublishedKey);
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->published().version(), 2);
  EXPECT_EQ(ClassOf(row->published(), "contact_recorded")->years(), 6);
  EXPECT_EQ(ClassOf(row->published(), "complaint_received")->class_id(), "all");
  EXPECT_EQ(ClassOf(events::v1::RetentionPublished(), "contact_recorded"), nullptr);
}

}  // namespace
}  // namespace kefu::retention
