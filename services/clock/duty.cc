#include "services/clock/duty.h"

#include <chrono>

namespace kefu::duties {

void Waker::Wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_one();
}

void Waker::Sleep(absl::Duration at_most) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, absl::ToChronoNanoseconds(at_most), [this] { return woken_; });
  woken_ = false;
}

Duty::Duty(const DutyContext& context) : context_(context) { context_.waker = std::make_shared<Waker>(); }

Standing::Standing(admin::v1::DutyKind kind, int32_t partitions) : duties_(static_cast<size_t>(partitions)) {
  for (int32_t p = 0; p < partitions; ++p) {
    duties_[static_cast<size_t>(p)].set_kind(kind);
    duties_[static_cast<size_t>(p)].set_partition(p);
  }
}

void Standing::Change(Partition partition, const std::function<void(admin::v1::Duty&)>& change) {
  const std::lock_guard lock(mutex_);
  change(duties_.at(static_cast<size_t>(partition.value())));
}

std::vector<admin::v1::Duty> Standing::All() const {
  const std::lock_guard lock(mutex_);
  return duties_;
}

}  // namespace kefu::duties
