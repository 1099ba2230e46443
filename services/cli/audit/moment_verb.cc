// kefu audit moment: all views as they were, opened, and given back.

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "services/cli/audit/access.h"
#include "services/cli/audit/moment_opening.h"
#include "services/cli/audit/verbs.h"
#include "services/cli/moment.h"
#include "services/cli/output.h"

namespace kefu::cli {
namespace {

struct MomentFlags {
  AccessFlags access;
  std::string at;
};

Status RunMoment(Tool& tool, const MomentFlags& flags) {
  audit::v1::OpenMomentRequest request;
  ASSIGN_OR_RETURN(*request.mutable_access(), AccessOf(flags.access));
  ASSIGN_OR_RETURN(*request.mutable_as_of(), ReadMoment(flags.at));
  ASSIGN_OR_RETURN(const audit::v1::OpenMomentResponse opened, OpenMoment(tool, request));
  if (tool.json()) return PrintJson(opened);
  PrintDetails({{"Moment", opened.moment()}, {"Position", opened.position()}, {"Closed", TimeText(opened.expires_at())}});
  Remark(tool, fmt::format("Ask of it with --moment {0}. It stays open while it is asked. When you are done: kefu audit "
                           "close-moment {0}",
                           opened.moment()));
  return OkStatus();
}

}  // namespace

void AddAuditMomentVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<MomentFlags>();
  CLI::App& verb = AddVerb(group, "moment", "Open all views as they were at a moment, to ask any question of then",
                           {"kefu audit moment 2026-03-01 --reason 'complaint K-17'",
                            "kefu audit moment occurred:2026-03-01T09:30:00+08:00 --reason 'what was so'",
                            "kefu audit moment position:AAEC --reason 'filed return' --output json"});
  verb.add_option("when", flags->at, "A time or a day (what was known then), occurred:TIME or position:TOKEN")->required();
  AddAccessFlags(verb, flags->access);
  OnRun(verb, tool, [flags](Tool& tool) { return RunMoment(tool, *flags); });
}

void AddAuditCloseMomentVerb(CLI::App& group, Tool& tool) {
  auto moment = std::make_shared<std::string>();
  CLI::App& verb = AddVerb(group, "close-moment", "Give a moment back that was opened; it closes by itself later",
                           {"kefu audit close-moment moments/5f0c3a9e71d2",
                            "kefu audit close-moment \"$moment\"",
                            "kefu audit close-moment moments/5f0c3a9e71d2 --server 127.0.0.1:7900"});
  verb.add_option("moment", *moment, "As kefu audit moment told it")->required();
  OnRun(verb, tool, [moment](Tool& tool) { return CloseMoment(tool, *moment); });
}

}  // namespace kefu::cli
