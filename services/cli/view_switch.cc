#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "kefu/admin/v1/view.grpc.pb.h"
#include "services/cli/call.h"
#include "services/cli/output.h"
#include "services/cli/verbs.h"
#include "services/cli/view_show.h"

namespace kefu::cli {
namespace {

void Print(const admin::v1::CompareBuildsResponse& compared) {
  PrintDetails({{"Serving", fmt::format("{}  {}", compared.serving_build(), compared.serving_digest())},
                {"Other", fmt::format("{}  {}", compared.other_build(), compared.other_digest())},
                {"Position", compared.position()},
                {"Differences", fmt::format("{} unexpected, {} expected", compared.unexpected_differences(),
                                            compared.expected_differences())}});
  if (compared.differences().empty()) return;
  fmt::print("\n");
  runtime::Table table({"PARTITION", "TABLE", "KEY", "SERVING", "OTHER", "EXPECTED"});
  for (const auto& difference : compared.differences()) {
    std::string key;
    for (const std::string& part : difference.key()) key += (key.empty() ? "" : " ") + part;
    table.Row({fmt::format("{}", difference.partition()), difference.table(), key, difference.serving(),
               difference.other(), difference.expected() ? "yes" : "no"});
  }
  PrintTable(table);
}

}  // namespace

void AddViewCompareVerb(CLI::App& group, Tool& tool) {
  struct ViewSwitchFlags {
    std::string view;
    int limit = 0;
  };
  auto flags = std::make_shared<ViewSwitchFlags>();
  CLI::App& verb = AddVerb(
      group, "compare", "The serving build of a view against the one that waits, or the one before, key by key",
      {"kefu view compare client", "kefu view compare case --limit 100 --output json", "kefu view compare book --timeout 5m"});
  verb.add_option("view", flags->view, "Name of the view")->required();
  verb.add_option("--limit", flags->limit, "Show so many differences at most (20)");
  OnRun(verb, tool, [flags](Tool& tool) -> Status {
    admin::v1::CompareBuildsRequest request;
    request.set_name(ViewName(flags->view));
    request.set_limit(flags->limit);
    ASSIGN_OR_RETURN(const admin::v1::CompareBuildsResponse compared,
                     Call(tool, &admin::v1::ViewService::Stub::CompareBuilds, request));
    if (tool.json()) return PrintJson(compared);
    Print(compared);
    return OkStatus();
  });
}

void AddViewSwitchVerb(CLI::App& group, Tool& tool) {
  struct ViewSwitchFlags {
    std::string view, reason, actor;
    bool back = false;
  };
  auto flags = std::make_shared<ViewSwitchFlags>();
  CLI::App& verb = AddVerb(
      group, "switch", "Let the other build of a view serve: one that waits because it differs, or the one before again",
      {"kefu view switch client --back --actor A-1 --reason 'wrong counts since the upgrade'",
       "kefu view switch book --actor A-1 --reason 'the old rows were wrong, see the comparison'",
       "kefu view switch case --back --actor A-1 --reason 'as before' --output json"});
  verb.add_option("view", flags->view, "Name of the view")->required();
  verb.add_flag("--back", flags->back, "To the build that served before");
  verb.add_option("--actor", flags->actor, "Who orders it: your staff number; recorded")->required();
  verb.add_option("--reason", flags->reason, "Why")->required();
  OnRun(verb, tool, [flags](Tool& tool) -> Status {
    admin::v1::SwitchViewRequest request;
    request.set_name(ViewName(flags->view));
    request.set_back(flags->back);
    request.set_actor_id(flags->actor);
    request.set_reason(flags->reason);
    ASSIGN_OR_RETURN(const admin::v1::SwitchViewResponse response,
                     Call(tool, &admin::v1::ViewService::Stub::SwitchView, request));
    if (tool.json()) return PrintJson(response);
    fmt::print("{} serves; {} did before, and can again with --back.\n", response.to_build(), response.from_build());
    return OkStatus();
  });
}

}  // namespace kefu::cli
