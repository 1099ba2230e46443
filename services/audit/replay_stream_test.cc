#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>

#include "services/audit/replay_testing.h"

namespace kefu::audit {
namespace {

// --- who looks is recorded first ---

TEST(Replay, IsRecordedBeforeItIsAnsweredAndNotPartOfItself) {
  AuditServer server(kPartitions);
  server.Live(1, 50);
  const int64_t before = server.log().EndOffset(Partition(0))->value();
  v1::ReplayRequest request = Asked();
  request.add_kinds("audit_accessed");
  EXPECT_TRUE(Replay(server, request).Events().empty());
  EXPECT_EQ(server.log().EndOffset(Partition(0))->value(), before + 1);
  server.CatchUp();
  const auto looks = Replay(server, request).Events();
  ASSERT_EQ(looks.size(), 1);
  EXPECT_EQ(looks[0].offset(), before);
  EXPECT_EQ(looks[0].verdict().outcome(), events::v1::VERDICT_OUTCOME_APPLIED);
  Event event;
  ASSERT_TRUE(event::ParseRecorded(looks[0].record(), &event).ok());
  EXPECT_EQ(event.actor().id(), "A-1");
  EXPECT_EQ(event.audit_accessed().call(), "AuditService.Replay");
  EXPECT_EQ(event.audit_accessed().query(), R"({"kinds":["audit_accessed"]})");
}

// Takes appends and answers none until told to.
class HoldingLog final : public log::EventLog {
 public:
  explicit HoldingLog(int32_t partitions) : log_(partitions) {}
  const log::LogIdentity& identity() const override { return log_.identity(); }
  void Append(Partition partition, std::vector<log::AppendRecord> records, log::AppendCallback done) override {
    const std::lock_guard lock(mutex_);
    held_.push_back([this, partition, records = std::move(records), done = std::move(done)] {
      log_.Append(partition, records, done);
    });
    arrived_.notify_all();
  }
  StatusOr<std::unique_ptr<log::LogReader>> OpenReader(std::vector<log::ReadFrom> from) override {
    ++readers_;
    return log_.OpenReader(std::move(from));
  }
  StatusOr<Offset> EndOffset(Partition partition) override { return log_.EndOffset(partition); }
  StatusOr<std::string> ReadOne(Partition partition, Offset offset) override { return log_.ReadOne(partition, offset); }
  Status Health() override { return log_.Health(); }

  void WaitForAppend() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return !held_.empty(); });
  }
  void Release() {
    std::vector<std::function<void()>> held;
    {
      const std::lock_guard lock(mutex_);
      held.swap(held_);
    }
    for (const auto& append : held) append();
  }
  int readers() const { return readers_; }

 private:
  testkit::MemoryLog log_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<std::function<void()>> held_;
  std::atomic<int> readers_ = 0;
};

