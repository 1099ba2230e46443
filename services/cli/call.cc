#include "services/cli/call.h"

#include "platform/base/reason.h"
#include "platform/rpc/status.h"

namespace kefu::cli {

Status Explained(const Tool& tool, const grpc::Status& status) {
  const Status error = rpc::FromGrpc(status);
  // What the server says itself carries a reason; without one nobody answered.
  if (!ReasonOf(error).empty()) return error;
  const std::string& server = tool.options().server;
  switch (error.code()) {
    case StatusCode::kUnavailable:
      return Unavailable(
          "no answer from {} ({})\nIs kefud running there? Start it with \"kefud\", or name another server with "
          "--server HOST:PORT.",
          server, MessageOf(error));
    case StatusCode::kDeadlineExceeded:
      return DeadlineExceeded("no answer from {} within {}; --timeout gives it longer", server,
                              absl::FormatDuration(tool.options().timeout));
    case StatusCode::kUnimplemented:
      return FailedPrecondition("{} does not serve this; it is another program, or kefud without that role", server);
    default:
      return error;
  }
}

}  // namespace kefu::cli
