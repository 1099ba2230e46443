#pragma once

// kefu.ingest.v1.IngestService over gRPC.

#include <absl/time/time.h>

#include <memory>

#include "platform/log/log.h"
#include "services/ingest/recorder.h"

namespace grpc {
class Service;
}
namespace kefu::engine {
class Engine;
}

namespace kefu::ingest {

struct IngestOptions {
  // Events that a stream may have unanswered.
  int max_in_flight = 256;
  int max_batch_events = 1000;
  // How long WAIT_APPLIED may take on a stream, and for a caller without a deadline.
  absl::Duration max_wait = absl::Seconds(30);
};

// Operation: gRPC's callback API; no thread waits for the log or for admission. ListRejections reads the log on one
//   thread of its own, call after call.
// Concurrency: thread-safe.
// Limitations: what one stream may hold in memory is `max_in_flight` requests of at most the server's receive limit.
class IngestServer {
 public:
  // All must outlive the server; `engine` follows `events`, and may be null.
  static std::unique_ptr<IngestServer> Make(const IngestOptions& options, Recorder& recorder, log::EventLog& events,
                                            log::EventLog& rejected, engine::Engine* engine);
  virtual ~IngestServer() = default;

  // For rpc::Server::Start. Destroy the gRPC server first.
  virtual grpc::Service* service() = 0;

  // Ends all streams once what they have read is answered, with UNAVAILABLE SERVER_DRAINING, and from now on new ones
  // at once. For rpc::Server::OnDrain.
  virtual void EndStreams() = 0;
};

}  // namespace kefu::ingest
