#include <CLI/CLI.hpp>

#include "kefu/query/v1/case.grpc.pb.h"
#include "services/cli/call.h"
#include "services/cli/show.h"
#include "services/cli/verbs.h"

namespace kefu::cli {

void AddCaseGetVerb(CLI::App& group, Tool& tool) {
  struct CaseGetFlags {
    std::string case_id, client, min_position;
  };
  auto flags = std::make_shared<CaseGetFlags>();
  CLI::App& verb = AddVerb(group, "get", "One case with its whole life",
                           {"kefu case get K-1", "kefu case get K-1 --client C-1", "kefu case get K-1 --output json"});
  verb.add_option("case", flags->case_id, "Case id")->required();
  verb.add_option("--client", flags->client, "The client it belongs to; then only one partition is asked");
  verb.add_option("--min-position", flags->min_position, "Wait until the view has reached this position");
  OnRun(verb, tool, [flags](Tool& tool) -> Status {
    query::v1::GetCaseRequest request;
    request.set_name(flags->client.empty() ? CaseName(flags->case_id)
                                           : ClientName(flags->client) + "/cases/" + flags->case_id);
    request.set_min_position(flags->min_position);
    ASSIGN_OR_RETURN(const query::v1::Case one, Call(tool, &query::v1::CaseService::Stub::GetCase, request));
    if (tool.json()) return PrintJson(one);
    PrintCase(one);
    return OkStatus();
  });
}

}  // namespace kefu::cli
