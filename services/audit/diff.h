#pragma once

// AuditService.DiffClient: what changed about a client between two moments.

#include "kefu/audit/v1/audit.pb.h"
#include "platform/base/status.h"
#include "projections/engine/engine.h"
#include "projections/past/clients_past.h"

namespace kefu::audit {

// The client's row and those of its cases, folded as of both moments, compared field by field; and what was recorded of the
// client in between. Lists are compared as sets: what one of the two does not have is told whole. Of records that were
// merged it is the one that is named.
//
// kInvalidArgument: NAME_INVALID, MOMENTS_REVERSED, and what ReadAsOf refuses. kNotFound CLIENT_NOT_FOUND: nothing was
// recorded of it until the later one. kFailedPrecondition: AS_OF_NEEDS_MOMENT (by occurred time, and see
// past::OpenClientsAsOf), DIFF_TOO_LARGE: more than kMostDiffBytes of events.
// Thread-safe.
class ClientDiff {
 public:
  // `engine` must outlive it.
  explicit ClientDiff(const engine::Engine& engine) : engine_(engine) {}

  Status Answer(const v1::DiffClientRequest& request, absl::Time now, v1::DiffClientResponse* response);

 private:
  const engine::Engine& engine_;
  past::KnownBroadcasts broadcasts_;
};

inline constexpr int64_t kMostDiffBytes = int64_t{3} << 20;

// What differs between two messages of a type (null: there is none), as changes of `resource`.
Status AddChanges(const std::string& resource, const google::protobuf::Message* before,
                  const google::protobuf::Message* after, v1::DiffClientResponse* response);

}  // namespace kefu::audit
