#include "projections/engine/worker.h"

#include <absl/time/clock.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace kefu::engine {

namespace {

// What one Poll may bring: large enough to amortise, small enough that the first commit after a pause is soon.
constexpr size_t kPollBytes = 1 << 20;
constexpr absl::Duration kPollWait = absl::Milliseconds(200);
// With more records than this to come, rows are written seldom, for then each is written less often: folding goes on for
// so many times as long as the last commit took. Near the end of the log what came is shown soon.
constexpr int64_t kFarBehind = 20'000;
constexpr int kFarShare = 12;
constexpr absl::Duration kMaxFarPause = absl::Seconds(5);
// No longer, or one slow commit would make the next events late, too.
constexpr absl::Duration kMaxNearPause = absl::Milliseconds(2);
constexpr absl::Duration kRetryPause = absl::Milliseconds(200);

}  // namespace

Worker::Worker(log::EventLog& log, std::vector<PartitionHost*> hosts, int max_batch_events, const MemoryBudget& budget,
               CommitListener on_commit)
    : log_(log),
      hosts_(std::move(hosts)),
      max_batch_events_(max_batch_events),
      budget_(budget),
      on_commit_(std::move(on_commit)),
      checked_(hosts_.size(), false) {}

Worker::~Worker() { Stop(); }

void Worker::Start() {
  stopped_ = false;
  thread_ = std::thread([this] { Run(); });
}

void Worker::Stop() {
  stopping_ = true;
  {
    const std::lock_guard lock(mutex_);
    if (reader_) reader_->Wake();
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  RunCommands();
}

void Worker::Post(std::function<void()> command) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopped_) {
      commands_.push_back(std::move(command));
      if (reader_) reader_->Wake();
      wake_.notify_all();
      return;
    }
  }
  command();
}

void Worker::Run() {
  while (!stopping_) {
    RunCommands();
    if (reader_ == nullptr && !OpenReader()) {
      Pause(kRetryPause);
      continue;
    }
    PollOnce();
  }
  CommitAll();
}

void Worker::RunCommands() {
  std::deque<std::function<void()>> commands;
  {
    const std::lock_guard lock(mutex_);
    if (commands_.empty()) return;
    commands.swap(commands_);
  }
  if (!stopping_) CommitAll();
  for (const auto& command : commands) command();
}

// A reader over the partitions that are well. False: none, or the log cannot be reached now.
bool Worker::OpenReader() {
  std::vector<log::ReadFrom> from;
  for (size_t i = 0; i < hosts_.size(); ++i) {
    PartitionHost& host = *hosts_[i];
    if (host.trouble()) continue;
    if (!checked_[i]) {
      const Status status = host.CheckAgainst(log_);
      if (status.code() == StatusCode::kDataLoss) {
        GiveUp(host, status, true);
        continue;
      }
      if (!status.ok()) {
        spdlog::warn("partition {}: the log does not answer: {}", host.partition(), MessageOf(status));
        return false;
      }
      checked_[i] = true;
    }
    from.push_back({host.partition(), host.main().next()});
  }
  if (from.empty()) return false;
  StatusOr<std::unique_ptr<log::LogReader>> reader = log_.OpenReader(std::move(from));
  if (!reader.ok()) {
    spdlog::warn("cannot read the log: {}", MessageOf(reader.status()));
    return false;
  }
  const std::lock_guard lock(mutex_);
  reader_ = std::move(*reader);
  return true;
}

bool Worker::AnyStaged() const {
  return std::any_of(hosts_.begin(), hosts_.end(), [](auto* host) { return host->main().HasStaged(); });
}

void Worker::PollOnce() {
  const absl::Duration wait =
      AnyStaged() ? std::min(last_commit_took_, kMaxNearPause) : kPollWait;
  std::vector<log::RecordBatch> batches;
  const Status status = reader_->Poll(wait, kPollBytes, &batches);
  for (const log::RecordBatch& batch : batches) {
    const auto host = std::find_if(hosts_.begin(), hosts_.end(),
                                   [&](auto* candidate) { return candidate->partition() == batch.partition; });
    if (host != hosts_.end() && !(*host)->trouble()) Fold(**host, batch);
  }
  if (!status.ok()) {
    HandlePollError(status);
    return;
  }
  if (!AnyStaged()) return;
  const bool far = reader_ != nullptr && reader_->Behind() > kFarBehind;
  const absl::Duration pause =
      far ? std::min(kFarShare * last_commit_took_, kMaxFarPause) : std::min(last_commit_took_, kMaxNearPause);
  const absl::Time begin = absl::Now();
  if (begin < last_commit_ + pause && !batches.empty() && !budget_.exceeded()) return;
  CommitAll();
  last_commit_ = absl::Now();
  last_commit_took_ = last_commit_ - begin;
}

