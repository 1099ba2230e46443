#include "services/clock/switch_teller.h"

#include <gtest/gtest.h>

#include <map>

#include "services/clock/duty_testing.h"

namespace kefu::duties {
namespace {

using events::v1::Event;
using testkit::MemoryLog;

// Ids of switches on the log, and how often each was recorded.
std::map<std::string, int> Told(MemoryLog& log) {
  std::map<std::string, int> told;
  for (int32_t p = 0; p < log.partitions(); ++p) {
    for (int64_t offset = 0; offset < log.EndOffset(Partition(p))->value(); ++offset) {
      Event event;
      EXPECT_TRUE(event::ParseRecorded(*log.ReadOne(Partition(p), Offset(offset)), &event).ok());
      if (!event.has_view_switched()) continue;
      EXPECT_EQ(p, 0);
      EXPECT_EQ(event.client_id(), "");
      EXPECT_EQ(event.view_switched().from_digest(), event.view_switched().to_digest());
      ++told[event.event_id()];
    }
  }
  return told;
}

class SwitchTellerTest : public testing::Test {
 protected:
  void Rebuild() {
    Record(log_, testkit::Finish(testkit::Registered("Li Wei").Client("C-1"), 1), clock_.Now());
    node_.CatchUp();
    ASSERT_TRUE(node_.engine().Rebuild("client").ok());
    const absl::Time end = Soon();
    while (node_.engine().SwitchesToTell().empty()) ASSERT_LT(absl::Now(), end);
  }
  // Until nothing waits.
  void Settle(SwitchTeller& teller) {
    const absl::Time end = Soon();
    while (!node_.engine().SwitchesToTell().empty()) {
      ASSERT_LT(absl::Now(), end);
      const auto next = teller.Step();
      ASSERT_TRUE(next.ok()) << ToString(next.status());
      node_.CatchUp();
    }
  }

  MemoryLog log_{3};
  Node node_{log_};
  HandClock clock_;
};

TEST_F(SwitchTellerTest, TellsEachSwitchOnceInPartitionZero) {
  Rebuild();
  SwitchTeller teller(node_.Context(log_, clock_));
  Settle(teller);
  ASSERT_EQ(Told(log_).size(), 1u);
  EXPECT_EQ(Told(log_).begin()->second, 1);
  EXPECT_EQ(node_.engine().VerdictAt(Partition(0), Offset(log_.EndOffset(Partition(0))->value() - 1))->outcome(),
            events::v1::VERDICT_OUTCOME_APPLIED);
}

// What is on the log, not only what waits: the person and the reason go all the way.
TEST_F(SwitchTellerTest, TellsWhoOrderedItAndWhy) {
  Rebuild();
  SwitchTeller teller(node_.Context(log_, clock_));
  Settle(teller);
  ASSERT_TRUE(node_.engine().SwitchView("client", true, "A-1", "wrong counts since the upgrade").ok());
  Settle(teller);
  Event last;
  ASSERT_TRUE(event::ParseRecorded(*log_.ReadOne(Partition(0), Offset(log_.EndOffset(Partition(0))->value() - 1)), &last).ok());
  ASSERT_TRUE(last.has_view_switched());
  EXPECT_TRUE(last.view_switched().went_back());
  EXPECT_EQ(last.actor().kind(), events::v1::ACTOR_KIND_STAFF);
  EXPECT_EQ(last.actor().id(), "A-1");
  EXPECT_EQ(last.view_switched().reason(), "wrong counts since the upgrade");
  EXPECT_EQ(node_.engine().VerdictAt(Partition(0), Offset(log_.EndOffset(Partition(0))->value() - 1))->outcome(),
            events::v1::VERDICT_OUTCOME_APPLIED);
}

// Killed at the append, whatever of it was stored: the next one tells the same event, so it counts once.
TEST_F(SwitchTellerTest, KilledAtTheAppendTheNextOneTellsTheSame) {
  for (const auto death : {MortalLog::Death::kBeforeAppend, MortalLog::Death::kAfterAppend}) {
    Rebuild();
    const size_t before = Told(log_).size();
    MortalLog mortal(log_);
    mortal.DieAt(1, death);
    {
      SwitchTeller dying(node_.Context(mortal, clock_));
      ASSERT_TRUE(dying.Step().ok());
    }
    ASSERT_TRUE(mortal.dead());
    EXPECT_EQ(Told(log_).size(), before + (death == MortalLog::Death::kAfterAppend));
    node_.CatchUp();
    SwitchTeller next(node_.Context(log_, clock_));
    Settle(next);
    EXPECT_EQ(Told(log_).size(), before + 1);
  }
}

}  // namespace
}  // namespace kefu::duties
