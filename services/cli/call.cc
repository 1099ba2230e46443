#include "services/cli/call.h"

#include "platform/base/reason.h"
#include "platform/rpc/status.h"

namespace kefu::cli {
namespace {

// gRPC 1.51 tells the whole way to the last error; only that one helps.
std::string_view LastError(std::string_view message) {
  for (const std::string_view before : {"last error: ", "UNKNOWN: "}) {
    const size_t at = message.rfind(before);
    if (at != std::string_view::npos) message.remove_prefix(at + before.size());
  }
  return message;
}

}  // namespace

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
          server, LastError(MessageOf(error)));
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
