#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "kefu/audit/v1/audit.grpc.pb.h"
#include "services/cli/audit/access.h"
#include "services/cli/audit/verbs.h"
#include "services/cli/call.h"
#include "services/cli/output.h"

namespace kefu::cli {

void AddAuditAcceptLossVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<AccessFlags>();
  CLI::App& verb =
      AddVerb(group, "accept-loss", "Go on signing although the log is shorter than what was signed of it",
              {"kefu audit accept-loss --reason 'disk of 3 March lost, restored from the copy of 2 March'",
               "kefu audit accept-loss --reason 'restored' --actor A-7",
               "kefu audit accept-loss --reason 'restored' --output json"});
  AddAccessFlags(verb, *flags);
  OnRun(verb, tool, [flags](Tool& tool) -> Status {
    audit::v1::AcceptLossRequest request;
    ASSIGN_OR_RETURN(*request.mutable_access(), AccessOf(*flags));
    ASSIGN_OR_RETURN(const audit::v1::AcceptLossResponse response,
                     Call(tool, &audit::v1::AuditService::Stub::AcceptLoss, request));
    if (tool.json()) return PrintJson(response);
    fmt::print("Recorded at offset {} of partition 0. The next checkpoint is signed over what the log holds now.\n",
               response.offset());
    return OkStatus();
  });
}

}  // namespace kefu::cli
