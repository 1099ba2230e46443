#include <absl/time/clock.h>

#include <grpcpp/client_context.h>

#include "platform/rpc/as_of.h"
#include "platform/rpc/client.h"
#include "services/cli/verb.h"

namespace kefu::cli {

StatusOr<std::shared_ptr<grpc::Channel>> Tool::Channel() {
  if (channel_ != nullptr) return channel_;
  if (options_.tls_cert.empty() != options_.tls_key.empty()) {
    return InvalidArgument("--tls-cert and --tls-key go together");
  }
  rpc::ChannelOptions options;
  options.address = options_.server;
  options.use_tls = options_.tls || !options_.tls_ca.empty() || !options_.tls_cert.empty();
  options.tls = {.certificate = options_.tls_cert, .private_key = options_.tls_key, .ca = options_.tls_ca};
  ASSIGN_OR_RETURN(channel_, rpc::MakeChannel(options));
  return channel_;
}

void Tool::Prepare(grpc::ClientContext& context) const {
  rpc::SetDeadline(context, absl::Now() + options_.timeout);
  SetMoment(context);
}

void Tool::SetMoment(grpc::ClientContext& context) const {
  if (!options_.moment.empty()) context.AddMetadata(std::string(rpc::kAsOfMetadata), options_.moment);
}

}  // namespace kefu::cli
