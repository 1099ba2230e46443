#include "projections/engine/builder.h"

#include <absl/time/clock.h>
#include <spdlog/spdlog.h>

namespace kefu::engine {

namespace {

constexpr size_t kPollBytes = 4 << 20;
// So close that the rest is folded in the time of one ordinary batch.
constexpr int64_t kNear = 2'000;
constexpr absl::Duration kJoinPatience = absl::Seconds(10);
constexpr absl::Duration kRetryPause = absl::Milliseconds(500);

}  // namespace

Builder::Builder(log::EventLog& log, int threads, int max_batch_events, const MemoryBudget& budget,
                 std::function<Worker&(Partition)> worker_of, std::function<void(PartitionHost&)> joined)
    : log_(log),
      max_batch_events_(max_batch_events),
      budget_(budget),
      worker_of_(std::move(worker_of)),
      joined_(std::move(joined)) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

Builder::~Builder() { Stop(); }

void Builder::Stop() {
  stopping_ = true;
  wake_.notify_all();
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
}

void Builder::Add(PartitionHost& host, std::unique_ptr<Lane> lane) {
  const std::lock_guard lock(mutex_);
  jobs_.push_back({&host, std::move(lane)});
  wake_.notify_one();
}

void Builder::Run() {
  while (true) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return stopping_ || !jobs_.empty(); });
      if (stopping_) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    // Admission, in another version, judges the log anew: the view has what it will come to.
    const bool ahead = job.lane->next() > job.host->shown_next();
    const Status status = ahead ? Unavailable("admission is not as far yet") : CatchUp(job);
    if (stopping_) return;
    if (status.ok()) {
      PostJoin(std::move(job));
      continue;
    }
    // Not given up: a full disk gets room, a log comes back, and a partition in trouble is restarted with the process.
    if (!ahead) spdlog::warn("a build in partition {} waits: {}", job.host->partition(), ToString(status));
    job.lane->Abandon();
    std::unique_lock lock(mutex_);
    jobs_.push_back(std::move(job));
    wake_.wait_for(lock, absl::ToChronoNanoseconds(kRetryPause), [&] { return stopping_.load(); });
  }
}

Status Builder::CatchUp(Job& job) {
  std::unique_ptr<log::LogReader> reader;
  while (!stopping_) {
    Offset limit = job.host->shown_next();
    if (const auto compares_at = job.host->ComparesAt(*job.lane); compares_at && *compares_at <= limit) {
      if (job.lane->next() == *compares_at) {
        RETURN_IF_ERROR(CommitAndPublish(job));
        RETURN_IF_ERROR(job.host->KeepComparison(job.lane->views().front()->projection->name));
        continue;
      }
      limit = *compares_at;
    } else if (limit - job.lane->next() <= kNear) {
      break;
    }
    if (!reader) {
      ASSIGN_OR_RETURN(reader, log_.OpenReader({{job.host->partition(), job.lane->next()}}));
    }
    const Status status = FollowSome(job, *reader, limit);
    if (!status.ok() && status.code() != StatusCode::kAborted) return status;
    // Records at and after the limit were dropped: read them again once they are judged. The same after an event that
    // parks.
    if (!status.ok() || job.lane->next() >= limit) reader.reset();
  }
  return CommitAndPublish(job);
}

Status Builder::FollowSome(Job& job, log::LogReader& reader, Offset limit) {
  std::vector<log::RecordBatch> batches;
  RETURN_IF_ERROR(reader.Poll(absl::Milliseconds(200), kPollBytes, &batches));
  for (log::RecordBatch& batch : batches) {
    RETURN_IF_ERROR(job.lane->Take(std::move(batch), limit));
    if (job.lane->room(max_batch_events_) <= 0 || budget_.exceeded()) RETURN_IF_ERROR(CommitAndPublish(job));
  }
  return OkStatus();
}

Status Builder::CommitAndPublish(Job& job) {
  ASSIGN_OR_RETURN(const Committed committed, job.lane->Commit());
  if (const double share = budget_.Share(); share < 1) job.lane->Trim(share);
  if (committed.events == 0) return OkStatus();
  job.host->Publish(*job.lane, committed);
  events_done_ += committed.events;
  return OkStatus();
}

void Builder::PostJoin(Job job) {
  PartitionHost& host = *job.host;
  worker_of_(host.partition()).Post([this, job = std::move(job)]() mutable {
    PartitionHost& host = *job.host;
    if (stopping_) return;
    // On the worker: the main lane stands still until this returns.
    Status status = host.main().HasStaged() ? Unavailable("the main lane waits for room") : OkStatus();
    if (status.ok())
      status = Worker::FollowTo(log_, host.partition(), *job.lane, host.main().next(), absl::Now() + kJoinPatience);
    if (status.ok()) status = CommitAndPublish(job);
    if (!status.ok()) {
      spdlog::warn("a build in partition {} could not join yet: {}", host.partition(), ToString(status));
      job.lane->Abandon();
      const std::lock_guard lock(mutex_);
      jobs_.push_back(std::move(job));
      wake_.notify_one();
      return;
    }
    host.Join(std::move(job.lane));
    joined_(host);
  });
}

}  // namespace kefu::engine
