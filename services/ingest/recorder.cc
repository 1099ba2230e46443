#include "services/ingest/recorder.h"

#include <map>

#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "platform/event/broadcast.h"
#include "platform/event/record.h"

namespace kefu::ingest {

namespace {

// The log's answer with the reason that a caller compares.
Status Explain(const Status& status) {
  if (!ReasonOf(status).empty()) return status;
  switch (status.code()) {
    case StatusCode::kUnavailable:
    case StatusCode::kDeadlineExceeded:
      return WithReason(
          Unavailable("the log did not confirm the event, so the outcome is unknown; send the same event again ({})",
                      MessageOf(status)),
          "LOG_UNAVAILABLE");
    case StatusCode::kResourceExhausted:
      return WithReason(status, "LOG_FULL");
    case StatusCode::kInvalidArgument:
      return WithReason(status, "LOG_REFUSED");
    default:
      return WithReason(status, "LOG_FAILED");
  }
}

}  // namespace

// One call of Record: an answer for each submission, handed over when the last one is there.
struct Recorder::Call {
  std::vector<StatusOr<RecordedAt>> answers;
  // Groups under way, and one for the call that starts them.
  std::atomic<size_t> open = 1;
  Callback done;

  void Close() {
    if (open.fetch_sub(1, std::memory_order_acq_rel) == 1) done(std::move(answers));
  }
};

// Records of one partition, and which submissions they are.
struct Recorder::Group {
  Partition partition;
  std::vector<size_t> indexes;
  std::vector<log::AppendRecord> records;
  int64_t bytes = 0;
};

Recorder::Recorder(log::EventLog& log, const RecorderOptions& options, Clock* clock)
    : log_(log), options_(options), clock_(clock) {}

Partition Recorder::PartitionOf(const std::string& client_id) const {
  return Partition(PartitionForKey(client_id, log_.partitions()));
}

std::string Recorder::BroadcastBytes(events::v1::Event event, absl::Time now) const {
  event.mutable_broadcast()->set_partitions(log_.partitions());
  return event::RecordedBytes(event, now);
}

void Recorder::Record(std::vector<Submission> submissions, Appends appends, Callback done) {
  auto call = std::make_shared<Call>();
  call->done = std::move(done);
  for (Group& group : Prepare(submissions, appends, *call)) {
    call->open.fetch_add(1, std::memory_order_relaxed);
    Append(call, std::move(group));
  }
  call->Close();
}

std::vector<Recorder::Group> Recorder::Prepare(const std::vector<Submission>& submissions, Appends appends,
                                               Call& call) {
  const absl::Time now = clock_->Now();
  std::vector<Group> groups;
  std::map<Partition, size_t> group_of;
  call.answers.reserve(submissions.size());
  for (size_t i = 0; i < submissions.size(); ++i) {
    const Submission& submission = submissions[i];
    Status checked = submission.event.status();
    if (checked.ok()) checked = event::Validate(*submission.event, now, options_.limits, submission.path);
    if (!checked.ok()) {
      refused_.fetch_add(1, std::memory_order_relaxed);
      call.answers.push_back(checked);
      continue;
    }
    call.answers.push_back(RecordedAt{});
    const std::string& client_id = submission.event->client_id();
    const bool is_broadcast = event::IsBroadcast(submission.event->body_case());
    const Partition partition = is_broadcast                                          ? event::kHomeOfBroadcasts
                                : event::IsAboutLog(submission.event->body_case()) ? event::kHomeOfLogFacts
                                                                                   : PartitionOf(client_id);
    const auto [found, is_new] = group_of.try_emplace(partition, groups.size());
    if (is_new || appends == Appends::kEach) {
      found->second = groups.size();
      groups.push_back(Group{partition, {}, {}, 0});
    }
    Group& group = groups[found->second];
    group.indexes.push_back(i);
    group.records.push_back({client_id, is_broadcast ? BroadcastBytes(*submission.event, now)
                                                     : event::RecordedBytes(*submission.event, now)});
    group.bytes += static_cast<int64_t>(client_id.size() + group.records.back().value.size());
  }
  return groups;
}

void Recorder::Append(std::shared_ptr<Call> call, Group group) {
  const int64_t in_flight = bytes_in_flight_.fetch_add(group.bytes, std::memory_order_relaxed);
  if (in_flight + group.bytes > options_.max_bytes_in_flight) {
    bytes_in_flight_.fetch_sub(group.bytes, std::memory_order_relaxed);
    Settle(*call, group,
           WithReason(ResourceExhausted("{} bytes wait to be recorded and {} more would exceed the limit of {}; try "
                                        "again later",
                                        in_flight, group.bytes, options_.max_bytes_in_flight),
                      "QUEUE_FULL"));
    return call->Close();
  }
  // The log takes the records; if it refuses them as malformed they are needed again.
  std::vector<log::AppendRecord> records = group.indexes.size() > 1 ? group.records : std::move(group.records);
  const Partition partition = group.partition;
  auto shared = std::make_shared<Group>(std::move(group));
  log_.Append(partition, std::move(records), [this, call, shared](StatusOr<Offset> first) {
    bytes_in_flight_.fetch_sub(shared->bytes, std::memory_order_relaxed);
    if (first.status().code() == StatusCode::kInvalidArgument && shared->indexes.size() > 1)
      return AppendOneByOne(call, *shared);
    Settle(*call, *shared, first);
    call->Close();
  });
}

void Recorder::AppendOneByOne(const std::shared_ptr<Call>& call, const Group& group) {
  call->open.fetch_add(group.indexes.size(), std::memory_order_relaxed);
  for (size_t i = 0; i < group.indexes.size(); ++i) {
    const auto& record = group.records[i];
    Append(call, Group{group.partition,
                       {group.indexes[i]},
                       {record},
                       static_cast<int64_t>(record.key.size() + record.value.size())});
  }
  call->Close();
}

void Recorder::Settle(Call& call, const Group& group, const StatusOr<Offset>& first) {
  for (const size_t index : group.indexes) {
    if (first.ok()) {
      call.answers[index] = RecordedAt{group.partition, *first};
    } else {
      call.answers[index] = Explain(first.status());
    }
  }
  (first.ok() ? recorded_ : failed_).fetch_add(static_cast<int64_t>(group.indexes.size()), std::memory_order_relaxed);
}

Recorder::Counters Recorder::counters() const {
  return {recorded_.load(std::memory_order_relaxed), refused_.load(std::memory_order_relaxed),
          failed_.load(std::memory_order_relaxed), bytes_in_flight_.load(std::memory_order_relaxed)};
}

}  // namespace kefu::ingest
