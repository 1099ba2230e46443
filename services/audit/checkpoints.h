#pragma once

// What was signed of the log: the list, and going on after a loss.

#include <functional>
#include <optional>
#include <string>

#include "kefu/audit/v1/audit.pb.h"
#include "platform/base/status.h"
#include "platform/base/time.h"
#include "platform/log/log.h"
#include "platform/rpc/page_token.h"
#include "projections/engine/engine.h"

namespace kefu::audit {

struct CheckpointContext {
  const engine::Engine& engine;
  log::EventLog& log;
  rpc::PageTokens tokens;
  // What this server signs with; empty: it signs nothing.
  std::string verifier_key;
  // The note over all partitions that the log does not hold any more, as the notary found; empty function: there is no
  // notary here.
  std::function<std::optional<std::string>()> lost_note;
  Clock* clock = Clock::Real();
};

// Thread-safe. What the context names must outlive it.
class Checkpoints {
 public:
  explicit Checkpoints(CheckpointContext context) : context_(std::move(context)) {}

  // Newest first; with `covers_offset` those that cover the record, of the time since the newest accepted loss, the oldest
  // first. kInvalidArgument: PAGE_SIZE_NEGATIVE, PAGE_TOKEN_INVALID, PARTITION_INVALID, OFFSET_INVALID. A page ends before it
  // grows past gRPC's usual limit of a message.
  Status List(const v1::ListCheckpointsRequest& request, v1::ListCheckpointsResponse* response) const;

  // States CheckpointLossAccepted, and calls `done` once it is durable. kFailedPrecondition: NOTHING_LOST, NO_NOTARY.
  void AcceptLoss(const v1::AcceptLossRequest& request, v1::AcceptLossResponse* response,
                  std::function<void(Status)> done) const;

 private:
  const CheckpointContext context_;
};

}  // namespace kefu::audit
