#include "services/ingest/ingest_testing.h"

#include <google/protobuf/unknown_field_set.h>

#include "platform/base/check.h"

namespace kefu::ingest {

namespace {

using events::v1::Event;

std::string Changed(const std::function<void(Event&)>& change) {
  Event event = Contact("E-bad");
  change(event);
  return event.SerializePartialAsString();
}

std::string NestedGroups(int depth) {
  std::string bytes;
  for (int i = 0; i < depth; ++i) bytes += "\xe3\x03";
  for (int i = 0; i < depth; ++i) bytes += "\xe4\x03";
  return bytes;
}

}  // namespace

std::vector<BadEvent> BadEvents() {
  return {
      {"undecodable bytes", "\x0a\xff not an event", "PROTOBUF_INVALID"},
      {"invalid UTF-8", Changed([](Event& e) { e.mutable_contact_recorded()->set_summary("\xff\xfe"); }),
       "TEXT_NOT_UTF8"},
      {"depth 101", Contact("E-bad").SerializeAsString() + NestedGroups(101), "NESTED_TOO_DEEP"},
      {"1 MiB text",
       Changed([](Event& e) { e.mutable_contact_recorded()->set_summary(std::string((1 << 20) - 200, 'x')); }),
       "EVENT_TOO_LARGE"},
      {"100 KiB text",
       Changed([](Event& e) { e.mutable_contact_recorded()->set_summary(std::string(100 << 10, 'x')); }),
       "TEXT_TOO_LONG"},
      {"missing event id", Changed([](Event& e) { e.clear_event_id(); }), "EVENT_ID_MISSING"},
      {"missing client id", Changed([](Event& e) { e.clear_client_id(); }), "CLIENT_ID_MISSING"},
      {"far future", Changed([](Event& e) { e.mutable_occurred_at()->set_seconds(32'503'680'000); }),
       "OCCURRED_AT_IN_FUTURE"},
      {"unknown enum",
       Changed([](Event& e) { e.mutable_contact_recorded()->set_channel(static_cast<events::v1::Channel>(99)); }),
       "ENUM_UNKNOWN"},
      {"unknown body", Changed([](Event& e) {
         e.clear_body();
         e.GetReflection()->MutableUnknownFields(&e)->AddLengthDelimited(950)->assign("\x0a\x01x");
       }),
       "BODY_UNKNOWN"},
  };
}

void HeldLog::Append(Partition partition, std::vector<log::AppendRecord> records, log::AppendCallback done) {
  std::function<Status(const std::vector<log::AppendRecord>&)> verdict;
  {
    const std::lock_guard lock(mutex_);
    verdict = verdict_;
  }
  if (verdict) {
    if (Status status = verdict(records); !status.ok()) return done(std::move(status));
  }
  auto append = [this, partition, records = std::move(records), done = std::move(done)]() mutable {
    log_.Append(partition, std::move(records), std::move(done));
  };
  {
    const std::lock_guard lock(mutex_);
    if (holding_) {
      held_.push_back(std::move(append));
      changed_.notify_all();
      return;
    }
  }
  append();
}

void HeldLog::Release() {
  // What is appended meanwhile waits behind what was held before, as in a log.
  while (true) {
    std::function<void()> append;
    {
      const std::lock_guard lock(mutex_);
      if (held_.empty()) {
        holding_ = false;
        return;
      }
      append = std::move(held_.front());
      held_.pop_front();
    }
    append();
  }
}

std::vector<Event> HeldLog::Events() {
  std::vector<Event> events;
  for (int32_t partition = 0; partition < partitions(); ++partition) {
    const int64_t end = log_.EndOffset(Partition(partition))->value();
    for (int64_t offset = 0; offset < end; ++offset) {
      const std::string bytes = *log_.ReadOne(Partition(partition), Offset(offset));
      KEFU_CHECK(events.emplace_back().ParseFromString(bytes), "a recorded event must be readable");
    }
  }
  return events;
}

void FakeEngine::Apply(Partition partition, Offset next, const events::v1::Verdict& verdict) {
  std::vector<Waiter> reached;
  {
    const std::lock_guard lock(mutex_);
    applied_[partition] = {next, verdict};
    std::erase_if(waiters_, [&](const Waiter& waiter) {
      if (waiter.partition != partition || waiter.next > next) return false;
      reached.push_back(waiter);
      return true;
    });
  }
  for (const Waiter& waiter : reached) waiter.done(OkStatus());
}

void FakeEngine::Expire() {
  std::vector<Waiter> waiters;
  {
    const std::lock_guard lock(mutex_);
    waiters.swap(waiters_);
  }
  for (const Waiter& waiter : waiters) waiter.done(DeadlineExceeded("not there yet"));
}

void FakeEngine::WaitForWaiters(size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return waiters_.size() >= count; });
}

void FakeEngine::WhenReached(Partition partition, Offset next, absl::Time deadline, std::function<void(Status)> done) {
  {
    const std::lock_guard lock(mutex_);
    last_deadline_ = deadline;
    const auto applied = applied_.find(partition);
    if (applied == applied_.end() || applied->second.first < next) {
      waiters_.push_back({partition, next, std::move(done)});
      changed_.notify_all();
      return;
    }
  }
  done(OkStatus());
}

StatusOr<events::v1::Verdict> FakeEngine::VerdictAt(Partition partition, Offset offset) const {
  const std::lock_guard lock(mutex_);
  const auto applied = applied_.find(partition);
  if (applied == applied_.end() || applied->second.first <= offset) return OutOfRange("not applied yet");
  return applied->second.second;
}

void FakeInbox::Topic::Put(std::vector<log::InboxRecord> records) {
  {
    const std::lock_guard lock(mutex);
    polls.push_back(std::move(records));
  }
  changed.notify_all();
}

void FakeInbox::Topic::WaitForCommitted(size_t count) {
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return committed >= count; });
}

Status FakeInbox::Poll(absl::Duration max_wait, size_t, std::vector<log::InboxRecord>* records) {
  std::unique_lock lock(topic_.mutex);
  if (!topic_.poll_answers.empty()) {
    Status answer = std::move(topic_.poll_answers.front());
    topic_.poll_answers.pop_front();
    if (!answer.ok()) return answer;
  }
  topic_.changed.wait_for(lock, absl::ToChronoNanoseconds(max_wait), [&] { return !topic_.polls.empty(); });
  if (topic_.polls.empty()) return OkStatus();
  *records = std::move(topic_.polls.front());
  topic_.polls.pop_front();
  topic_.given += records->size();
  return OkStatus();
}

Status FakeInbox::CommitAll() {
  {
    const std::lock_guard lock(topic_.mutex);
    if (!topic_.commit_answers.empty()) {
      Status answer = std::move(topic_.commit_answers.front());
      topic_.commit_answers.pop_front();
      if (!answer.ok()) return answer;
    }
    topic_.committed = topic_.given;
  }
  topic_.changed.notify_all();
  return OkStatus();
}

}  // namespace kefu::ingest
