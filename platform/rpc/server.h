#pragma once

// A gRPC server with the settings that a server should have, and an end that comes.

#include <absl/time/time.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/status.h"
#include "platform/rpc/tls.h"

namespace grpc {
class Channel;
class Service;
}  // namespace grpc

namespace kefu::rpc {

struct ServerOptions {
  // "host:port" or "unix:path"; port 0 takes a free one. A port that someone has is refused, never shared.
  std::vector<std::string> listen = {"127.0.0.1:0"};
  // All empty: no TLS, and then only loopback addresses, unless `allow_insecure`.
  TlsFiles tls;
  bool allow_insecure = false;
  int max_receive_bytes = 4 << 20;
  // Calls at once on one connection.
  int max_concurrent_streams = 256;
  // What all calls together may hold in gRPC's own buffers.
  int64_t memory_bytes = int64_t{256} << 20;
  int max_threads = 64;
  // A connection without traffic is asked whether it lives after this.
  absl::Duration keepalive = absl::Minutes(1);
  bool reflection = true;
};

// Operation: serves from Start on. Health (grpc.health.v1) says SERVING for the whole, and for every service that is
//   set so. Drain ends it.
// Concurrency: thread-safe.
// Limitations: reflection is v1alpha only (gRPC 1.51). A client that watches health, and any stream that its service
//   does not end in `on_drain`, keeps Drain until its deadline.
class Server {
 public:
  // The services must outlive the server. kFailedPrecondition TLS_REQUIRED; kInvalidArgument: an address or TLS file is
  // unfit; kUnavailable: an address cannot be had.
  static StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                 const std::vector<grpc::Service*>& services);
  virtual ~Server() = default;

  // By address, as bound.
  virtual const std::vector<int>& ports() const = 0;

  // What health says of a service, by its full name ("kefu.ingest.v1.IngestService"); "" is the server as a whole.
  virtual void SetServing(const std::string& service, bool serving) = 0;

  // A channel to this very server that leaves the process by no socket: for services that ask others by their contracts.
  // Must not outlive it.
  virtual std::shared_ptr<grpc::Channel> InProcess() = 0;

  // Called at the beginning of Drain: services end their streams in it.
  virtual void OnDrain(std::function<void()> listener) = 0;

  // Health says NOT_SERVING; no new calls; those under way finish; what is left at `deadline` is cancelled. Returns
  // when all calls have ended, or with kDeadlineExceeded a few seconds after the deadline if one does not react to
  // being cancelled: then the process should end, for the services are still in use. Called again, it waits again.
  virtual Status Drain(absl::Time deadline) = 0;
};

// True for "127.0.0.1:…", "localhost:…", "[::1]:…" and "unix:…".
bool IsLoopback(std::string_view address);

}  // namespace kefu::rpc
