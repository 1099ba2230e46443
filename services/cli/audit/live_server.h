#pragma once

// A server whose views are verified, over gRPC.

#include <memory>
#include <string>

#include "kefu/audit/v1/audit.pb.h"
#include "services/cli/replayer/verify.h"
#include "services/cli/verb.h"

namespace kefu::cli {

// Asks ViewService for digests and versions, AuditService for records and rows, which records who looks and why. `tool`
// must outlive it. Errors as Explained (call.h) has them; kUnavailable also where a stream ended before its end.
StatusOr<std::unique_ptr<replayer::LiveServer>> ConnectLiveServer(Tool& tool, const audit::v1::Access& access);

}  // namespace kefu::cli
