#pragma once

#include <absl/time/time.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "platform/base/ids.h"
#include "platform/base/status.h"

namespace kefu::engine {

// Calls waiting for a partition to reach an offset. Thread-safe; callbacks run outside the lock, on the thread that
// reports progress, or on this object's own when a deadline passes.
class Waiters {
 public:
  explicit Waiters(int32_t partitions);
  // Calls who still waits with kUnavailable.
  ~Waiters();

  void Add(Partition partition, Offset next, absl::Time deadline, std::function<void(Status)> done);
  // Everything before `next` can be read now.
  void Reached(Partition partition, Offset next);
  // No further progress will come: `why` goes to all who wait for this partition, and to those who come later.
  void Fail(Partition partition, Status why);

 private:
  struct Waiter {
    Partition partition;
    Offset next;
    std::function<void(Status)> done;
  };
  struct PartitionState {
    Offset reached;
    Status failed;
    // By what they wait for; the value is the deadline, where the waiter is kept.
    std::multimap<Offset, std::multimap<absl::Time, Waiter>::iterator> by_offset;
  };

  void Remove(std::multimap<absl::Time, Waiter>::iterator waiter);
  void WatchDeadlines();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<absl::Time, Waiter> by_deadline_;
  std::vector<PartitionState> partitions_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace kefu::engine
