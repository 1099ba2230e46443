#pragma once

#include "kefu/audit/v1/audit.pb.h"
#include "services/cli/verb.h"

namespace kefu::cli {

// Opens all views as they were at a moment, and shows how far it is; what the server says of the open moment. Takes as long
// as the server folds. kCancelled: Ctrl-C; else what AuditService.OpenMoment refuses.
StatusOr<audit::v1::OpenMomentResponse> OpenMoment(Tool& tool, const audit::v1::OpenMomentRequest& request);

// Gives it back. What AuditService.CloseMoment refuses.
Status CloseMoment(Tool& tool, const std::string& moment);

}  // namespace kefu::cli
