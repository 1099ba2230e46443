#pragma once

// What the gRPC door promises: events recorded and, if asked, judged.

#include <absl/time/time.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "kefu/ingest/v1/ingest.pb.h"
#include "services/ingest/recorder.h"

namespace kefu::engine {
class Engine;
}

namespace kefu::ingest {

// What became of one submission.
struct Outcome {
  std::string event_id;
  Status status;
  // Set once the event is on the log, also if `status` says that admission is not known yet.
  std::optional<RecordedAt> at;
  std::optional<events::v1::Verdict> verdict;
};

// Concurrency: thread-safe. The destructor waits for what is under way: until the log has answered, and the engine, or
//   the deadline of the wait has passed.
class Publisher {
 public:
  // `engine` follows `log`; null where this process has no views.
  Publisher(Recorder& recorder, log::EventLog& log, engine::Engine* engine);
  ~Publisher();

  // Records `submissions`, waits for admission if `wait` says so (until `deadline`), and calls `done` once with an
  // outcome for each. Statuses are the recorder's, and
  //   kInvalidArgument     ENUM_UNKNOWN: `wait` is none
  //   kFailedPrecondition  NO_VIEWS_HERE: this server cannot wait for admission; nothing was recorded
  //   kDeadlineExceeded    NOT_YET_APPLIED: recorded, admission did not come to it in time
  using Callback = std::function<void(std::vector<Outcome>)>;
  void Publish(std::vector<Submission> submissions, v1::Wait wait, absl::Time deadline, Callback done);

  // The position after these, as `min_position` takes it; empty if none was recorded.
  std::string PositionAfter(const std::vector<Outcome>& outcomes) const;
  std::string PositionAfter(const RecordedAt& at) const;

 private:
  struct Publication;
  Status CheckWait(v1::Wait wait) const;
  void Close(Publication& publication);
  void AwaitVerdicts(std::shared_ptr<Publication> publication, absl::Time deadline);
  void TakeVerdict(const Status& reached, Outcome& outcome) const;

  Recorder& recorder_;
  log::EventLog& log_;
  engine::Engine* const engine_;

  std::mutex mutex_;
  std::condition_variable idle_;
  int64_t under_way_ = 0;
};

v1::PublishResult ToResult(const Outcome& outcome, const Publisher& publisher);

}  // namespace kefu::ingest