TEST(Replay, NothingIsReadBeforeTheAccessIsDurable) {
  HoldingLog log(1);
  AuditServer server(1, {}, nullptr, &log);
  server.Live(1, 10);
  Patient context;
  const auto reader = server.stub->Replay(&context, Asked());
  log.WaitForAppend();
  EXPECT_EQ(log.readers(), 0);
  log.Release();
  // The held log itself is empty, while the engine has ten events: it will bring nothing, and the call waits.
  context.TryCancel();
  v1::ReplayResponse message;
  EXPECT_FALSE(reader->Read(&message));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST(Replay, NothingIsAnsweredWhenTheAccessCannotBeRecorded) {
  AuditServer server(kPartitions);
  server.Live(1, 50);
  server.log().FailAppends(Unavailable("the brokers are away"));
  const Answer answer = Replay(server, Asked());
  ExpectRefused(answer.status, grpc::StatusCode::UNAVAILABLE, "AUDIT_NOT_RECORDED");
  EXPECT_TRUE(answer.messages.empty());
  server.log().FailAppends(OkStatus());
  EXPECT_FALSE(Replay(server, Asked()).Events().empty());
}

// The control: without recording the same call is answered, so the test above can fail.
TEST(Replay, WithoutRecordingItWouldBeAnswered) {
  NoRecorder nobody;
  AuditServer server(kPartitions, {}, &nobody);
  server.Live(1, 50);
  server.log().FailAppends(Unavailable("the brokers are away"));
  EXPECT_FALSE(Replay(server, Asked()).Events().empty());
}

// --- streams end, and cost little ---

TEST(Replay, EndsWhenTheCallerGoes) {
  NoRecorder nobody;
  AuditServer server(1, {.message_bytes = 1}, &nobody);
  server.Live(1, 500);
  Patient context;
  const auto reader = server.stub->Replay(&context, Asked());
  v1::ReplayResponse message;
  ASSERT_TRUE(reader->Read(&message));
  context.TryCancel();
  while (reader->Read(&message)) {
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

// What makes messages and what writes them run at once: whichever of them notices first, the stream ends once.
TEST(Replay, EndsAtWhateverMomentTheCallerGoes) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  std::mt19937_64 random(seed);
  NoRecorder nobody;
  AuditServer server(1, {.message_bytes = 1}, &nobody);
  server.Live(seed, 300);
  for (int call = 0; call < 100; ++call) {
    Patient context;
    const auto reader = server.stub->Replay(&context, Asked());
    v1::ReplayResponse message;
    int read = 0;
    for (const uint64_t wanted = random() % 40; read < static_cast<int>(wanted); ++read)
      ASSERT_TRUE(reader->Read(&message)) << "message " << read << " of call " << call;
    context.TryCancel();
    while (reader->Read(&message)) ++read;
    const grpc::Status status = reader->Finish();
    // All of it may have come before the caller went.
    if (status.ok()) {
      EXPECT_EQ(read, 300);
    } else {
      EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
    }
  }
  // Whoever stays gets everything.
  EXPECT_EQ(Replay(server, Asked()).Events().size(), 300);
}

TEST(Replay, EndsWhenTheServerDoes) {
  NoRecorder nobody;
  AuditServer server(1, {}, &nobody);
  server.Live(1, 20);
  server.EndAllStreams();
  const Answer answer = Replay(server, Asked());
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(answer.status.error_message(), testing::HasSubstr("resume_token"));
}

TEST(Replay, ALogThatBringsNothingIsGivenUp) {
  NoRecorder nobody;
  AuditServer server(1, {.patience = absl::Milliseconds(20)}, &nobody);
  server.Live(1, 20);
  // The engine has stopped following, so that only the replay sees the fault.
  server.engine().Stop();
  server.log().FailReads(Unavailable("no broker"));
  ExpectRefused(Replay(server, Asked()).status, grpc::StatusCode::UNAVAILABLE, "LOG_SILENT");
  server.log().FailReads(DataLoss("offset 3 is damaged"));
  const Answer damaged = Replay(server, Asked());
  EXPECT_EQ(damaged.status.error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_THAT(damaged.status.error_message(), testing::HasSubstr("partition 0: offset 3 is damaged"));
  server.log().FailReads(OkStatus());
  EXPECT_EQ(Replay(server, Asked()).Events().size(), 20);
}

// A log that leaves offsets out, as Kafka does where a transaction ended or a segment was compacted: every third is there.
class SparseLog final : public log::EventLog {
 public:
  static constexpr int64_t kStep = 3;
  explicit SparseLog(int32_t partitions) : log_(partitions) {}
  const log::LogIdentity& identity() const override { return log_.identity(); }
  void Append(Partition partition, std::vector<log::AppendRecord> records, log::AppendCallback done) override {
    log_.Append(partition, std::move(records), [done = std::move(done)](StatusOr<Offset> at) {
      done(at.ok() ? StatusOr<Offset>(Offset(at->value() * kStep)) : at);
    });
  }
  StatusOr<std::unique_ptr<log::LogReader>> OpenReader(std::vector<log::ReadFrom> from) override {
    for (auto& each : from) each.next = Offset((each.next.value() + kStep - 1) / kStep);
    ASSIGN_OR_RETURN(auto reader, log_.OpenReader(std::move(from)));
    return std::make_unique<Reader>(std::move(reader));
  }
  StatusOr<Offset> EndOffset(Partition partition) override {
    ASSIGN_OR_RETURN(const Offset end, log_.EndOffset(partition));
    return Offset(end.value() == 0 ? 0 : (end.value() - 1) * kStep + 1);
  }
  StatusOr<std::string> ReadOne(Partition partition, Offset offset) override {
    if (offset.value() % kStep != 0) return NotFound("left out");
    return log_.ReadOne(partition, Offset(offset.value() / kStep));
  }
  Status Health() override { return log_.Health(); }
  testkit::MemoryLog& inner() { return log_; }

 private:
  class Reader final : public log::LogReader {
   public:
    explicit Reader(std::unique_ptr<log::LogReader> reader) : reader_(std::move(reader)) {}
    Status Poll(absl::Duration max_wait, size_t max_bytes, std::vector<log::RecordBatch>* batches) override {
      const size_t before = batches->size();
      RETURN_IF_ERROR(reader_->Poll(max_wait, max_bytes, batches));
      for (size_t i = before; i < batches->size(); ++i)
        for (auto& record : (*batches)[i].records) record.offset = Offset(record.offset.value() * kStep);
      return OkStatus();
    }
    int64_t Behind() const override { return reader_->Behind(); }
    void Wake() override { reader_->Wake(); }

   private:
    std::unique_ptr<log::LogReader> reader_;
  };
  testkit::MemoryLog log_;
};

TEST(Replay, WhereOffsetsAreLeftOutLeavesAreNot) {
  NoRecorder nobody;
  SparseLog log(1);
  AuditServer server(1, {.message_bytes = 200}, &nobody, &log, true);
  const auto put = [&](const testkit::Draft& draft, int64_t number) {
    log.inner().Put(Partition(0), testkit::Recorded(testkit::Finish(draft, number), testkit::Beginning()));
  };
  put(testkit::Registered("王小明"), 1);
  for (int i = 2; i <= 12; ++i) put(testkit::Opened(fmt::format("K-{}", i)), i);
  // Delivered again.
  put(testkit::Opened("K-5"), 5);
  ASSERT_TRUE(server.engine().WaitFor(Partition(0), *log.EndOffset(Partition(0)), absl::Now() + absl::Seconds(20)).ok());
  for (const char* client_id : {"", "C-1"}) {
    v1::ReplayRequest request = Asked();
    request.set_client_id(client_id);
    const Answer whole = Replay(server, request);
    ASSERT_TRUE(whole.status.ok()) << whole.status.error_message();
    const auto events = whole.Events();
    ASSERT_EQ(events.size(), 13);
    for (size_t i = 0; i < events.size(); ++i) {
      EXPECT_EQ(events[i].offset(), static_cast<int64_t>(i) * SparseLog::kStep);
      EXPECT_EQ(events[i].leaf_index(), static_cast<int64_t>(i));
    }
    EXPECT_EQ(events.back().verdict().outcome(), events::v1::VERDICT_OUTCOME_DUPLICATE);
    EXPECT_EQ(events.back().verdict().first_offset(), 4 * SparseLog::kStep);
    EXPECT_GT(whole.messages.size(), 3);
    size_t seen = 0;
    for (const auto& message : whole.messages) {
      seen += static_cast<size_t>(message.events_size());
      request.set_resume_token(message.resume_token());
      EXPECT_EQ(Text(Replay(server, request).Events()), Text({events.begin() + static_cast<ptrdiff_t>(seen), events.end()}));
    }
    request.clear_resume_token();
    // Positions in the middle of what is left out.
    request.set_from_position(log::Position{log.identity().id, {4}}.Encode());
    request.set_until_position(log::Position{log.identity().id, {11}}.Encode());
    const auto between = Replay(server, request).Events();
    ASSERT_EQ(between.size(), 2);
    EXPECT_EQ(between[0].leaf_index(), 2);
    EXPECT_EQ(between[1].leaf_index(), 3);
  }
}

// A log whose readers count what they give out.
class CountingLog final : public log::EventLog {
 public:
  explicit CountingLog(int32_t partitions) : log_(partitions) {}
  const log::LogIdentity& identity() const override { return log_.identity(); }
  void Append(Partition partition, std::vector<log::AppendRecord> records, log::AppendCallback done) override {
    log_.Append(partition, std::move(records), std::move(done));
  }
  StatusOr<std::unique_ptr<log::LogReader>> OpenReader(std::vector<log::ReadFrom> from) override {
    ASSIGN_OR_RETURN(auto reader, log_.OpenReader(std::move(from)));
    return std::make_unique<Reader>(*this, std::move(reader));
  }
  StatusOr<Offset> EndOffset(Partition partition) override { return log_.EndOffset(partition); }
  StatusOr<std::string> ReadOne(Partition partition, Offset offset) override { return log_.ReadOne(partition, offset); }
  Status Health() override { return log_.Health(); }

  size_t given_out() const { return given_out_; }
  testkit::MemoryLog& inner() { return log_; }

 private:
  class Reader final : public log::LogReader {
   public:
    Reader(CountingLog& log, std::unique_ptr<log::LogReader> reader) : log_(log), reader_(std::move(reader)) {}
    Status Poll(absl::Duration max_wait, size_t max_bytes, std::vector<log::RecordBatch>* batches) override {
      const Status status = reader_->Poll(max_wait, max_bytes, batches);
      for (const auto& batch : *batches)
        for (const auto& record : batch.records) log_.given_out_ += record.value.size();
      return status;
    }
    int64_t Behind() const override { return reader_->Behind(); }
    void Wake() override { reader_->Wake(); }

   private:
    CountingLog& log_;
    std::unique_ptr<log::LogReader> reader_;
  };
  testkit::MemoryLog log_;
  std::atomic<size_t> given_out_ = 0;
};

TEST(Replay, ASlowReaderHoldsItUpAndNotTheServersMemory) {
  NoRecorder nobody;
  CountingLog log(1);
  AuditServer server(1, {}, &nobody, &log);
  constexpr int kRecords = 1000;
  constexpr size_t kRecordBytes = 64 << 10;
  for (int i = 0; i < kRecords; ++i) {
    const std::string bytes(kRecordBytes, '\xff');
    server.log().Put(Partition(0), bytes);
    log.inner().Put(Partition(0), bytes);
  }
  server.CatchUp();
  Patient slow_context;
  const auto slow = server.stub->Replay(&slow_context, Asked());
  v1::ReplayResponse message;
  ASSERT_TRUE(slow->Read(&message));
  EXPECT_LE(message.ByteSizeLong(), (size_t{1} << 20) + kRecordBytes + 4096);
  const size_t received = message.ByteSizeLong();
  // Meanwhile another reads all of it: time enough for the first to run ahead, were nothing to hold it.
  EXPECT_EQ(Replay(server, Asked()).Events().size(), kRecords);
  EXPECT_LT(log.given_out() - kRecords * kRecordBytes, received + (size_t{16} << 20)) << "it read ahead of its reader";
  // And it goes on where it was.
  int events = message.events_size();
  while (slow->Read(&message)) events += message.events_size();
  EXPECT_EQ(events, kRecords);
  EXPECT_TRUE(slow->Finish().ok());
}

}  // namespace
}  // namespace kefu::audit
