#pragma once

// A thread that follows the log for some partitions.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "projections/engine/host.h"

namespace kefu::engine {

// Told of every commit of a main lane, on the worker's thread.
using CommitListener = std::function<void(PartitionHost&, const Committed&)>;

// Operation: polls its partitions together, folds what came, and commits. Batches adapt: after a commit that took t the
//   next one is due t later near the end of the log, at most two milliseconds, and 12 t later far behind, where batches
//   grow until one, or the memory for rows, is full. A partition in trouble is left alone; the
//   others go on.
// Concurrency: Post is thread-safe; Start and Stop once each.
class Worker {
 public:
  Worker(log::EventLog& log, std::vector<PartitionHost*> hosts, int max_batch_events, const MemoryBudget& budget,
         CommitListener on_commit);
  ~Worker();

  void Start();
  void Stop();
  // Runs `command` on the worker's thread between batches, with nothing staged in its partitions' main lanes. After
  // Stop it runs at once on the caller's thread.
  void Post(std::function<void()> command);

  // Follows a lane from where it is to exactly `target`, on this thread. kDeadlineExceeded if that takes too long.
  static Status FollowTo(log::EventLog& log, Partition partition, Lane& lane, Offset target, absl::Time deadline);

 private:
  void Run();
  void RunCommands();
  bool OpenReader();
  void PollOnce();
  void HandlePollError(const Status& status);
  void Fold(PartitionHost& host, const log::RecordBatch& batch);
  bool FoldPart(PartitionHost& host, log::RecordBatch batch);
  void CloseReader();
  // Commits, waiting while the disk is full.
  void Commit(PartitionHost& host);
  void CommitAll();
  bool AnyStaged() const;
  bool WaitOutFullDisk(PartitionHost& host, const Status& status);
  void GiveUp(PartitionHost& host, Status status, bool refuse_reads);
  void Pause(absl::Duration duration);

  log::EventLog& log_;
  const std::vector<PartitionHost*> hosts_;
  const int max_batch_events_;
  const MemoryBudget& budget_;
  const CommitListener on_commit_;
  std::vector<bool> checked_;  // compared with the log since the start
  absl::Time last_commit_ = absl::InfinitePast();
  absl::Duration last_commit_took_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> commands_;
  std::shared_ptr<log::LogReader> reader_;
  std::atomic<bool> stopping_{false};
  bool stopped_ = true;
  std::thread thread_;
};

}  // namespace kefu::engine