void Worker::HandlePollError(const Status& status) {
  CommitAll();
  CloseReader();
  if (status.code() == StatusCode::kUnavailable) {
    spdlog::warn("the log cannot be read now: {}", MessageOf(status));
    Pause(kRetryPause);
    return;
  }
  // The log says that something is wrong with it; find out where, so that the other partitions can go on.
  bool found = false;
  for (size_t i = 0; i < hosts_.size(); ++i) {
    PartitionHost& host = *hosts_[i];
    if (host.trouble()) continue;
    Status check = host.CheckAgainst(log_);
    bool refuse_reads = true;
    if (check.ok()) {
      check = log_.ReadOne(host.partition(), host.main().next()).status();
      refuse_reads = false;  // the views hold what is before the damage
    }
    if (check.code() != StatusCode::kDataLoss) continue;
    GiveUp(host, refuse_reads ? check : FailedPrecondition("{}", MessageOf(check)), refuse_reads);
    found = true;
  }
  if (!found) {
    spdlog::warn("the log: {}", ToString(status));
    Pause(kRetryPause);
  }
}

// In parts, so that no batch holds more events than it may, however much a poll brought.
void Worker::Fold(PartitionHost& host, const log::RecordBatch& batch) {
  Lane& lane = host.main();
  for (size_t at = 0; at < batch.records.size() && !host.trouble();) {
    const int64_t room = std::max<int64_t>(1, lane.room(max_batch_events_));
    const size_t end = std::min(batch.records.size(), at + static_cast<size_t>(room));
    const bool goes_on = FoldPart(host, {batch.partition,
                                         {batch.records.begin() + static_cast<std::ptrdiff_t>(at),
                                          batch.records.begin() + static_cast<std::ptrdiff_t>(end)},
                                         batch.owner});
    if (!goes_on) return;
    at = end;
    if (lane.room(max_batch_events_) <= 0) Commit(host);
  }
}

// False: the rest of what was polled is of no use to this partition.
bool Worker::FoldPart(PartitionHost& host, log::RecordBatch batch) {
  Lane& lane = host.main();
  Status status = lane.Take(std::move(batch), Offset(INT64_MAX));
  while (status.code() == StatusCode::kResourceExhausted) {
    if (!WaitOutFullDisk(host, status)) return false;
    status = lane.Advance();
  }
  if (status.ok()) return true;
  if (status.code() == StatusCode::kAborted) {
    CloseReader();
    return false;
  }
  if (status.code() == StatusCode::kFailedPrecondition) Commit(host);
  lane.Abandon();
  GiveUp(host, status, false);
  return false;
}

void Worker::Commit(PartitionHost& host) {
  if (!host.main().HasStaged() && host.main().committed().next == host.shown_next()) return;
  StatusOr<Committed> committed = host.main().Commit();
  while (committed.status().code() == StatusCode::kResourceExhausted) {
    if (!WaitOutFullDisk(host, committed.status())) return;
    committed = host.main().Commit();
  }
  if (!committed.ok()) {
    host.main().Abandon();
    GiveUp(host, committed.status(), false);
    return;
  }
  if (committed->events == 0) return;
  host.Publish(host.main(), *committed);
  on_commit_(host, *committed);
}

void Worker::CommitAll() {
  for (PartitionHost* host : hosts_) Commit(*host);
  if (const double share = budget_.Share(); share < 1)
    for (PartitionHost* host : hosts_) host->main().Trim(share);
}

// False: stopping, give up waiting. What was folded is folded again at the next start.
bool Worker::WaitOutFullDisk(PartitionHost& host, const Status& status) {
  static constexpr absl::Duration kSayEvery = absl::Seconds(10);
  static thread_local absl::Time said = absl::InfinitePast();
  if (absl::Now() - said > kSayEvery) {
    said = absl::Now();
    spdlog::error("partition {}: views wait: {}", host.partition(), MessageOf(status));
  }
  Pause(kRetryPause);
  return !stopping_;
}

void Worker::GiveUp(PartitionHost& host, Status status, bool refuse_reads) {
  spdlog::critical("partition {} is stopped: {}", host.partition(), ToString(status));
  host.SetTrouble({std::move(status), refuse_reads});
  on_commit_(host, Committed{host.main().committed(), {}, {}, 0});
  CloseReader();
}

// The next poll begins where each lane is.
void Worker::CloseReader() {
  const std::lock_guard lock(mutex_);
  reader_.reset();
}

void Worker::Pause(absl::Duration duration) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, absl::ToChronoNanoseconds(duration), [&] { return stopping_ || !commands_.empty(); });
}

Status Worker::FollowTo(log::EventLog& log, Partition partition, Lane& lane, Offset target, absl::Time deadline) {
  std::unique_ptr<log::LogReader> reader;
  while (lane.next() < target) {
    if (absl::Now() > deadline) return DeadlineExceeded("partition {} is at {} of {}", partition, lane.next(), target);
    if (!reader) {
      ASSIGN_OR_RETURN(reader, log.OpenReader({{partition, lane.next()}}));
    }
    std::vector<log::RecordBatch> batches;
    RETURN_IF_ERROR(reader->Poll(absl::Milliseconds(50), kPollBytes, &batches));
    for (log::RecordBatch& batch : batches) {
      const Status status = lane.Take(std::move(batch), target);
      if (status.code() != StatusCode::kAborted) {
        RETURN_IF_ERROR(status);
        continue;
      }
      reader.reset();
      break;
    }
  }
  return OkStatus();
}

}  // namespace kefu::engine
