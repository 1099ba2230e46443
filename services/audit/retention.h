#pragma once

// AuditService.GetRetention: until when what was recorded of a client must be kept, and what holds it.

#include "kefu/audit/v1/audit.pb.h"
#include "platform/base/status.h"
#include "projections/engine/engine.h"

namespace kefu::audit {

// By the classes that were published last and the holds that are not lifted, as the view `retention` has them; which events
// there are is read in the client's journal. A case is its whole life (case_life.h).
//
// kInvalidArgument NAME_INVALID. kNotFound: CLIENT_NOT_FOUND, CASE_NOT_FOUND: nothing was recorded of it.
// kFailedPrecondition RETENTION_TOO_LARGE: more than kMostRetained events of the client. kDataLoss: a row cannot be read.
// Cost: parses the client's events, twice. Thread-safe.
Status GetRetention(const engine::Engine& engine, const v1::GetRetentionRequest& request,
                    v1::GetRetentionResponse* response);

inline constexpr int64_t kMostRetained = 100'000;

}  // namespace kefu::audit
