#include "services/ingest/recorder.h"

#include <gtest/gtest.h>

#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "platform/event/record.h"
#include "services/ingest/ingest_testing.h"

namespace kefu::ingest {
namespace {

class FixedClock final : public Clock {
 public:
  absl::Time Now() override { return absl::FromUnixSeconds(1'700'000'100); }
};

class RecorderTest : public testing::Test {
 protected:
  std::vector<StatusOr<RecordedAt>> Record(std::vector<Submission> submissions, Appends appends = Appends::kEach) {
    std::vector<StatusOr<RecordedAt>> answers;
    recorder_.Record(std::move(submissions), appends, [&](auto given) { answers = std::move(given); });
    return answers;
  }

  FixedClock clock_;
  HeldLog log_{4};
  Recorder recorder_{log_, RecorderOptions{.max_bytes_in_flight = 1000}, &clock_};
};

TEST_F(RecorderTest, PutsAnEventIntoItsClientsPartitionWithItsStamp) {
  const auto answers = Record({{Contact("E-1", "C-7")}});
  ASSERT_TRUE(answers[0].ok()) << answers[0].status();
  EXPECT_EQ(answers[0]->partition, Partition(PartitionForKey("C-7", 4)));
  const auto bytes = log_.ReadOne(answers[0]->partition, answers[0]->offset);
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(*bytes, event::RecordedBytes(Contact("E-1", "C-7"), clock_.Now()));
}

TEST_F(RecorderTest, WhatIsAboutSeveralClientsGoesToPartitionZeroAndSaysForHowManyItIs) {
  events::v1::Event merge = Contact("E-1", "");
  merge.mutable_client_records_merged()->set_surviving_client_id("C-1");
  merge.mutable_client_records_merged()->set_merged_client_id("C-2");
  const auto answers = Record({{merge}});
  ASSERT_TRUE(answers[0].ok()) << answers[0].status();
  EXPECT_EQ(answers[0]->partition, Partition(0));
  const auto bytes = log_.ReadOne(Partition(0), answers[0]->offset);
  ASSERT_TRUE(bytes.ok());
  merge.mutable_broadcast()->set_partitions(4);
  EXPECT_EQ(*bytes, event::RecordedBytes(merge, clock_.Now()));
}

TEST_F(RecorderTest, EachEventHasItsOwnOffsetAndItsOwnRefusal) {
  Submission bad{Contact(""), "events[1]"};
  const auto answers = Record({{Contact("E-1")}, bad, {InvalidArgument("unreadable")}, {Contact("E-2")}});
  ASSERT_EQ(answers.size(), 4u);
  EXPECT_EQ(answers[0]->offset, Offset(0));
  EXPECT_EQ(FieldOf(answers[1].status()), "events[1].event_id");
  EXPECT_EQ(MessageOf(answers[2].status()), "unreadable");
  EXPECT_EQ(answers[3]->offset, Offset(1));
  EXPECT_EQ(recorder_.counters().recorded, 2);
  EXPECT_EQ(recorder_.counters().refused, 2);
}

TEST_F(RecorderTest, NothingToRecordIsAnsweredToo) { EXPECT_TRUE(Record({}).empty()); }

TEST_F(RecorderTest, TellsTheLogsTroubleByReason) {
  log_.SetVerdict([](const auto&) { return Unavailable("broker is gone"); });
  auto answers = Record({{Contact("E-1")}});
  EXPECT_EQ(answers[0].status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(answers[0].status()), "LOG_UNAVAILABLE");
  log_.SetVerdict([](const auto&) { return ResourceExhausted("disk is full"); });
  answers = Record({{Contact("E-1")}});
  EXPECT_EQ(ReasonOf(answers[0].status()), "LOG_FULL");
  EXPECT_EQ(recorder_.counters().failed, 2);
}

TEST_F(RecorderTest, WhatIsInFlightIsBoundedAndFreedAgain) {
  log_.Hold();
  int recorded = 0;
  std::string refusal;
  for (int i = 0; i < 50; ++i) {
    recorder_.Record({{Contact("E-" + std::to_string(i))}}, Appends::kEach, [&](auto answers) {
      answers[0].ok() ? void(++recorded) : void(refusal = ReasonOf(answers[0].status()));
    });
  }
  EXPECT_EQ(refusal, "QUEUE_FULL");
  EXPECT_LE(recorder_.counters().bytes_in_flight, 1000);
  const size_t held = log_.held();
  EXPECT_GT(held, 5u);
  log_.Release();
  EXPECT_EQ(recorded, static_cast<int>(held));
  EXPECT_EQ(recorder_.counters().bytes_in_flight, 0);
  EXPECT_TRUE(Record({{Contact("E-later")}})[0].ok());
}

TEST_F(RecorderTest, TogetherIsOneAppendForEachPartition) {
  int appends = 0;
  log_.SetVerdict([&](const auto&) {
    ++appends;
    return OkStatus();
  });
  const auto answers = Record({{Contact("E-1")}, {Contact("E-2")}, {Contact("E-3")}}, Appends::kTogether);
  EXPECT_EQ(appends, 1);
  EXPECT_TRUE(answers[2].ok());
  EXPECT_EQ(log_.Events().size(), 3u);
}

TEST_F(RecorderTest, ARecordThatTheLogRefusesDoesNotTakeItsNeighboursAlong) {
  log_.SetVerdict([](const std::vector<log::AppendRecord>& records) {
    for (const auto& record : records)
      if (record.value.find("E-2") != std::string::npos) return InvalidArgument("too large for the log");
    return OkStatus();
  });
  const auto answers = Record({{Contact("E-1")}, {Contact("E-2")}, {Contact("E-3")}}, Appends::kTogether);
  EXPECT_TRUE(answers[0].ok());
  EXPECT_EQ(ReasonOf(answers[1].status()), "LOG_REFUSED");
  EXPECT_TRUE(answers[2].ok());
  EXPECT_EQ(log_.Events().size(), 2u);
}

}  // namespace
}  // namespace kefu::ingest
