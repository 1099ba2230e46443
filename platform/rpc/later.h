#pragma once

// Work on other threads, by gRPC's own timers and executor: no pool of our own.

#include <absl/time/clock.h>
#include <absl/time/time.h>
#include <grpcpp/alarm.h>

#include <functional>
#include <memory>
#include <mutex>

namespace kefu::rpc {

// Runs `work` on a thread of gRPC, soon. For leaving threads that must not be kept.
void RunSoon(std::function<void()> work);
// The same, not before `time`.
void RunAt(absl::Time time, std::function<void()> work);

// Calls back every `period` until destroyed. The callback must not destroy the timer and, since a last call may be
// under way while that happens, should hold what it uses.
class PeriodicTimer {
 public:
  PeriodicTimer(absl::Duration period, std::function<void()> tick);
  ~PeriodicTimer();
  PeriodicTimer(const PeriodicTimer&) = delete;
  PeriodicTimer& operator=(const PeriodicTimer&) = delete;

 private:
  struct State;
  static void Arm(const std::shared_ptr<State>& state);
  std::shared_ptr<State> state_;
};

}  // namespace kefu::rpc
