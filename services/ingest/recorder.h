#pragma once

// What every door does with an event: check it, stamp it, append it to its client's partition. What is about more than
// one client goes to partition 0, where it is judged, and says how many partitions it is for.

#include <absl/time/time.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "kefu/events/v1/event.pb.h"
#include "platform/base/ids.h"
#include "platform/base/status.h"
#include "platform/base/time.h"
#include "platform/event/validate.h"
#include "platform/log/log.h"

namespace kefu::ingest {

struct RecordedAt {
  Partition partition;
  Offset offset;
};

// How the events of one call are appended.
enum class Appends {
  // One by one, in order, so that each has its own offset. If the log has no room for one, those after it may still
  // get in.
  kEach,
  // Those of one partition together: in the embedded log all or none. Kafka lets other writers come between, so the
  // answers carry the offset of the first of them.
  kTogether,
};

// An event as a door received it, or why it could not be read.
struct Submission {
  StatusOr<events::v1::Event> event;
  // How the door calls the event in errors, such as "events[3]".
  std::string path = "event";
};

struct RecorderOptions {
  event::EventLimits limits;
  // Recorded bytes that the log has not confirmed yet, over all doors.
  int64_t max_bytes_in_flight = int64_t{64} << 20;
};

// Operation: calls made one after the other keep their order within a partition. If the log refuses an append of
// several
//   as malformed (one record may be too large for it), they are appended one by one.
// Concurrency: thread-safe. Must outlive its callbacks.
class Recorder {
 public:
  // `clock` gives the recorded time.
  Recorder(log::EventLog& log, const RecorderOptions& options, Clock* clock = Clock::Real());

  // By submission: where it was recorded, or
  //   kInvalidArgument     refused by Validate, or by whoever read it; nothing was written
  //   kResourceExhausted   QUEUE_FULL: too much is in flight; or the log's own reason. Nothing was written
  //   kUnavailable         LOG_UNAVAILABLE: the outcome is unknown; record the same event again
  // and what else the log answers. `done` is called once, on this thread or one of the log's: do little in it.
  using Callback = std::function<void(std::vector<StatusOr<RecordedAt>>)>;
  void Record(std::vector<Submission> submissions, Appends appends, Callback done);

  Partition PartitionOf(const std::string& client_id) const;

  struct Counters {
    int64_t recorded = 0;
    int64_t refused = 0;
    int64_t failed = 0;
    int64_t bytes_in_flight = 0;
  };
  Counters counters() const;

 private:
  struct Call;
  struct Group;

  std::vector<Group> Prepare(const std::vector<Submission>& submissions, Appends appends, Call& call);
  std::string BroadcastBytes(events::v1::Event event, absl::Time now) const;
  void Append(std::shared_ptr<Call> call, Group group);
  void AppendOneByOne(const std::shared_ptr<Call>& call, const Group& group);
  void Settle(Call& call, const Group& group, const StatusOr<Offset>& first);

  log::EventLog& log_;
  const RecorderOptions options_;
  Clock* const clock_;
  std::atomic<int64_t> recorded_ = 0;
  std::atomic<int64_t> refused_ = 0;
  std::atomic<int64_t> failed_ = 0;
  std::atomic<int64_t> bytes_in_flight_ = 0;
};

}  // namespace kefu::ingest
