// The log's contract on a real broker, and what only Kafka has.

#include <absl/time/clock.h>
#include <gmock/gmock.h>

#include <atomic>

#include "platform/log/contract_test.h"
#include "platform/log/kafka/kafka_log.h"
#include "platform/testkit/kafka_broker.h"

namespace kefu::log {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

// One broker for all tests of this program; each has topics of its own.
class Broker : public testing::Environment {
 public:
  static Broker& Get() {
    static auto* const broker = static_cast<Broker*>(testing::AddGlobalTestEnvironment(new Broker));
    return *broker;
  }
  void SetUp() override {
    auto started = testkit::KafkaCluster::Start();
    ASSERT_TRUE(started.ok()) << ToString(started.status());
    cluster_ = std::move(*started);
  }
  void TearDown() override { cluster_.reset(); }

  KafkaOptions NewTopic(int32_t partitions) {
    KafkaOptions options{.bootstrap_servers = cluster_->bootstrap(), .topic = fmt::format("topic{}", ++topics_)};
    const Status status = EnsureKafkaTopic(options, partitions, 1);
    EXPECT_TRUE(status.ok()) << ToString(status);
    return options;
  }

 private:
  std::unique_ptr<testkit::KafkaCluster> cluster_;
  std::atomic<int> topics_{0};
};

Broker& broker = Broker::Get();

class KafkaUnderTest : public LogUnderTest {
 public:
  explicit KafkaUnderTest(int32_t partitions) : options_(broker.NewTopic(partitions)) { Reopen(); }
  EventLog& log() override { return *log_; }
  void Reopen() override {
    log_.reset();
    auto opened = OpenKafkaLog(options_);
    ASSERT_TRUE(opened.ok()) << ToString(opened.status());
    log_ = std::move(*opened);
  }
  void ReopenWithQueue(int64_t queue_bytes) override {
    options_.queue_bytes = queue_bytes;
    Reopen();
  }

 private:
  KafkaOptions options_;
  std::unique_ptr<EventLog> log_;
};

INSTANTIATE_TEST_SUITE_P(Kafka, EventLogContract,
                         testing::Values(LogKind{"kafka",
                                                 [](int32_t partitions) -> std::unique_ptr<LogUnderTest> {
                                                   return std::make_unique<KafkaUnderTest>(partitions);
                                                 }}),
                         [](const auto& info) { return info.param.name; });

absl::Time Soon() { return absl::Now() + absl::Seconds(30); }

std::unique_ptr<EventLog> Open(const KafkaOptions& options) {
  auto log = OpenKafkaLog(options);
  EXPECT_TRUE(log.ok()) << ToString(log.status());
  return std::move(*log);
}

std::unique_ptr<KafkaInbox> OpenInbox(const KafkaOptions& options, const std::string& group) {
  auto inbox = KafkaInbox::Open(options, group);
  EXPECT_TRUE(inbox.ok()) << ToString(inbox.status());
  return std::move(*inbox);
}

std::vector<std::string> Values(KafkaInbox& inbox, size_t count) {
  std::vector<InboxRecord> records;
  for (const absl::Time deadline = Soon(); records.size() < count && absl::Now() < deadline;)
    IgnoreStatus(inbox.Poll(absl::Milliseconds(200), count - records.size(), &records), "what is missing fails the test");
  std::vector<std::string> values;
  for (const InboxRecord& record : records) values.push_back(record.value);
  return values;
}

TEST(KafkaLog, ATopicThatIsMissingIsNotMadeButNamedWithTheCommandThatMakesIt) {
  KafkaOptions options = broker.NewTopic(1);
  options.topic = "missing";
  const Status first = OpenKafkaLog(options).status();
  EXPECT_EQ(first.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(MessageOf(first)), HasSubstr("--create --topic missing"));
  EXPECT_EQ(OpenKafkaLog(options).status().code(), StatusCode::kFailedPrecondition);
}

TEST(KafkaLog, NoBrokerIsUnavailableInTime) {
  const absl::Time began = absl::Now();
  // Port 1 of the loopback: nothing listens there.
  EXPECT_EQ(OpenKafkaLog({.bootstrap_servers = "127.0.0.1:1", .topic = "events"}).status().code(), StatusCode::kUnavailable);
  EXPECT_LT(absl::Now() - began, absl::Seconds(20));
}

TEST(KafkaLog, ASettingThatLibrdkafkaDoesNotKnowIsNamed) {
  KafkaOptions options = broker.NewTopic(1);
  options.settings["no.such.setting"] = "1";
  const Status status = OpenKafkaLog(options).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("no.such.setting"));
}

TEST(KafkaLog, ATopicKeepsItsNumberOfPartitions) {
  const KafkaOptions options = broker.NewTopic(3);
  EXPECT_TRUE(EnsureKafkaTopic(options, 3, 1).ok());
  EXPECT_EQ(EnsureKafkaTopic(options, 4, 1).code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(Open(options)->partitions(), 3);
}

TEST(KafkaLog, IsHealthy) { EXPECT_TRUE(Open(broker.NewTopic(1))->Health().ok()); }

TEST(KafkaLog, PositionsThatNoLogHasAreOutOfRange) {
  const auto log = Open(broker.NewTopic(1));
  // To librdkafka these two mean the end and the beginning.
  for (const int64_t offset : {-1, -2}) {
    const auto reader = log->OpenReader({{Partition(0), Offset(offset)}});
    std::vector<RecordBatch> batches;
    EXPECT_EQ((*reader)->Poll(absl::ZeroDuration(), 1, &batches).code(), StatusCode::kOutOfRange);
    EXPECT_EQ(log->ReadOne(Partition(0), Offset(offset)).status().code(), StatusCode::kOutOfRange);
  }
  EXPECT_EQ(log->OpenReader({{Partition(1), Offset(0)}}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(log->OpenReader({{Partition(0), Offset(0)}, {Partition(0), Offset(0)}}).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(KafkaInbox, GoesOnAfterWhatWasCommittedAndRepeatsTheRest) {
  const KafkaOptions options = broker.NewTopic(1);
  const auto log = Open(options);
  ASSERT_TRUE(AppendAndWait(*log, Partition(0), {{"k", "a"}, {"k", "b"}, {"k", "c"}}, Soon()).ok());
  {
    const auto inbox = OpenInbox(options, "ingest");
    EXPECT_THAT(Values(*inbox, 2), ElementsAre("a", "b"));
    EXPECT_TRUE(inbox->CommitAll().ok());
    EXPECT_THAT(Values(*inbox, 1), ElementsAre("c"));
  }
  EXPECT_THAT(Values(*OpenInbox(options, "ingest"), 1), ElementsAre("c"));
  EXPECT_THAT(Values(*OpenInbox(options, "other"), 3), ElementsAre("a", "b", "c"));
}

TEST(KafkaInbox, OnAnEmptyTopicHasNothingToCommitAndWaits) {
  const auto inbox = OpenInbox(broker.NewTopic(2), "ingest");
  std::vector<InboxRecord> records;
  EXPECT_TRUE(inbox->CommitAll().ok());
  EXPECT_TRUE(inbox->Poll(absl::Milliseconds(10), 10, &records).ok());
  EXPECT_TRUE(records.empty());
  EXPECT_TRUE(inbox->Health().ok());
}

}  // namespace
}  // namespace kefu::log
