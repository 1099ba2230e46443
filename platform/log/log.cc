#include "platform/log/log.h"

#include <absl/time/clock.h>

#include <condition_variable>
#include <mutex>
#include <optional>

namespace kefu::log {

StatusOr<Offset> AppendAndWait(EventLog& log, Partition partition, std::vector<AppendRecord> records,
                               absl::Time deadline) {
  // Shared with the callback, which may come after this call gave up.
  struct Waiting {
    std::mutex mutex;
    std::condition_variable done;
    std::optional<StatusOr<Offset>> result;
  };
  auto waiting = std::make_shared<Waiting>();
  log.Append(partition, std::move(records), [waiting](StatusOr<Offset> result) {
    const std::lock_guard lock(waiting->mutex);
    waiting->result = std::move(result);
    waiting->done.notify_all();
  });
  std::unique_lock lock(waiting->mutex);
  const auto ready = [&] { return waiting->result.has_value(); };
  if (deadline == absl::InfiniteFuture()) {
    waiting->done.wait(lock, ready);
  } else {
    const absl::Duration left = std::max(deadline - absl::Now(), absl::ZeroDuration());
    if (!waiting->done.wait_for(lock, absl::ToChronoNanoseconds(left), ready))
      return DeadlineExceeded("the log did not answer in time; the outcome is unknown, send the same event again");
  }
  return *std::move(waiting->result);
}

}  // namespace kefu::log
