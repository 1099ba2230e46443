// What the Kafka log promises while real brokers are killed, frozen, or come back with another log.

#include <absl/time/clock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <set>
#include <thread>

#include "platform/log/kafka/kafka_log.h"
#include "platform/testkit/kafka_broker.h"

namespace kefu::log {
namespace {

constexpr int kPartitions = 3;

absl::Time Soon() { return absl::Now() + absl::Seconds(90); }

// Nothing but Kafka that cannot be fetched here may skip a test.
#define START_KAFKA(cluster, ...)                                       \
  auto cluster##_started = testkit::KafkaCluster::Start(__VA_ARGS__);   \
  if (absl::IsFailedPrecondition(cluster##_started.status()))           \
    GTEST_SKIP() << ToString(cluster##_started.status());               \
  ASSERT_TRUE(cluster##_started.ok()) << ToString(cluster##_started.status()); \
  testkit::KafkaCluster& cluster = **cluster##_started

KafkaOptions Options(const testkit::KafkaCluster& cluster) {
  return {.bootstrap_servers = cluster.bootstrap(), .topic = "events", .delivery_timeout = absl::Seconds(60)};
}

std::unique_ptr<EventLog> Open(const KafkaOptions& options) {
  auto log = OpenKafkaLog(options);
  EXPECT_TRUE(log.ok()) << ToString(log.status());
  return std::move(*log);
}

// Appends numbered values to every partition in turn until it is told to stop.
class Load {
 public:
  explicit Load(EventLog& log) : log_(log), thread_([this] { Run(); }) {}
  ~Load() { Stop(); }

  // Waits until `count` more appends were confirmed.
  bool AwaitConfirmed(size_t count) {
    std::unique_lock lock(mutex_);
    const size_t wanted = confirmed_ + count;
    return changed_.wait_for(lock, std::chrono::seconds(90), [&] { return confirmed_ >= wanted; });
  }

  // Returns when every append is answered.
  void Stop() {
    if (!thread_.joinable()) return;
    stop_ = true;
    thread_.join();
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(120), [&] { return waiting_ == 0; });
    EXPECT_EQ(waiting_, 0u) << "appends without an answer";
  }

  size_t appended(int partition) const { return answers_[partition].size(); }
  // The numbers that were confirmed.
  std::set<size_t> Confirmed(int partition) const {
    std::set<size_t> numbers;
    for (size_t i = 0; i < answers_[partition].size(); ++i)
      if (answers_[partition][i] == 1) numbers.insert(i);
    return numbers;
  }

 private:
  static constexpr size_t kMostWaiting = 500;

  void Run() {
    for (int partition = 0; !stop_; partition = (partition + 1) % kPartitions) {
      size_t number = 0;
      {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, std::chrono::milliseconds(100), [&] { return waiting_ < kMostWaiting; });
        if (waiting_ >= kMostWaiting) continue;
        ++waiting_;
        number = answers_[partition].size();
        answers_[partition].push_back(0);
      }
      log_.Append(Partition(partition), {{"", std::to_string(number)}}, [=, this](const StatusOr<Offset>& offset) {
        const std::lock_guard lock(mutex_);
        --waiting_;
        EXPECT_EQ(answers_[partition][number], 0) << "answered twice";
        answers_[partition][number] = offset.ok() ? 1 : 2;
        if (offset.ok()) ++confirmed_;
        changed_.notify_all();
      });
    }
  }

  EventLog& log_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // 0 waits, 1 confirmed, 2 another answer.
  std::vector<int> answers_[kPartitions];
  size_t waiting_ = 0;
  size_t confirmed_ = 0;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

// What one reader sees: offsets without gap or repeat, and the values in the order of their first occurrence.
class Follower {
 public:
  explicit Follower(EventLog& log) {
    std::vector<ReadFrom> from;
    for (int i = 0; i < kPartitions; ++i) from.push_back({Partition(i), Offset(0)});
    reader_ = std::move(*log.OpenReader(from));
  }

  void Poll() {
    std::vector<RecordBatch> batches;
    const Status status = reader_->Poll(absl::Milliseconds(100), 1 << 20, &batches);
    EXPECT_TRUE(status.ok() || absl::IsUnavailable(status)) << ToString(status);
    for (const RecordBatch& batch : batches)
      for (const RecordView& record : batch.records) {
        const int partition = batch.partition.value();
        EXPECT_EQ(record.offset.value(), next_[partition]) << "partition " << partition;
        next_[partition] = record.offset.value() + 1;
        const size_t number = std::stoull(std::string(record.value));
        if (seen_[partition].insert(number).second) order_[partition].push_back(number);
      }
  }

  bool ReadTo(EventLog& log) {
    const absl::Time deadline = Soon();
    for (int i = 0; i < kPartitions; ++i) {
      StatusOr<Offset> end = log.EndOffset(Partition(i));
      while (!end.ok() && absl::Now() < deadline) end = log.EndOffset(Partition(i));
      while (next_[i] < end.value_or(Offset(0)).value() && absl::Now() < deadline) Poll();
      if (!end.ok() || next_[i] != end->value()) return false;
    }
    return true;
  }

  const std::set<size_t>& seen(int partition) const { return seen_[partition]; }
  const std::vector<size_t>& order(int partition) const { return order_[partition]; }
  int64_t next(int partition) const { return next_[partition]; }

 private:
  std::unique_ptr<LogReader> reader_;
  int64_t next_[kPartitions] = {};
  std::set<size_t> seen_[kPartitions];
  std::vector<size_t> order_[kPartitions];
};

void ExpectNothingLost(const Load& load, EventLog& log, Follower* follower) {
  ASSERT_TRUE(follower->ReadTo(log));
  Follower fresh(log);
  ASSERT_TRUE(fresh.ReadTo(log));
  size_t confirmed = 0;
  size_t repeats = 0;
  for (int i = 0; i < kPartitions; ++i) {
    const std::set<size_t> acked = load.Confirmed(i);
    confirmed += acked.size();
    for (const size_t number : acked) EXPECT_TRUE(fresh.seen(i).contains(number)) << "lost " << number << " of " << i;
    EXPECT_TRUE(std::is_sorted(fresh.order(i).begin(), fresh.order(i).end())) << "partition " << i;
    // Who followed through the outage saw the same as who reads afterwards.
    EXPECT_EQ(follower->order(i), fresh.order(i));
    EXPECT_EQ(follower->next(i), fresh.next(i));
    repeats += static_cast<size_t>(fresh.next(i)) - fresh.order(i).size();
  }
  printf("%zu confirmed, none lost; %zu stored twice\n", confirmed, repeats);
}

// Keeps a follower polling beside the test's own thread.
class Following {
 public:
  explicit Following(Follower* follower) : thread_([this, follower] { while (!stop_) follower->Poll(); }) {}
  ~Following() {
    stop_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

TEST(OneBroker, KilledAndFrozenUnderLoadLosesNothingAndReadersGoOn) {
  START_KAFKA(cluster);
  const KafkaOptions options = Options(cluster);
  ASSERT_TRUE(EnsureKafkaTopic(options, kPartitions, 1).ok());
  const auto log = Open(options);
  Follower follower(*log);
  Load load(*log);
  {
    const Following following(&follower);
    ASSERT_TRUE(load.AwaitConfirmed(2000));
    for (int round = 0; round < 2; ++round) {
      cluster.Kill(0);
      ASSERT_TRUE(cluster.Restart(0).ok());
      ASSERT_TRUE(load.AwaitConfirmed(2000));
    }
    cluster.Pause(0);
    absl::SleepFor(absl::Seconds(1));
    cluster.Resume(0);
    ASSERT_TRUE(load.AwaitConfirmed(2000));
    load.Stop();
  }
  ExpectNothingLost(load, *log, &follower);
  EXPECT_TRUE(log->Health().ok());
}

TEST(OneBroker, AwayIsSaidByHealthAndAppendsAnswerInTime) {
  START_KAFKA(cluster);
  KafkaOptions options = Options(cluster);
  options.delivery_timeout = absl::Seconds(1);
  ASSERT_TRUE(EnsureKafkaTopic(options, kPartitions, 1).ok());
  const auto log = Open(options);
  EXPECT_TRUE(log->Health().ok());
  cluster.Kill(0);
  EXPECT_EQ(AppendAndWait(*log, Partition(0), {{"", "a"}}, Soon()).status().code(), StatusCode::kUnavailable);
  EXPECT_FALSE(log->EndOffset(Partition(0)).ok());
  EXPECT_FALSE(log->Health().ok());
}

// Kafka's files as they were some records ago: what a restored backup of one broker is.
TEST(OneBroker, BackWithAnOlderLogIsOutOfRange) {
  START_KAFKA(cluster);
  const KafkaOptions options = Options(cluster);
  ASSERT_TRUE(EnsureKafkaTopic(options, kPartitions, 1).ok());
  auto log = Open(options);
  ASSERT_TRUE(AppendAndWait(*log, Partition(0), {{"", "0"}, {"", "1"}}, Soon()).ok());
  Follower follower(*log);
  ASSERT_TRUE(follower.ReadTo(*log));

  const auto folder = std::filesystem::path(cluster.folder(0));
  cluster.Stop(0);
  std::filesystem::copy(folder / "data", folder / "older", std::filesystem::copy_options::recursive);
  ASSERT_TRUE(cluster.Restart(0).ok());
  ASSERT_TRUE(AppendAndWait(*log, Partition(0), {{"", "2"}, {"", "3"}}, Soon()).ok());
  auto following = std::move(*log->OpenReader({{Partition(0), Offset(4)}}));
  std::vector<RecordBatch> batches;
  // At the end exactly: nothing to say yet.
  ASSERT_TRUE(following->Poll(absl::Milliseconds(500), 1, &batches).ok());

  cluster.Stop(0);
  std::filesystem::remove_all(folder / "data");
  std::filesystem::rename(folder / "older", folder / "data");
  ASSERT_TRUE(cluster.Restart(0).ok());
  log = Open(options);
  ASSERT_EQ(log->EndOffset(Partition(0)).value(), Offset(2));

  auto opened_now = std::move(*log->OpenReader({{Partition(0), Offset(4)}}));
  for (LogReader* reader : {opened_now.get(), following.get()}) {
    Status status;
    for (const absl::Time deadline = Soon(); !absl::IsOutOfRange(status) && absl::Now() < deadline;)
      status = reader->Poll(absl::Milliseconds(100), 1, &batches);
    EXPECT_TRUE(absl::IsOutOfRange(status)) << ToString(status);
    // It stays so: nobody may go on by accident.
    EXPECT_TRUE(absl::IsOutOfRange(reader->Poll(absl::ZeroDuration(), 1, &batches)));
  }
  EXPECT_TRUE(batches.empty());
  EXPECT_EQ(log->ReadOne(Partition(0), Offset(3)).status().code(), StatusCode::kNotFound);
}

TEST(OneBroker, OfAnotherClusterHasAnotherIdentity) {
  START_KAFKA(one);
  START_KAFKA(other);
  ASSERT_TRUE(EnsureKafkaTopic(Options(one), 1, 1).ok());
  ASSERT_TRUE(EnsureKafkaTopic(Options(other), 1, 1).ok());
  const LogIdentity first = Open(Options(one))->identity();
  EXPECT_EQ(first.kind, "kafka");
  EXPECT_EQ(first.id, Open(Options(one))->identity().id);
  EXPECT_NE(first.id, Open(Options(other))->identity().id);
}

TEST(ThreeBrokers, GoOnWhenOneIsKilledUnderLoad) {
  START_KAFKA(cluster, {.brokers = 3});
  const KafkaOptions options = Options(cluster);
  const Status made = EnsureKafkaTopic(options, kPartitions, 3);
  ASSERT_TRUE(made.ok()) << ToString(made);
  const auto log = Open(options);
  Follower follower(*log);
  Load load(*log);
  {
    const Following following(&follower);
    ASSERT_TRUE(load.AwaitConfirmed(1000));
    cluster.Kill(1);
    // With two of three in sync, as min.insync.replicas asks for.
    ASSERT_TRUE(load.AwaitConfirmed(3000));
    ASSERT_TRUE(cluster.Restart(1).ok());
    ASSERT_TRUE(load.AwaitConfirmed(1000));
    load.Stop();
  }
  ExpectNothingLost(load, *log, &follower);
}

}  // namespace
}  // namespace kefu::log
