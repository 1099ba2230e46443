#include "services/ingest/publisher.h"

#include <map>

#include "google/rpc/status.pb.h"
#include "platform/base/reason.h"
#include "platform/log/position.h"
#include "platform/rpc/status.h"
#include "projections/engine/engine.h"

namespace kefu::ingest {

// One call of Publish. Its outcomes are written by the recorder's answer first, then by one thread for each partition,
// each its own.
struct Publisher::Publication {
  std::vector<Outcome> outcomes;
  std::atomic<size_t> open = 1;
  Callback done;
};

Publisher::Publisher(Recorder& recorder, log::EventLog& log, engine::Engine* engine)
    : recorder_(recorder), log_(log), engine_(engine) {}

Publisher::~Publisher() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return under_way_ == 0; });
}

void Publisher::Close(Publication& publication) {
  if (publication.open.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  publication.done(std::move(publication.outcomes));
  const std::lock_guard lock(mutex_);
  // Under the mutex, for the destructor may run as soon as it is free.
  if (--under_way_ == 0) idle_.notify_all();
}

Status Publisher::CheckWait(v1::Wait wait) const {
  if (!v1::Wait_IsValid(wait))
    return WithReason(
        InvalidArgument("wait is {}, which is no value of Wait that this server knows", static_cast<int>(wait)),
        "ENUM_UNKNOWN", "wait");
  if (wait == v1::WAIT_APPLIED && engine_ == nullptr)
    return WithReason(FailedPrecondition("this server has no views, so it cannot wait until an event is applied; ask "
                                         "for WAIT_DURABLE, or a server that has views"),
                      "NO_VIEWS_HERE", "wait");
  return OkStatus();
}

void Publisher::Publish(std::vector<Submission> submissions, v1::Wait wait, absl::Time deadline, Callback done) {
  auto publication = std::make_shared<Publication>();
  publication->done = std::move(done);
  publication->outcomes.resize(submissions.size());
  for (size_t i = 0; i < submissions.size(); ++i)
    if (submissions[i].event.ok()) publication->outcomes[i].event_id = submissions[i].event->event_id();
  {
    const std::lock_guard lock(mutex_);
    ++under_way_;
  }
  if (const Status checked = CheckWait(wait); !checked.ok()) {
    for (Outcome& outcome : publication->outcomes) outcome.status = checked;
    return Close(*publication);
  }
  recorder_.Record(std::move(submissions), Appends::kEach,
                   [this, publication, wait, deadline](std::vector<StatusOr<RecordedAt>> answers) {
                     for (size_t i = 0; i < answers.size(); ++i) {
                       publication->outcomes[i].status = answers[i].status();
                       if (answers[i].ok()) publication->outcomes[i].at = *answers[i];
                     }
                     if (wait == v1::WAIT_APPLIED) return AwaitVerdicts(publication, deadline);
                     Close(*publication);
                   });
}

void Publisher::AwaitVerdicts(std::shared_ptr<Publication> publication, absl::Time deadline) {
  std::map<Partition, std::vector<size_t>> by_partition;
  for (size_t i = 0; i < publication->outcomes.size(); ++i)
    if (const auto& at = publication->outcomes[i].at) by_partition[at->partition].push_back(i);
  for (const auto& [partition, indexes] : by_partition) {
    Offset last;
    for (const size_t i : indexes) last = std::max(last, publication->outcomes[i].at->offset);
    publication->open.fetch_add(1, std::memory_order_relaxed);
    engine_->WhenReached(partition, last.Next(), deadline, [this, publication, indexes = indexes](Status reached) {
      for (const size_t i : indexes) TakeVerdict(reached, publication->outcomes[i]);
      Close(*publication);
    });
  }
  Close(*publication);
}

void Publisher::TakeVerdict(const Status& reached, Outcome& outcome) const {
  // Of a batch, some may be applied although the last one is not.
  auto verdict = engine_->VerdictAt(outcome.at->partition, outcome.at->offset);
  if (verdict.ok()) {
    outcome.verdict = *std::move(verdict);
  } else if (reached.ok() || reached.code() == StatusCode::kDeadlineExceeded) {
    outcome.status = WithReason(
        DeadlineExceeded("recorded at {}, not applied yet; outcome of admission unknown", PositionAfter(*outcome.at)),
        "NOT_YET_APPLIED");
  } else {
    outcome.status =
        Annotate(reached, fmt::format("recorded at {}; outcome of admission unknown", PositionAfter(*outcome.at)));
  }
}

std::string Publisher::PositionAfter(const std::vector<Outcome>& outcomes) const {
  log::Position position{log_.identity().id, std::vector<int64_t>(log_.partitions(), 0)};
  bool any = false;
  for (const Outcome& outcome : outcomes) {
    if (!outcome.at.has_value()) continue;
    any = true;
    int64_t& next = position.next_offsets[outcome.at->partition.value()];
    next = std::max(next, outcome.at->offset.Next().value());
  }
  return any ? position.Encode() : std::string();
}

std::string Publisher::PositionAfter(const RecordedAt& at) const {
  log::Position position{log_.identity().id, std::vector<int64_t>(log_.partitions(), 0)};
  position.next_offsets[at.partition.value()] = at.offset.Next().value();
  return position.Encode();
}

v1::PublishResult ToResult(const Outcome& outcome, const Publisher& publisher) {
  v1::PublishResult result;
  result.set_event_id(outcome.event_id);
  *result.mutable_status() = rpc::ToRpcStatus(outcome.status);
  if (outcome.at.has_value()) result.set_position(publisher.PositionAfter(*outcome.at));
  if (outcome.verdict.has_value()) *result.mutable_verdict() = *outcome.verdict;
  return result;
}

}  // namespace kefu::ingest
