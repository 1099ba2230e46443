#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "kefu/query/v1/case.grpc.pb.h"
#include "services/cli/call.h"
#include "services/cli/case_filter.h"
#include "services/cli/output.h"
#include "services/cli/verbs.h"

namespace kefu::cli {

void AddCaseCountVerb(CLI::App& group, Tool& tool) {
  struct CaseCountFlags {
    CaseFilter filter;
    std::string min_position;
  };
  auto flags = std::make_shared<CaseCountFlags>();
  CLI::App& verb = AddVerb(group, "count", "How many cases there are",
                           {"kefu case count --open", "kefu case count --kind complaint --overdue",
                            "kefu case count --filter 'category = fees'"});
  AddCaseFilterFlags(verb, flags->filter);
  verb.add_option("--min-position", flags->min_position, "Wait until the view has reached this position");
  OnRun(verb, tool, [flags](Tool& tool) -> Status {
    query::v1::CountCasesRequest request;
    request.set_parent(flags->filter.Parent());
    ASSIGN_OR_RETURN(*request.mutable_filter(), flags->filter.Text());
    request.set_min_position(flags->min_position);
    ASSIGN_OR_RETURN(const query::v1::CountCasesResponse response,
                     Call(tool, &query::v1::CaseService::Stub::CountCases, request));
    if (tool.json()) return PrintJson(response);
    fmt::print("{}\n", response.count());
    return OkStatus();
  });
}

}  // namespace kefu::cli
