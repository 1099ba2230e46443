// Errors on schedule, from the mock cluster inside librdkafka. It keeps no sequence numbers: what brokers do about
// repeats, and the order after interrupted batches, is shown by tests/kafka.

#include <absl/time/clock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
// After rdkafka.h, as it demands.
#include <librdkafka/rdkafka_mock.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <random>
#include <set>

#include "platform/log/kafka/kafka_log.h"
#include "platform/log/kafka/producer.h"
#include "platform/log/kafka/reader.h"

namespace kefu::log {
namespace {

constexpr int16_t kProduce = 0;
constexpr int kPartitions = 2;
constexpr char kTopic[] = "events";

absl::Time Soon() { return absl::Now() + absl::Seconds(30); }

class MockCluster {
 public:
  MockCluster() {
    options_.bootstrap_servers = "127.0.0.1:1";
    options_.topic = kTopic;
    host_ = *KafkaClient::Make(RD_KAFKA_PRODUCER, options_, {{"log_level", "0"}});
    mock_ = rd_kafka_mock_cluster_new(host_->get(), 1);
    rd_kafka_mock_topic_create(mock_, kTopic, kPartitions, 1);
    options_.bootstrap_servers = rd_kafka_mock_cluster_bootstraps(mock_);
    // A batch a record, several in flight: the shape in which an interrupted producer loses count.
    options_.settings = {{"batch.num.messages", "1"}, {"linger.ms", "0"}};
    options_.delivery_timeout = absl::Seconds(20);
  }
  ~MockCluster() { rd_kafka_mock_cluster_destroy(mock_); }

  KafkaOptions& options() { return options_; }
  void FailProduce(const std::vector<rd_kafka_resp_err_t>& errors) {
    rd_kafka_mock_push_request_errors_array(mock_, kProduce, errors.size(), errors.data());
  }
  void Heal() { rd_kafka_mock_clear_request_errors(mock_, kProduce); }
  void Down() { rd_kafka_mock_broker_set_down(mock_, 1); }
  void Up() { rd_kafka_mock_broker_set_up(mock_, 1); }
  void Delay(absl::Duration round_trip) { rd_kafka_mock_broker_set_rtt(mock_, 1, KafkaMilliseconds(round_trip)); }

 private:
  KafkaOptions options_;
  std::shared_ptr<KafkaClient> host_;
  rd_kafka_mock_cluster_t* mock_ = nullptr;
};

// Appends numbered values, and keeps what was answered.
class Writer {
 public:
  explicit Writer(KafkaProducer& producer) : producer_(producer) {}

  void Append(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string value = std::to_string(answers_.size());
      const Partition partition(static_cast<int32_t>(answers_.size() % kPartitions));
      auto answer = std::make_shared<Answer>();
      answers_.push_back(answer);
      producer_.Append(partition, {{"", value}}, [this, answer](const StatusOr<Offset>& offset) {
        const std::lock_guard lock(mutex_);
        ++answer->times;
        answer->status = offset.status();
        ++answered_;
        changed_.notify_all();
      });
    }
  }

  bool Wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(60), [&] { return answered_ >= answers_.size(); });
  }

  // Values of a partition, in the order of their appends.
  std::vector<std::string> Appended(int partition, bool only_acked) {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> values;
    for (size_t i = partition; i < answers_.size(); i += kPartitions)
      if (!only_acked || (answers_[i]->times > 0 && answers_[i]->status.ok())) values.push_back(std::to_string(i));
    return values;
  }

  bool EachAnsweredOnce() {
    const std::lock_guard lock(mutex_);
    return std::all_of(answers_.begin(), answers_.end(), [](const auto& answer) { return answer->times == 1; });
  }
  std::set<StatusCode> Codes() {
    const std::lock_guard lock(mutex_);
    std::set<StatusCode> codes;
    for (const auto& answer : answers_) codes.insert(answer->status.code());
    return codes;
  }

 private:
  struct Answer {
    int times = 0;
    Status status;
  };
  KafkaProducer& producer_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<Answer>> answers_;
  size_t answered_ = 0;
};

// First occurrences, by partition, of all that is stored.
std::vector<std::vector<std::string>> Stored(const KafkaOptions& options) {
  const auto log = OpenKafkaLog(options);
  EXPECT_TRUE(log.ok()) << ToString(log.status());
  std::vector<std::vector<std::string>> stored(kPartitions);
  for (int i = 0; i < kPartitions; ++i) {
    const int64_t end = (*log)->EndOffset(Partition(i)).value_or(Offset(0)).value();
    KafkaReader reader(options, {{Partition(i), Offset(0)}});
    std::set<std::string> seen;
    int64_t next = 0;
    for (const absl::Time deadline = Soon(); next < end && absl::Now() < deadline;) {
      std::vector<RecordBatch> batches;
      IgnoreStatus(reader.Poll(absl::Seconds(1), 1 << 20, &batches), "what is missing is found below");
      for (const RecordBatch& batch : batches)
        for (const RecordView& record : batch.records) {
          EXPECT_EQ(record.offset.value(), next++);
          if (seen.emplace(record.value).second) stored[i].emplace_back(record.value);
        }
    }
    EXPECT_EQ(next, end);
  }
  return stored;
}

