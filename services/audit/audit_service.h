#pragma once

// What auditors ask of the server: kefu.audit.v1.AuditService over the log and the views that the engine keeps.

#include <absl/time/time.h>
#include <grpcpp/impl/codegen/service_type.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "platform/log/log.h"
#include "projections/engine/engine.h"
#include "services/audit/access.h"

namespace kefu::past {
class Moments;
}
namespace kefu::returns {
class Returns;
}

namespace kefu::audit {

struct AuditOptions {
  // Signs tokens: 32 random bytes, kept with the data, the same for all servers that answer one caller.
  std::string token_key;
  // About how much of recorded bytes one message of a replay holds; one record may go past it.
  size_t message_bytes = size_t{1} << 20;
  // How long a replay waits for a log that brings nothing.
  absl::Duration patience = absl::Seconds(30);
  // What the server signs checkpoints with, as a verifier key; empty: it signs nothing.
  std::string verifier_key;
  // CheckpointContext::lost_note.
  std::function<std::optional<std::string>()> lost_note;
  // How long an export waits for a checkpoint: the notary signs within a minute.
  absl::Duration export_patience = absl::Seconds(65);
  // Files and shows returns; null: there are none, as in tests of other calls. Must outlive the service.
  returns::Returns* returns = nullptr;
  // Opens moments of the past; null: there are none. Must outlive the service.
  past::Moments* moments = nullptr;
};

// Engine, log and recorder must outlive it, and it the gRPC server.
std::unique_ptr<grpc::Service> MakeAuditService(engine::Engine& engine, log::EventLog& log, AccessRecorder& recorder,
                                                const AuditOptions& options);

// The same with a recorder of its own, on `log`.
std::unique_ptr<grpc::Service> MakeAuditService(engine::Engine& engine, log::EventLog& log, const AuditOptions& options);

// Ends the streams of a service made here with UNAVAILABLE; those opened later end at once. For rpc::Server::OnDrain.
// Nothing for other services.
void EndStreams(grpc::Service& service);

}  // namespace kefu::audit
