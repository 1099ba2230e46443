#pragma once

// Channels to our servers with settings that a client should have.

#include <absl/time/time.h>

#include <memory>
#include <string>
#include <vector>

#include "platform/base/status.h"
#include "platform/rpc/tls.h"

namespace grpc {
class Channel;
class ClientContext;
}  // namespace grpc

namespace kefu::rpc {

struct ChannelOptions {
  // "host:port", "dns:///host:port" or "unix:path".
  std::string address;
  // Speak TLS. With empty files: trust the system's authorities, show no certificate.
  bool use_tls = false;
  TlsFiles tls;
  // Answers of a thousand rows must fit.
  int max_receive_bytes = 16 << 20;
  absl::Duration keepalive = absl::Minutes(1);
  // Full names of services whose unary calls gRPC may send again when the server was UNAVAILABLE: those that only
  // read, or are safe to repeat. Four attempts with back-off, within the call's deadline.
  std::vector<std::string> retried_services;
};

// Connects when first used. kInvalidArgument if a TLS file is unfit.
StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ChannelOptions& options);

// Every call has a deadline: without one gRPC waits for ever.
void SetDeadline(grpc::ClientContext& context, absl::Time deadline);

}  // namespace kefu::rpc
