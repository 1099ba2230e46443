#include "services/cli/audit/moment_opening.h"

#include "kefu/audit/v1/audit.grpc.pb.h"
#include "services/cli/call.h"

namespace kefu::cli {

StatusOr<audit::v1::OpenMomentResponse> OpenMoment(Tool& tool, const audit::v1::OpenMomentRequest& request) {
  audit::v1::OpenMomentResponse last;
  runtime::Progress progress(tool.ProgressOf("opening the moment", "events", 0));
  const Status followed = Follow(tool, &audit::v1::AuditService::Stub::OpenMoment, request,
                                 [&](const audit::v1::OpenMomentResponse& message) {
                                   progress.SetTotal(message.events_total());
                                   progress.Update(message.events_done());
                                   last = message;
                                   return OkStatus();
                                 });
  progress.Finish();
  RETURN_IF_ERROR(followed);
  if (last.moment().empty()) return Cancelled("it broke off before the moment was open");
  return last;
}

Status CloseMoment(Tool& tool, const std::string& moment) {
  audit::v1::CloseMomentRequest request;
  request.set_moment(moment);
  return Call(tool, &audit::v1::AuditService::Stub::CloseMoment, request).status();
}

}  // namespace kefu::cli
