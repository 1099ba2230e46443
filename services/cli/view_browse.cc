#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>

#include "kefu/admin/v1/view.grpc.pb.h"
#include "services/cli/call.h"
#include "services/cli/listing.h"
#include "services/cli/verbs.h"
#include "services/cli/view_show.h"

namespace kefu::cli {
namespace {

struct ViewBrowseFlags {
  std::string view, table;
  int partition = -1;
  ListFlags list;
};

std::vector<std::string> Cells(const admin::v1::Row& row) {
  return {fmt::format("{}", row.partition()), fmt::format("{}", fmt::join(row.key().begin(), row.key().end(), " / ")),
          row.json()};
}

Status Browse(Tool& tool, const ViewBrowseFlags& flags) {
  admin::v1::BrowseRowsRequest request;
  request.set_parent(ViewName(flags.view));
  request.set_table(flags.table);
  if (flags.partition >= 0) request.set_partition(flags.partition);
  Listing<admin::v1::Row> listing(tool, {"PARTITION", "KEY", "ROW"}, Cells);
  RETURN_IF_ERROR(EachPage(tool, flags.list, [&](int size, std::string* token) -> StatusOr<int> {
    request.set_page_size(size);
    request.set_page_token(*token);
    ASSIGN_OR_RETURN(const admin::v1::BrowseRowsResponse response,
                     Call(tool, &admin::v1::ViewService::Stub::BrowseRows, request));
    for (const auto& row : response.rows()) RETURN_IF_ERROR(listing.Add(row));
    *token = response.next_page_token();
    return response.rows_size();
  }));
  listing.Finish("The table is empty.");
  return OkStatus();
}

}  // namespace

void AddViewBrowseVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<ViewBrowseFlags>();
  CLI::App& verb = AddVerb(group, "browse", "Rows of any view, in key order; the server masks personal data",
                           {"kefu view browse client", "kefu view browse case --table cases --limit 5",
                            "kefu view browse journal --partition 3 --output json"});
  verb.add_option("view", flags->view, "Name of the view")->required();
  verb.add_option("--table", flags->table, "A table of it; the first one if not given");
  verb.add_option("--partition", flags->partition, "Only this partition")->check(CLI::NonNegativeNumber);
  AddListFlags(verb, flags->list);
  OnRun(verb, tool, [flags](Tool& tool) { return Browse(tool, *flags); });
}

}  // namespace kefu::cli
