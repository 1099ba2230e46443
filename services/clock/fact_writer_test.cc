#include "services/clock/fact_writer.h"

#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/event/validate.h"
#include "services/clock/duty_testing.h"

namespace kefu::duties {
namespace {

using events::v1::Event;
using testkit::MemoryLog;

constexpr char kView[] = "client";

class FactWriterTest : public testing::Test {
 protected:
  FactWriterTest() : log_(2), node_(log_), context_(node_.Context(log_, clock_)) {
    context_.waker = std::make_shared<Waker>();
  }

  Event Classified(const std::string& client, const std::string& id) {
    return testkit::Finish(testkit::Draft().Client(client).Id(id).With([&](Event& event) {
                             auto* classified = event.mutable_client_classified();
                             classified->set_scheme("asset_tier");
                             classified->set_rules_version(1);
                             classified->set_segment("gold");
                             *classified->mutable_as_of() = ToProto(testkit::Beginning());
                           }),
                           1);
  }
  // A client that lives in `partition`.
  std::string ClientIn(Partition partition) {
    for (int i = 0;; ++i)
      if (Partition(PartitionForKey(fmt::format("C-{}", i), log_.partitions())) == partition)
        return fmt::format("C-{}", i);
  }
  Event Fact(const std::string& id) { return Classified(ClientIn(Partition(1)), id); }

  MemoryLog log_;
  HandClock clock_;
  Node node_;
  DutyContext context_;
};

TEST_F(FactWriterTest, WritesNothingWhileTheViewIsOlderThanTheLogWasAtTheStart) {
  // Another engine would be late; here it is the log that is ahead.
  MemoryLog ahead(2);
  ahead.Put(Partition(1), "a record that this node has not read");
  FactWriter writer(node_.Context(ahead, clock_), kView);
  EXPECT_TRUE(writer.Ready(Partition(0)));
  EXPECT_FALSE(writer.Ready(Partition(1)));
  EXPECT_EQ(writer.Write(Partition(1), {Fact("x")}).code(), StatusCode::kFailedPrecondition);
  log_.Put(Partition(1), "now it has read as much");
  node_.CatchUp();
  EXPECT_TRUE(writer.Ready(Partition(1)));
}

TEST_F(FactWriterTest, OneBatchIsInFlightUntilTheViewHasPassedIt) {
  FactWriter writer(context_, kView);
  ASSERT_TRUE(writer.Ready(Partition(1)));
  ASSERT_TRUE(writer.Write(Partition(1), {Fact("x"), Fact("y")}).ok());
  node_.CatchUp();
  EXPECT_TRUE(writer.Ready(Partition(1)));
  EXPECT_EQ(writer.Written(Partition(1)), 2);
  EXPECT_EQ(writer.Written(Partition(0)), 0);
  EXPECT_EQ(log_.EndOffset(Partition(1))->value(), 2);

  // Of a log that says nothing the next batch waits.
  MortalLog silent(log_);
  FactWriter waiting(node_.Context(silent, clock_), kView);
  silent.DieAt(1, MortalLog::Death::kAfterAppend);
  ASSERT_TRUE(waiting.Write(Partition(1), {Fact("z")}).ok());
  node_.CatchUp();
  EXPECT_FALSE(waiting.Ready(Partition(1)));
  EXPECT_TRUE(waiting.Ready(Partition(0)));
}

TEST_F(FactWriterTest, TheArrivalOfTheViewWakesTheDuty) {
  FactWriter writer(context_, kView);
  ASSERT_TRUE(writer.Write(Partition(1), {Fact("x")}).ok());
  for (const absl::Time end = Soon(); !writer.Ready(Partition(1));) {
    ASSERT_LT(absl::Now(), end);
    // Only ever woken: a sleep that ended by itself would last longer than the test may.
    context_.waker->Sleep(absl::Seconds(60));
  }
}

TEST_F(FactWriterTest, AfterAFailureItRestsLongerEachTimeAndThenGoesOn) {
  FactWriter writer(context_, kView);
  log_.FailAppends(Unavailable("gone"));
  for (const int seconds : {1, 2, 4, 8, 16, 30, 30}) {
    ASSERT_TRUE(writer.Ready(Partition(1)));
    ASSERT_TRUE(writer.Write(Partition(1), {Fact("x")}).ok());
    EXPECT_FALSE(writer.Ready(Partition(1)));
    EXPECT_TRUE(writer.LastFailed(Partition(1)));
    EXPECT_THAT(writer.Trouble(Partition(1)), testing::HasSubstr("gone"));
    clock_.Move(absl::Seconds(seconds) - absl::Milliseconds(1));
    EXPECT_FALSE(writer.Ready(Partition(1))) << seconds;
    clock_.Move(absl::Milliseconds(1));
  }
  log_.FailAppends(OkStatus());
  ASSERT_TRUE(writer.Write(Partition(1), {Fact("x")}).ok());
  node_.CatchUp();
  EXPECT_TRUE(writer.Ready(Partition(1)));
  EXPECT_FALSE(writer.LastFailed(Partition(1)));
  EXPECT_EQ(writer.Trouble(Partition(1)), "");
  EXPECT_EQ(writer.Written(Partition(1)), 1);
}

TEST_F(FactWriterTest, AnUnfitEventKeepsTheWholeBatchBackAndIsNamed) {
  FactWriter writer(context_, kView);
  Event unfit = Fact("late-1");
  unfit.clear_source();
  const Status refused = writer.Write(Partition(1), {Fact("x"), unfit});
  EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(refused), "SOURCE_MISSING");
  EXPECT_THAT(ToString(refused), testing::HasSubstr("late-1"));
  EXPECT_EQ(log_.EndOffset(Partition(1))->value(), 0);
  EXPECT_TRUE(writer.Ready(Partition(1)));
}

TEST_F(FactWriterTest, AnEventOfAClientWhoLivesElsewhereIsRefused) {
  FactWriter writer(context_, kView);
  EXPECT_EQ(writer.Write(Partition(1), {Classified(ClientIn(Partition(0)), "x")}).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(log_.EndOffset(Partition(1))->value(), 0);
}

TEST_F(FactWriterTest, ACopyOfTheGreatestEventThatADoorTakesStillFits) {
  FactWriter writer(context_, kView);
  Event great = UnitNamed(1);
  event::EventLimits door;
  auto* set = great.mutable_code_set_published();
  set->set_scheme("kefu.topic");
  set->set_version("1");
  for (int i = 0; great.ByteSizeLong() + 2048 < door.max_event_bytes; ++i) {
    set->add_entries()->set_value(fmt::format("{}", i));
    set->mutable_entries(i)->set_name(std::string(1024, 'x'));
  }
  set->mutable_entries(0)->set_name(std::string(1024 + door.max_event_bytes - great.ByteSizeLong(), 'x'));
  ASSERT_EQ(great.ByteSizeLong(), door.max_event_bytes);
  ASSERT_TRUE(event::Validate(great, clock_.Now(), door).ok());
  great.mutable_broadcast()->set_partitions(2);
  great.mutable_broadcast()->set_is_copy(true);
  great.mutable_broadcast()->set_first_offset(int64_t{1} << 60);
  EXPECT_TRUE(writer.Write(Partition(1), {great}).ok());
}

}  // namespace
}  // namespace kefu::duties
