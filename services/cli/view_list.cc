#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "kefu/admin/v1/view.grpc.pb.h"
#include "platform/runtime/text.h"
#include "services/cli/call.h"
#include "services/cli/listing.h"
#include "services/cli/verbs.h"
#include "services/cli/view_show.h"

namespace kefu::cli {
namespace {

std::vector<std::string> Cells(const admin::v1::View& view) {
  const ViewSummary summary = Summarise(view);
  return {view.name().substr(view.name().find('/') + 1),
          fmt::format("{}", view.version()),
          EnumText(view.state()),
          runtime::WithThousands(summary.done),
          runtime::WithThousands(summary.total - summary.done),
          summary.behind,
          fmt::format("{}", view.parked_events()),
          view.reason()};
}

}  // namespace

void AddViewListVerb(CLI::App& group, Tool& tool) {
  CLI::App& verb = AddVerb(group, "list", "All views with their progress",
                           {"kefu view list", "kefu view list --output json", "kefu view list --server 10.0.0.5:7800"});
  OnRun(verb, tool, [](Tool& tool) -> Status {
    ASSIGN_OR_RETURN(const admin::v1::ListViewsResponse response,
                     Call(tool, &admin::v1::ViewService::Stub::ListViews, admin::v1::ListViewsRequest()));
    Listing<admin::v1::View> listing(
        tool, {"VIEW", "VERSION", "STATE", "EVENTS", "WAITING", "BEHIND", "PARKED", "REASON"}, Cells);
    for (const auto& view : response.views()) RETURN_IF_ERROR(listing.Add(view));
    listing.Finish("This server has no views.");
    return OkStatus();
  });
}

}  // namespace kefu::cli
