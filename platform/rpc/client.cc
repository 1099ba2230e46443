#include "platform/rpc/client.h"

#include <absl/time/clock.h>
#include <grpcpp/grpcpp.h>

#include "platform/rpc/files.h"
#include "platform/rpc/locks.h"

namespace kefu::rpc {

namespace {

constexpr int kKeepaliveTimeoutMilliseconds = 20'000;

// Source: gRFC A6.
std::string ServiceConfig(const std::vector<std::string>& services) {
  std::string names;
  for (const std::string& service : services) {
    if (!names.empty()) names += ",";
    names += fmt::format(R"({{"service":"{}"}})", service);
  }
  return fmt::format(
      R"({{"methodConfig":[{{"name":[{}],"retryPolicy":{{"maxAttempts":4,"initialBackoff":"0.1s","maxBackoff":"2s",)"
      R"("backoffMultiplier":2,"retryableStatusCodes":["UNAVAILABLE"]}}}}]}})",
      names);
}

StatusOr<std::shared_ptr<grpc::ChannelCredentials>> Credentials(const ChannelOptions& options) {
  if (!options.use_tls) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions ssl;
  if (!options.tls.ca.empty()) {
    ASSIGN_OR_RETURN(ssl.pem_root_certs, ReadPem(options.tls.ca));
  }
  if (!options.tls.certificate.empty()) {
    ASSIGN_OR_RETURN(ssl.pem_cert_chain, ReadPem(options.tls.certificate));
    ASSIGN_OR_RETURN(ssl.pem_private_key, ReadPem(options.tls.private_key));
  }
  return grpc::SslCredentials(ssl);
}

}  // namespace

StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ChannelOptions& options) {
  SearchNoDeadlocks();
  ASSIGN_OR_RETURN(const auto credentials, Credentials(options));
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(options.max_receive_bytes);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, static_cast<int>(absl::ToInt64Milliseconds(options.keepalive)));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMilliseconds);
  if (!options.retried_services.empty()) arguments.SetServiceConfigJSON(ServiceConfig(options.retried_services));
  return grpc::CreateCustomChannel(options.address, credentials, arguments);
}

void SetDeadline(grpc::ClientContext& context, absl::Time deadline) {
  context.set_deadline(absl::ToChronoTime(std::min(deadline, absl::Now() + absl::Hours(24 * 365))));
}

}  // namespace kefu::rpc
