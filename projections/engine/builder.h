#pragma once

// Threads that bring lanes behind the others up to date: rebuilds, new views, views that fell behind.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "projections/engine/host.h"
#include "projections/engine/worker.h"

namespace kefu::engine {

// Operation: follows the log for one lane at a time a thread, from the lane's own place, up to what admission has
//   judged; the last few events are folded on the partition's worker, where the lane then joins the main one.
// Concurrency: thread-safe.
class Builder {
 public:
  // `joined` is called on the partition's worker thread once a lane has joined.
  Builder(log::EventLog& log, int threads, int max_batch_events, const MemoryBudget& budget,
          std::function<Worker&(Partition)> worker_of, std::function<void(PartitionHost&)> joined);
  ~Builder();

  void Add(PartitionHost& host, std::unique_ptr<Lane> lane);
  // Lanes in hand stop where they are; they go on from there at the next start.
  void Stop();
  int64_t events_done() const { return events_done_; }

 private:
  struct Job {
    PartitionHost* host;
    std::shared_ptr<Lane> lane;
  };
  void Run();
  // Ok when the lane is close to the main one.
  Status CatchUp(Job& job);
  Status FollowSome(Job& job, log::LogReader& reader, Offset limit);
  Status CommitAndPublish(Job& job);
  void PostJoin(Job job);

  log::EventLog& log_;
  const int max_batch_events_;
  const MemoryBudget& budget_;
  const std::function<Worker&(Partition)> worker_of_;
  const std::function<void(PartitionHost&)> joined_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  std::atomic<bool> stopping_{false};
  std::atomic<int64_t> events_done_{0};
  std::vector<std::thread> threads_;
};

}  // namespace kefu::engine
