#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "kefu/admin/v1/view.grpc.pb.h"
#include "services/cli/call.h"
#include "services/cli/output.h"
#include "services/cli/verbs.h"
#include "services/cli/view_show.h"

namespace kefu::cli {
namespace {

void Print(const admin::v1::DigestViewResponse& response) {
  runtime::Table table({"PARTITION", "NEXT", "ENTRIES", "DIGEST"});
  for (const auto& partition : response.partitions()) {
    table.Row({fmt::format("{}", partition.partition()), fmt::format("{}", partition.next_offset()),
               fmt::format("{}", partition.entries()), partition.digest()});
  }
  PrintTable(table);
  fmt::print("\nDigest    {}\nPosition  {}\n", response.digest(), response.position());
}

}  // namespace

void AddViewDigestVerb(CLI::App& group, Tool& tool) {
  struct ViewDigestFlags {
    std::string view, min_position;
  };
  auto flags = std::make_shared<ViewDigestFlags>();
  CLI::App& verb = AddVerb(group, "digest", "A digest over all rows of a view: equal digests mean equal bytes",
                           {"kefu view digest client", "kefu view digest case --output json | jq -r .digest",
                            "kefu view digest journal --min-position AAEC --timeout 5m"});
  verb.add_option("view", flags->view, "Name of the view")->required();
  verb.add_option("--min-position", flags->min_position, "Wait until the view has reached this position");
  OnRun(verb, tool, [flags](Tool& tool) -> Status {
    admin::v1::DigestViewRequest request;
    request.set_name(ViewName(flags->view));
    request.set_min_position(flags->min_position);
    ASSIGN_OR_RETURN(const admin::v1::DigestViewResponse response,
                     Call(tool, &admin::v1::ViewService::Stub::DigestView, request));
    if (tool.json()) return PrintJson(response);
    Print(response);
    return OkStatus();
  });
}

}  // namespace kefu::cli
