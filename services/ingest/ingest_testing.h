#pragma once

// Stand-ins for what the doors lean on, with hands to hold and to fail them.

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "kefu/events/v1/event.pb.h"
#include "platform/log/kafka/kafka_log.h"
#include "platform/testkit/memory_log.h"
#include "projections/engine/engine.h"

namespace kefu::ingest {

inline events::v1::Event Contact(const std::string& event_id, const std::string& client_id = "C-1") {
  events::v1::Event event;
  event.set_event_id(event_id);
  event.set_client_id(client_id);
  event.mutable_occurred_at()->set_seconds(1'700'000'000);
  event.set_source("cti");
  event.mutable_contact_recorded()->set_channel(events::v1::CHANNEL_PHONE);
  event.mutable_contact_recorded()->set_direction(events::v1::DIRECTION_INBOUND);
  return event;
}

// One kind of bad input, as bytes of an Event.
struct BadEvent {
  std::string name;
  std::string bytes;
  std::string reason;
};
std::vector<BadEvent> BadEvents();

// A log that answers appends when told to.
class HeldLog final : public log::EventLog {
 public:
  explicit HeldLog(int32_t partitions) : log_(partitions) {}

  void Hold() {
    const std::lock_guard lock(mutex_);
    holding_ = true;
  }
  // Answers what was held, and from now on at once.
  void Release();
  size_t held() {
    const std::lock_guard lock(mutex_);
    return held_.size();
  }
  void WaitForHeld(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return held_.size() >= count; });
  }
  // Called before each append; an error is the answer.
  void SetVerdict(std::function<Status(const std::vector<log::AppendRecord>&)> verdict) {
    const std::lock_guard lock(mutex_);
    verdict_ = std::move(verdict);
  }
  // All events, in the order of the partitions.
  std::vector<events::v1::Event> Events();
  testkit::MemoryLog& memory() { return log_; }

  const log::LogIdentity& identity() const override { return log_.identity(); }
  void Append(Partition partition, std::vector<log::AppendRecord> records, log::AppendCallback done) override;
  StatusOr<std::unique_ptr<log::LogReader>> OpenReader(std::vector<log::ReadFrom> from) override {
    return log_.OpenReader(std::move(from));
  }
  StatusOr<Offset> EndOffset(Partition partition) override { return log_.EndOffset(partition); }
  StatusOr<std::string> ReadOne(Partition partition, Offset offset) override { return log_.ReadOne(partition, offset); }
  Status Health() override { return log_.Health(); }

 private:
  testkit::MemoryLog log_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool holding_ = false;
  std::deque<std::function<void()>> held_;
  std::function<Status(const std::vector<log::AppendRecord>&)> verdict_;
};

// Only what the doors use of the engine: waiting and verdicts.
class FakeEngine final : public engine::Engine {
 public:
  explicit FakeEngine(const log::EventLog& log) : identity_(log.identity()) {}

  // Judges everything up to `next` in `partition`.
  void Apply(Partition partition, Offset next, const events::v1::Verdict& verdict);
  // The deadlines of all who wait have passed.
  void Expire();
  void WaitForWaiters(size_t count);

  void WhenReached(Partition partition, Offset next, absl::Time deadline, std::function<void(Status)> done) override;
  StatusOr<events::v1::Verdict> VerdictAt(Partition partition, Offset offset) const override;
  absl::Time last_deadline() const {
    const std::lock_guard lock(mutex_);
    return last_deadline_;
  }

  Status Start() override { return OkStatus(); }
  void Stop() override {}
  int32_t partitions() const override { return identity_.partitions; }
  const log::LogIdentity& log_identity() const override { return identity_; }
  const std::vector<const sdk::Projection*>& projections() const override { return projections_; }
  std::shared_ptr<const engine::PartitionView> At(Partition) const override { return nullptr; }
  log::Position CurrentPosition() const override { return {}; }
  std::shared_ptr<void> Listen(std::string_view, engine::ChangeListener) override { return nullptr; }
  std::vector<admin::v1::View> Describe() const override { return {}; }
  Status Rebuild(std::string_view) override { return OkStatus(); }
  StatusOr<std::vector<admin::v1::ParkedEvent>> ListParked(std::string_view, Partition, Offset, int) const override {
    return std::vector<admin::v1::ParkedEvent>();
  }
  StatusOr<Retried> RetryParked(std::string_view, std::string_view) override { return Retried(); }
  StatusOr<admin::v1::PartitionDigest> Digest(std::string_view, Partition) const override {
    return admin::v1::PartitionDigest();
  }
  Status Health() const override { return OkStatus(); }

 private:
  struct Waiter {
    Partition partition;
    Offset next;
    std::function<void(Status)> done;
  };
  const log::LogIdentity identity_;
  const std::vector<const sdk::Projection*> projections_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  absl::Time last_deadline_;
  std::vector<Waiter> waiters_;
  std::map<Partition, std::pair<Offset, events::v1::Verdict>> applied_;
};

// What a test put there, in polls as it put them; remembers what was committed.
class FakeInbox final : public log::KafkaInbox {
 public:
  // Shared with the test, which outlives the inbox.
  struct Topic {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::vector<log::InboxRecord>> polls;
    // Answers of the next polls and commits; OK when empty.
    std::deque<Status> poll_answers;
    std::deque<Status> commit_answers;
    size_t given = 0;
    size_t committed = 0;

    void Put(std::vector<log::InboxRecord> records);
    void WaitForCommitted(size_t count);
  };

  explicit FakeInbox(Topic& topic) : topic_(topic) {}
  Status Poll(absl::Duration max_wait, size_t max_records, std::vector<log::InboxRecord>* records) override;
  Status CommitAll() override;
  Status Health() override { return OkStatus(); }

 private:
  Topic& topic_;
};

}  // namespace kefu::ingest
