#include "platform/rpc/later.h"

#include <utility>

namespace kefu::rpc {

void RunSoon(std::function<void()> work) { RunAt(absl::Now(), std::move(work)); }

void RunAt(absl::Time time, std::function<void()> work) {
  // The alarm deletes itself: its callback holds it, and gRPC keeps the inner part until the callback returned.
  auto* alarm = new grpc::Alarm;
  alarm->Set(absl::ToChronoTime(time), [alarm, work = std::move(work)](bool) {
    work();
    delete alarm;
  });
}

struct PeriodicTimer::State {
  const absl::Duration period;
  const std::function<void()> tick;
  std::mutex mutex;
  bool stopped = false;
  std::unique_ptr<grpc::Alarm> alarm;
};

PeriodicTimer::PeriodicTimer(absl::Duration period, std::function<void()> tick)
    : state_(new State{period, std::move(tick), {}, false, nullptr}) {
  Arm(state_);
}

void PeriodicTimer::Arm(const std::shared_ptr<State>& state) {
  // A new alarm each time: setting one anew from its own callback would replace the callback while it runs.
  auto alarm = std::make_unique<grpc::Alarm>();
  std::unique_ptr<grpc::Alarm> last;
  std::lock_guard lock(state->mutex);
  if (state->stopped) return;
  alarm->Set(absl::ToChronoTime(absl::Now() + state->period), [state](bool fired) {
    if (!fired) return;
    state->tick();
    Arm(state);
  });
  last = std::exchange(state->alarm, std::move(alarm));
}

PeriodicTimer::~PeriodicTimer() {
  std::unique_ptr<grpc::Alarm> last;
  std::lock_guard lock(state_->mutex);
  state_->stopped = true;
  last = std::move(state_->alarm);
}

}  // namespace kefu::rpc
