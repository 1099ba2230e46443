#include "platform/rpc/deadline.h"

#include <absl/time/clock.h>
#include <grpcpp/server_context.h>

namespace kefu::rpc {

absl::Time DeadlineOf(const grpc::ServerContextBase& context, absl::Duration cap) {
  // gRPC gives a caller without a deadline the end of time, as its clock has it.
  constexpr auto kNone = absl::Hours(24 * 365);
  const absl::Time now = absl::Now();
  const auto given = context.deadline();
  if (given == std::chrono::system_clock::time_point::max()) return now + cap;
  const absl::Time deadline = absl::FromChrono(given);
  return deadline > now + kNone ? now + cap : deadline;
}

}  // namespace kefu::rpc
