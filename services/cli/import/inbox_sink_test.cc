#include "services/cli/import/inbox_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "kefu/events/v1/event.pb.h"
#include "platform/base/hash.h"

namespace kefu::cli {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

// A log that confirms when the test says so. What is asked of it beyond appending does not happen here.
class SlowLog final : public log::EventLog {
 public:
  const log::LogIdentity& identity() const override { return identity_; }
  void Append(Partition partition, std::vector<log::AppendRecord> records, log::AppendCallback done) override {
    if (full_for > 0) {
      --full_for;
      return done(ResourceExhausted("queue full"));
    }
    events::v1::Event event;
    EXPECT_TRUE(event.ParseFromString(records[0].value));
    EXPECT_EQ(records[0].key, event.client_id());
    EXPECT_EQ(partition.value(), PartitionForKey(event.client_id(), 4));
    taken[partition.value()].push_back(event.event_id());
    waiting.push_back(std::move(done));
  }
  StatusOr<std::unique_ptr<log::LogReader>> OpenReader(std::vector<log::ReadFrom>) override { return Nothing(); }
  StatusOr<Offset> EndOffset(Partition) override { return Nothing(); }
  StatusOr<std::string> ReadOne(Partition, Offset) override { return Nothing(); }
  Status Health() override { return OkStatus(); }

  std::map<int, std::vector<std::string>> taken;
  std::vector<log::AppendCallback> waiting;
  int full_for = 0;

 private:
  static Status Nothing() { return FailedPrecondition("not read in this test"); }
  const log::LogIdentity identity_{"kafka", "test", 4};
};

events::v1::Event Event(const std::string& id, const std::string& client) {
  events::v1::Event event;
  event.set_event_id(id);
  event.set_client_id(client);
  return event;
}

class InboxSinkTest : public ::testing::Test {
 protected:
  InboxSinkTest() {
    auto log = std::make_unique<SlowLog>();
    log_ = log.get();
    sink_ = MakeInboxSink(std::move(log), {}, [this](const Answer& answer) { answers_.push_back(answer.kind); });
  }
  SlowLog* log_;
  std::vector<Answer::Kind> answers_;
  std::unique_ptr<EventSink> sink_;
};

TEST_F(InboxSinkTest, AnswersLeaveInTheOrderOfSendingWhateverKafkaConfirmsFirst) {
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(sink_->Send(Event(fmt::format("e-{}", i), fmt::format("C-{}", i))).ok());
  log_->waiting[2](Offset(0));
  log_->waiting[1](Offset(0));
  EXPECT_TRUE(answers_.empty());
  log_->waiting[0](Offset(0));
  EXPECT_EQ(answers_.size(), 3u);
  log_->waiting[3](Offset(0));
  EXPECT_TRUE(sink_->Finish().ok());
  EXPECT_EQ(answers_.size(), 4u);
  EXPECT_THAT(answers_, Each(Answer::Kind::kRecorded));
}

TEST_F(InboxSinkTest, AFullQueueMakesItWaitAndKeepTheOrder) {
  ASSERT_TRUE(sink_->Send(Event("e-0", "C")).ok());
  log_->full_for = 2;
  ASSERT_TRUE(sink_->Send(Event("e-1", "C")).ok());
  ASSERT_EQ(log_->taken.size(), 1u);
  EXPECT_THAT(log_->taken.begin()->second, ElementsAre("e-0", "e-1"));
  for (auto& done : log_->waiting) done(Offset(0));
  EXPECT_TRUE(sink_->Finish().ok());
  EXPECT_EQ(answers_.size(), 2u);
}

TEST_F(InboxSinkTest, AnUnconfirmedEventEndsTheImport) {
  ASSERT_TRUE(sink_->Send(Event("e-0", "C")).ok());
  ASSERT_TRUE(sink_->Send(Event("e-1", "C")).ok());
  log_->waiting[0](Unavailable("no broker"));
  log_->waiting[1](Offset(1));
  EXPECT_EQ(sink_->Send(Event("e-2", "C")).code(), StatusCode::kUnavailable);
  EXPECT_EQ(sink_->Finish().code(), StatusCode::kUnavailable);
  EXPECT_TRUE(answers_.empty());
}

TEST(OpenInbox, SaysHowAnAddressIsWritten) {
  for (const char* address :
       {"localhost:9092/kefu.inbox", "kafka://localhost:9092", "kafka://", "kafka:///topic", "kafka://localhost:9092/"})
    EXPECT_EQ(OpenInbox(address).status().code(), StatusCode::kInvalidArgument) << address;
}

}  // namespace
}  // namespace kefu::cli
