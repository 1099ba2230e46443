#pragma once

#include <absl/time/time.h>

namespace grpc {
class ServerContextBase;
}

namespace kefu::rpc {

// The longest a unary call of a caller without a deadline may take.
inline constexpr absl::Duration kDefaultDeadline = absl::Seconds(30);

// Until when the call may take: the caller's deadline; `cap` from now if it gave none. Streams have no use for it.
absl::Time DeadlineOf(const grpc::ServerContextBase& context, absl::Duration cap = kDefaultDeadline);

}  // namespace kefu::rpc
