#include "services/cli/audit/asked_moment.h"

#include <fmt/format.h>

#include "platform/base/reason.h"
#include "services/cli/audit/moment_opening.h"

namespace kefu::cli {

AskedMoment::ToolAt::ToolAt(Tool& tool, std::string moment) : tool_(tool), before_(tool.options().moment) {
  tool_.mutable_options().moment = std::move(moment);
}

AskedMoment::ToolAt::~ToolAt() { tool_.mutable_options().moment = before_; }

// Where it cannot be said, the server closes it by itself, some time later.
AskedMoment::~AskedMoment() {
  if (!opened_.empty()) (void)CloseMoment(tool_, opened_);
}

std::string AskedMoment::Name() const {
  if (of_ == ViewsOf::kMoment) return tool_.options().moment;
  return of_ == ViewsOf::kCheckpoint ? "checkpoint" : "now";
}

std::string AskedMoment::Words() const {
  switch (of_) {
    case ViewsOf::kCheckpoint:
      return fmt::format("as of the checkpoint: what the records before it give. Position {}", position_);
    case ViewsOf::kNow:
      return "as they were when this was made: what no checkpoint covered yet may be in them";
    case ViewsOf::kMoment:
      return "as of " + tool_.options().moment;
  }
  return {};
}

bool AskedMoment::NeedsOpening(const Status& status) {
  // The latter: views that are a little behind the log, which the checkpoint is not.
  return ReasonOf(status) == "AS_OF_NEEDS_MOMENT" || ReasonOf(status) == "POSITION_INVALID";
}

Status AskedMoment::Open() {
  if (!opened_.empty() || !opening_.ok()) return opening_;
  audit::v1::OpenMomentRequest request;
  *request.mutable_access() = access_;
  request.mutable_as_of()->set_position(position_);
  auto opened = OpenMoment(tool_, request);
  if (opened.ok())
    opened_ = opened->moment();
  else
    opening_ = Annotate(opened.status(),
                        "the views as of the checkpoint cannot be opened (--views-of now takes those of now instead)");
  return opening_;
}

}  // namespace kefu::cli
