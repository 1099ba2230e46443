#include "projections/engine/waiters.h"

#include <absl/time/clock.h>

namespace kefu::engine {

Waiters::Waiters(int32_t partitions) : partitions_(partitions), thread_([this] { WatchDeadlines(); }) {}

Waiters::~Waiters() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
  for (auto& [deadline, waiter] : by_deadline_) waiter.done(Unavailable("the server is stopping; try again elsewhere"));
}

void Waiters::Add(Partition partition, Offset next, absl::Time deadline, std::function<void(Status)> done) {
  Status answer;
  {
    const std::lock_guard lock(mutex_);
    PartitionState& state = partitions_[partition.value()];
    if (state.reached < next && state.failed.ok()) {
      const bool first = by_deadline_.empty() || deadline < by_deadline_.begin()->first;
      const auto waiter = by_deadline_.emplace(deadline, Waiter{partition, next, std::move(done)});
      state.by_offset.emplace(next, waiter);
      if (first) changed_.notify_all();
      return;
    }
    if (state.reached < next) answer = state.failed;
  }
  done(answer);
}

void Waiters::Reached(Partition partition, Offset next) {
  std::vector<std::function<void(Status)>> done;
  {
    const std::lock_guard lock(mutex_);
    PartitionState& state = partitions_[partition.value()];
    state.reached = std::max(state.reached, next);
    while (!state.by_offset.empty() && state.by_offset.begin()->first <= state.reached) {
      const auto waiter = state.by_offset.begin()->second;
      done.push_back(std::move(waiter->second.done));
      state.by_offset.erase(state.by_offset.begin());
      by_deadline_.erase(waiter);
    }
  }
  for (const auto& call : done) call(OkStatus());
}

void Waiters::Fail(Partition partition, Status why) {
  std::vector<std::function<void(Status)>> done;
  {
    const std::lock_guard lock(mutex_);
    PartitionState& state = partitions_[partition.value()];
    state.failed = why;
    for (const auto& [offset, waiter] : state.by_offset) {
      done.push_back(std::move(waiter->second.done));
      by_deadline_.erase(waiter);
    }
    state.by_offset.clear();
  }
  for (const auto& call : done) call(why);
}

void Waiters::Remove(std::multimap<absl::Time, Waiter>::iterator waiter) {
  auto& by_offset = partitions_[waiter->second.partition.value()].by_offset;
  const auto [first, last] = by_offset.equal_range(waiter->second.next);
  for (auto it = first; it != last; ++it) {
    if (it->second != waiter) continue;
    by_offset.erase(it);
    break;
  }
  by_deadline_.erase(waiter);
}

void Waiters::WatchDeadlines() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (by_deadline_.empty() || by_deadline_.begin()->first == absl::InfiniteFuture()) {
      changed_.wait(lock);
      continue;
    }
    const absl::Time now = absl::Now();
    const auto first = by_deadline_.begin();
    if (first->first > now) {
      changed_.wait_for(lock, absl::ToChronoNanoseconds(first->first - now));
      continue;
    }
    const Waiter waiter = first->second;
    const Offset reached = partitions_[waiter.partition.value()].reached;
    Remove(first);
    lock.unlock();
    waiter.done(DeadlineExceeded("partition {} has applied up to offset {}, {} was asked for", waiter.partition,
                                 reached, waiter.next));
    lock.lock();
  }
}

}  // namespace kefu::engine
