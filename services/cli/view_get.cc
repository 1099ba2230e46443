#include <CLI/CLI.hpp>

#include "kefu/admin/v1/view.grpc.pb.h"
#include "services/cli/call.h"
#include "services/cli/output.h"
#include "services/cli/verbs.h"
#include "services/cli/view_show.h"

namespace kefu::cli {

void AddViewGetVerb(CLI::App& group, Tool& tool) {
  auto name = std::make_shared<std::string>();
  CLI::App& verb = AddVerb(group, "get", "One view with its progress by partition",
                           {"kefu view get client", "kefu view get case --output json", "kefu view get views/journal"});
  verb.add_option("view", *name, "Name of the view; \"kefu view list\" shows them")->required();
  OnRun(verb, tool, [name](Tool& tool) -> Status {
    admin::v1::GetViewRequest request;
    request.set_name(ViewName(*name));
    ASSIGN_OR_RETURN(const admin::v1::View view, Call(tool, &admin::v1::ViewService::Stub::GetView, request));
    if (tool.json()) return PrintJson(view);
    PrintView(view);
    return OkStatus();
  });
}

}  // namespace kefu::cli
