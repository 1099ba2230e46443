#include "platform/rpc/server.h"

#include <absl/time/clock.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "grpc/health/v1/health.pb.h"
#include "platform/base/reason.h"
#include "platform/rpc/files.h"
#include "platform/rpc/locks.h"

namespace kefu::rpc {

namespace {

// How long after its deadline Drain waits for cancelled calls to notice.
constexpr absl::Duration kGrace = absl::Seconds(3);

// The fastest that peers may ping an idle connection.
constexpr int kMinPingMilliseconds = 10'000;
constexpr int kKeepaliveTimeoutMilliseconds = 20'000;

// gRPC's settings for these are global and not thread-safe: once, before the first server.
void PrepareGrpc() {
  static const bool done = [] {
    SearchNoDeadlocks();
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    // Reflection describes only messages whose descriptors are linked in; asking for one links them (grpc/grpc#36665).
    // default_instance() would not do: optimised, it leaves no reference behind.
    return grpc::health::v1::HealthCheckRequest::descriptor() != nullptr;
  }();
  static_cast<void>(done);
}

StatusOr<std::shared_ptr<grpc::ServerCredentials>> Credentials(const ServerOptions& options) {
  const TlsFiles& tls = options.tls;
  if (tls.certificate.empty() && tls.private_key.empty() && tls.ca.empty()) {
    for (const std::string& address : options.listen)
      if (!IsLoopback(address) && !options.allow_insecure)
        return WithReason(FailedPrecondition("\"{}\" can be reached from other machines, and TLS is not set: give a "
                                             "certificate and its key, or allow insecure addresses",
                                             address),
                          "TLS_REQUIRED");
    return grpc::InsecureServerCredentials();
  }
  if (tls.certificate.empty() || tls.private_key.empty())
    return InvalidArgument("TLS needs both a certificate and its private key");
  grpc::SslServerCredentialsOptions ssl(tls.ca.empty() ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                                       : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  grpc::SslServerCredentialsOptions::PemKeyCertPair pair;
  ASSIGN_OR_RETURN(pair.cert_chain, ReadPem(tls.certificate));
  ASSIGN_OR_RETURN(pair.private_key, ReadPem(tls.private_key));
  ssl.pem_key_cert_pairs.push_back(std::move(pair));
  if (!tls.ca.empty()) {
    ASSIGN_OR_RETURN(ssl.pem_root_certs, ReadPem(tls.ca));
  }
  return grpc::SslServerCredentials(ssl);
}

void Configure(const ServerOptions& options, grpc::ServerBuilder& builder) {
  grpc::ResourceQuota quota("kefu");
  quota.Resize(static_cast<size_t>(options.memory_bytes));
  quota.SetMaxThreads(options.max_threads);
  builder.SetResourceQuota(quota);
  builder.SetMaxReceiveMessageSize(options.max_receive_bytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.max_concurrent_streams);
  // Without it a second server on the same port starts, and each gets half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS,
                             static_cast<int>(absl::ToInt64Milliseconds(options.keepalive)));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kMinPingMilliseconds);
}

class GrpcServer final : public Server {
 public:
  GrpcServer(std::unique_ptr<grpc::Server> server, std::vector<int> ports)
      : ending_(std::make_shared<Ending>()), ports_(std::move(ports)) {
    ending_->server = std::move(server);
  }
  ~GrpcServer() override { IgnoreStatus(Drain(absl::Now()), "the owner who cares has drained before"); }

  const std::vector<int>& ports() const override { return ports_; }

  void SetServing(const std::string& service, bool serving) override {
    auto* health = ending_->server->GetHealthCheckService();
    // gRPC's other overload would set all services at once.
    if (health != nullptr) health->SetServingStatus(service, serving);
  }

  std::shared_ptr<grpc::Channel> InProcess() override { return ending_->server->InProcessChannel({}); }

  void OnDrain(std::function<void()> listener) override {
    const std::lock_guard lock(mutex_);
    listeners_.push_back(std::move(listener));
  }

  Status Drain(absl::Time deadline) override {
    BeginDrain(deadline);
    std::unique_lock lock(ending_->mutex);
    const absl::Duration patience = std::max(deadline - absl::Now(), absl::ZeroDuration()) + kGrace;
    const auto ended = [this] { return ending_->ended; };
    if (ending_->changed.wait_for(lock, absl::ToChronoNanoseconds(std::min(patience, absl::Hours(25))), ended))
      return OkStatus();
    return DeadlineExceeded("calls are still running although they were cancelled; end the process");
  }

 private:
  void BeginDrain(absl::Time deadline) {
    std::vector<std::function<void()>> listeners;
    {
      const std::lock_guard lock(mutex_);
      if (drained_) return;
      drained_ = true;
      listeners.swap(listeners_);
    }
    if (auto* health = ending_->server->GetHealthCheckService(); health != nullptr) health->Shutdown();
    for (const auto& listener : listeners) listener();
    // gRPC's Shutdown waits for ever for a call that ignores being cancelled (grpc/grpc#39114), so it waits on a
    // thread of its own, which owns all it touches.
    std::thread([ending = ending_, deadline] {
      ending->server->Shutdown(absl::ToChronoTime(std::min(deadline, absl::Now() + absl::Hours(24))));
      ending->server->Wait();
      const std::lock_guard lock(ending->mutex);
      ending->ended = true;
      ending->changed.notify_all();
    }).detach();
  }

  struct Ending {
    std::unique_ptr<grpc::Server> server;
    std::mutex mutex;
    std::condition_variable changed;
    bool ended = false;
  };
  const std::shared_ptr<Ending> ending_;
  const std::vector<int> ports_;
  std::mutex mutex_;
  bool drained_ = false;
  std::vector<std::function<void()>> listeners_;
};

}  // namespace

bool IsLoopback(std::string_view address) {
  if (address.starts_with("unix:")) return true;
  const size_t colon = address.rfind(':');
  const std::string_view host = address.substr(0, colon);
  if (host == "localhost" || host == "[::1]") return true;
  // "127.evil.example" is a name, not an address.
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
}

StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                const std::vector<grpc::Service*>& services) {
  if (options.listen.empty()) return InvalidArgument("the server has no address to listen on");
  PrepareGrpc();
  ASSIGN_OR_RETURN(const auto credentials, Credentials(options));
  grpc::ServerBuilder builder;
  Configure(options, builder);
  std::vector<int> ports(options.listen.size(), 0);
  for (size_t i = 0; i < options.listen.size(); ++i) {
    if (options.listen[i].find(':') == std::string::npos)
      return InvalidArgument("\"{}\" is no address; write host:port", options.listen[i]);
    builder.AddListeningPort(options.listen[i], credentials, &ports[i]);
  }
  for (grpc::Service* service : services) builder.RegisterService(service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  for (size_t i = 0; i < ports.size(); ++i)
    if (server == nullptr && ports[i] <= 0)
      return Unavailable(
          "cannot listen on \"{}\": it is taken, is no address of this machine, or the TLS files are "
          "unfit",
          options.listen[i]);
  if (server == nullptr) return Internal("the gRPC server does not start");
  return std::make_unique<GrpcServer>(std::move(server), std::move(ports));
}

}  // namespace kefu::rpc
