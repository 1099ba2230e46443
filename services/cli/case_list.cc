#include <CLI/CLI.hpp>

#include "kefu/query/v1/case.grpc.pb.h"
#include "services/cli/call.h"
#include "services/cli/case_filter.h"
#include "services/cli/listing.h"
#include "services/cli/show.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

struct CaseListFlags {
  CaseFilter filter;
  std::string order, min_position;
  ListFlags list;
};

Status List(Tool& tool, const CaseListFlags& flags) {
  query::v1::ListCasesRequest request;
  request.set_parent(flags.filter.Parent());
  ASSIGN_OR_RETURN(*request.mutable_filter(), flags.filter.Text());
  // What is asked for by its date is wanted in the order of dates.
  request.set_order_by(flags.order.empty() && !flags.filter.due.empty() ? "next_action_time" : flags.order);
  request.set_min_position(flags.min_position);
  Listing<query::v1::Case> listing(tool, kCaseHeadings, CaseCells);
  RETURN_IF_ERROR(EachPage(tool, flags.list, [&](int size, std::string* token) -> StatusOr<int> {
    request.set_page_size(size);
    request.set_page_token(*token);
    ASSIGN_OR_RETURN(query::v1::ListCasesResponse response,
                     Call(tool, &query::v1::CaseService::Stub::ListCases, request));
    for (auto& one : *response.mutable_cases()) {
      if (!flags.list.personal) ClearPersonal(&one);
      RETURN_IF_ERROR(listing.Add(one));
    }
    *token = response.next_page_token();
    return response.cases_size();
  }));
  listing.Finish("No case matches.");
  return OkStatus();
}

}  // namespace

void AddCaseListVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<CaseListFlags>();
  CLI::App& verb = AddVerb(group, "list", "Cases, filtered, in the order asked for",
                           {"kefu case list --open --kind complaint", "kefu case list --owner S-7 --due 24h",
                            "kefu case list --matter M-2026-03 --filter 'priority = CRITICAL' --personal"});
  AddCaseFilterFlags(verb, flags->filter);
  verb.add_option("--order", flags->order, "case_id, due_time, next_action_time or \"update_time desc\"");
  verb.add_option("--min-position", flags->min_position, "Wait until the view has reached this position");
  AddListFlags(verb, flags->list);
  AddPersonalFlag(verb, flags->list.personal);
  OnRun(verb, tool, [flags](Tool& tool) { return List(tool, *flags); });
}

}  // namespace kefu::cli