int Missing(const std::vector<std::string>& wanted, const std::vector<std::string>& stored) {
  const std::set<std::string> there(stored.begin(), stored.end());
  return static_cast<int>(std::count_if(wanted.begin(), wanted.end(), [&](const auto& each) { return !there.contains(each); }));
}

// Disconnects, then errors that make the producer give up for good.
std::vector<rd_kafka_resp_err_t> FatalSchedule(int disconnects) {
  std::vector<rd_kafka_resp_err_t> errors(disconnects, RD_KAFKA_RESP_ERR__TRANSPORT);
  errors.push_back(RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS);
  errors.push_back(RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
  return errors;
}

struct Outcome {
  int64_t replacements = 0;
  int missing = 0;
};

Outcome RunSchedule(const std::vector<rd_kafka_resp_err_t>& errors, const KafkaProducerFaults& faults) {
  MockCluster cluster;
  Outcome outcome;
  auto producer = KafkaProducer::Start(cluster.options(), kPartitions, faults);
  EXPECT_TRUE(producer.ok()) << ToString(producer.status());
  Writer writer(**producer);
  writer.Append(5);
  EXPECT_TRUE(writer.Wait());
  cluster.FailProduce(errors);
  writer.Append(300);
  EXPECT_TRUE(writer.Wait());
  outcome.replacements = (*producer)->replacements();
  producer->reset();
  EXPECT_TRUE(writer.EachAnsweredOnce());
  const auto stored = Stored(cluster.options());
  for (int i = 0; i < kPartitions; ++i) outcome.missing += Missing(writer.Appended(i, true), stored[i]);
  return outcome;
}

TEST(KafkaProducer, IsReplacedAfterAFatalErrorAndLosesNothing) {
  int64_t replacements = 0;
  for (int disconnects = 1; disconnects <= 5; ++disconnects) {
    const Outcome outcome = RunSchedule(FatalSchedule(disconnects), {});
    EXPECT_EQ(outcome.missing, 0) << disconnects;
    replacements += outcome.replacements;
  }
  EXPECT_GE(replacements, 5);
}

TEST(KafkaProducer, WithoutSendingAgainAFatalErrorLosesAppends) {
  int missing = 0;
  for (int disconnects = 1; disconnects <= 5; ++disconnects)
    missing += RunSchedule(FatalSchedule(disconnects), {.forget_unconfirmed = true}).missing;
  EXPECT_GT(missing, 0);
}

TEST(KafkaProducer, SendsAgainInTheOrderOfTheAppends) {
  MockCluster cluster;
  auto producer = KafkaProducer::Start(cluster.options(), kPartitions);
  Writer writer(**producer);
  writer.Append(5);
  ASSERT_TRUE(writer.Wait());
  cluster.FailProduce(std::vector(10'000, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER));
  writer.Append(300);
  // Healed between two producers: this broker would take a batch after refusing the one before it, which no other does.
  for (const absl::Time deadline = Soon(); absl::Now() < deadline; absl::SleepFor(absl::Milliseconds(1)))
    if ((*producer)->replacements() >= 3 && !(*producer)->Health().ok()) break;
  cluster.Heal();
  writer.Append(20);
  ASSERT_TRUE(writer.Wait());
  EXPECT_GE((*producer)->replacements(), 4);
  EXPECT_TRUE(writer.EachAnsweredOnce());
  const auto stored = Stored(cluster.options());
  for (int i = 0; i < kPartitions; ++i) {
    EXPECT_EQ(writer.Appended(i, true), writer.Appended(i, false));
    EXPECT_EQ(stored[i], writer.Appended(i, false)) << "partition " << i;
  }
}

TEST(KafkaProducer, LosesNothingUnderAnyScheduleOfErrors) {
  const char* const given = std::getenv("KEFU_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  printf("seed %lu (KEFU_SEED=%lu repeats it)\n", seed, seed);
  std::mt19937_64 random(seed);
  constexpr rd_kafka_resp_err_t kErrors[] = {
      RD_KAFKA_RESP_ERR_NO_ERROR,
      RD_KAFKA_RESP_ERR__TRANSPORT,
      RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
      RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
      RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
      RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
      RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
      RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID,
  };
  for (int round = 0; round < 6; ++round) {
    std::vector<rd_kafka_resp_err_t> errors(1 + random() % 10);
    for (auto& error : errors) error = kErrors[random() % std::size(kErrors)];
    EXPECT_EQ(RunSchedule(errors, {}).missing, 0) << "round " << round;
  }
}

TEST(KafkaProducer, SaysThatTheOutcomeIsUnknownWhenNoBrokerAnswersInTime) {
  MockCluster cluster;
  cluster.options().delivery_timeout = absl::Milliseconds(500);
  auto producer = KafkaProducer::Start(cluster.options(), kPartitions);
  Writer writer(**producer);
  writer.Append(2);
  ASSERT_TRUE(writer.Wait());
  cluster.Down();
  writer.Append(10);
  ASSERT_TRUE(writer.Wait());
  EXPECT_TRUE(writer.EachAnsweredOnce());
  EXPECT_EQ(writer.Codes(), (std::set<StatusCode>{StatusCode::kOk, StatusCode::kUnavailable}));
  cluster.Up();
  const size_t before = writer.Appended(0, true).size();
  for (const absl::Time deadline = Soon(); writer.Appended(0, true).size() == before && absl::Now() < deadline;) {
    writer.Append(2);
    ASSERT_TRUE(writer.Wait());
  }
  EXPECT_GT(writer.Appended(0, true).size(), before);
}

TEST(KafkaProducer, RefusesAtOnceWhenTooMuchWaits) {
  MockCluster cluster;
  cluster.options().queue_bytes = 10 * 300;
  auto producer = KafkaProducer::Start(cluster.options(), kPartitions);
  cluster.Down();
  Writer writer(**producer);
  const absl::Time began = absl::Now();
  writer.Append(100);
  EXPECT_LT(absl::Now() - began, absl::Seconds(5));
  EXPECT_TRUE(writer.Codes().contains(StatusCode::kResourceExhausted));
  cluster.Up();
  ASSERT_TRUE(writer.Wait());
  EXPECT_TRUE(writer.EachAnsweredOnce());
  writer.Append(2);
  ASSERT_TRUE(writer.Wait());
  EXPECT_EQ(writer.Appended(0, true).back(), "100");
}

TEST(KafkaProducer, EndsInTimeAndAnswersWhatWaitsWhenNoBrokerIsThere) {
  MockCluster cluster;
  auto producer = KafkaProducer::Start(cluster.options(), kPartitions);
  Writer writer(**producer);
  cluster.Down();
  writer.Append(10);
  const absl::Time began = absl::Now();
  producer->reset();
  EXPECT_LT(absl::Now() - began, absl::Seconds(20));
  EXPECT_TRUE(writer.EachAnsweredOnce());
  EXPECT_EQ(writer.Codes(), std::set<StatusCode>{StatusCode::kUnavailable});
}

TEST(KafkaProducer, RefusesWhatCannotBeWritten) {
  MockCluster cluster;
  const auto log = OpenKafkaLog(cluster.options());
  ASSERT_TRUE(log.ok()) << ToString(log.status());
  const auto code = [&](Partition partition, std::vector<AppendRecord> records) {
    return AppendAndWait(**log, partition, std::move(records), Soon()).status().code();
  };
  EXPECT_EQ(code(Partition(kPartitions), {{"", "a"}}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code(Partition(-1), {{"", "a"}}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code(Partition(0), {}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code(Partition(0), {{"", std::string(2 << 20, 'x')}}), StatusCode::kInvalidArgument);
  EXPECT_EQ((*log)->EndOffset(Partition(0)).value(), Offset(0));
}

TEST(KafkaReader, SaysThatNoBrokerAnswersAndGoesOnWhenOneDoes) {
  MockCluster cluster;
  auto producer = KafkaProducer::Start(cluster.options(), kPartitions);
  Writer writer(**producer);
  writer.Append(2);
  ASSERT_TRUE(writer.Wait());
  KafkaReader reader(cluster.options(), {{Partition(0), Offset(0)}});
  std::vector<std::string> read;
  Status status;
  const auto poll = [&] {
    std::vector<RecordBatch> batches;
    status = reader.Poll(absl::Milliseconds(100), 1 << 20, &batches);
    for (const RecordBatch& batch : batches)
      for (const RecordView& record : batch.records) read.emplace_back(record.value);
  };
  const absl::Time deadline = Soon();
  while (read.empty() && absl::Now() < deadline) poll();
  cluster.Down();
  while (status.ok() && absl::Now() < deadline) poll();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  cluster.Up();
  writer.Append(2);
  while (read.size() < 2 && absl::Now() < deadline) poll();
  EXPECT_EQ(read, (std::vector<std::string>{"0", "2"}));
}

}  // namespace
}  // namespace kefu::log
