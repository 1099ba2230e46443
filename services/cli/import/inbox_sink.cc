#include "services/cli/import/inbox_sink.h"

#include <condition_variable>
#include <deque>
#include <mutex>

#include "kefu/events/v1/event.pb.h"
#include "platform/base/hash.h"
#include "platform/log/kafka/kafka_log.h"

namespace kefu::cli {
namespace {

class InboxSink final : public EventSink {
 public:
  InboxSink(std::unique_ptr<log::EventLog> inbox, const InboxSinkOptions& options, Answered answered)
      : options_(options), answered_(std::move(answered)), inbox_(std::move(inbox)) {}

  ~InboxSink() override {
    // Callbacks of appends under way must not find this object gone.
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ == 0; });
  }

  Status Send(const events::v1::Event& event) override {
    const Partition partition(PartitionForKey(event.client_id(), inbox_->partitions()));
    for (;;) {
      std::shared_ptr<Slot> slot;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return slots_.size() < options_.window || !failure_.ok() || abandoned_; });
        RETURN_IF_ERROR(Stopped());
        slot = slots_.emplace_back(std::make_shared<Slot>());
        ++waiting_;
      }
      inbox_->Append(partition, {{event.client_id(), event.SerializeAsString()}},
                     [this, slot](const StatusOr<Offset>& offset) { Confirm(slot, offset.status()); });
      std::unique_lock lock(mutex_);
      if (!slot->no_room) return OkStatus();
      // The producer's queue is full: this event, the last one sent, waits until there is room.
      std::erase(slots_, slot);
      changed_.wait_for(lock, std::chrono::milliseconds(50), [&] { return !failure_.ok() || abandoned_; });
    }
  }

  Status Finish() override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return slots_.empty() || !failure_.ok() || abandoned_; });
    return slots_.empty() && failure_.ok() ? OkStatus() : Stopped();
  }

  void Abandon() override {
    std::lock_guard lock(mutex_);
    abandoned_ = true;
    changed_.notify_all();
  }

 private:
  struct Slot {
    bool confirmed = false;
    bool no_room = false;
  };

  Status Stopped() const {
    if (!failure_.ok()) return failure_;
    return abandoned_ ? Cancelled("interrupted") : OkStatus();
  }

  // Partitions confirm at their own pace; answers leave in the order of Send.
  void Confirm(const std::shared_ptr<Slot>& slot, const Status& status) {
    std::lock_guard lock(mutex_);
    --waiting_;
    if (status.code() == StatusCode::kResourceExhausted) {
      slot->no_room = true;
    } else if (!status.ok()) {
      // What follows in its partition may be there already: going on would change the order of a client's events.
      if (failure_.ok()) failure_ = status;
    } else {
      slot->confirmed = true;
    }
    while (failure_.ok() && !slots_.empty() && slots_.front()->confirmed) {
      answered_({Answer::Kind::kRecorded, {}});
      slots_.pop_front();
    }
    changed_.notify_all();
  }

  const InboxSinkOptions options_;
  const Answered answered_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Slot>> slots_;
  int64_t waiting_ = 0;
  Status failure_;
  bool abandoned_ = false;
  // Last: it goes first, and its callbacks use all of the above.
  const std::unique_ptr<log::EventLog> inbox_;
};

}  // namespace

std::unique_ptr<EventSink> MakeInboxSink(std::unique_ptr<log::EventLog> inbox, const InboxSinkOptions& options,
                                         EventSink::Answered answered) {
  return std::make_unique<InboxSink>(std::move(inbox), options, std::move(answered));
}

StatusOr<std::unique_ptr<log::EventLog>> OpenInbox(const std::string& address) {
  constexpr std::string_view kScheme = "kafka://";
  const size_t slash = address.rfind('/');
  if (!address.starts_with(kScheme) || slash < kScheme.size() || slash + 1 == address.size() || slash == kScheme.size())
    return InvalidArgument("\"{}\" is no inbox: write kafka://host:port/topic", address);
  log::KafkaOptions options;
  options.bootstrap_servers = address.substr(kScheme.size(), slash - kScheme.size());
  options.topic = address.substr(slash + 1);
  return log::OpenKafkaLog(options);
}

}  // namespace kefu::cli
