#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "kefu/query/v1/client.grpc.pb.h"
#include "services/cli/call.h"
#include "services/cli/output.h"
#include "services/cli/verbs.h"

namespace kefu::cli {

void AddClientCountVerb(CLI::App& group, Tool& tool) {
  struct ClientCountFlags {
    std::string filter, min_position;
  };
  auto flags = std::make_shared<ClientCountFlags>();
  CLI::App& verb = AddVerb(group, "count", "How many clients there are",
                           {"kefu client count", "kefu client count --filter 'branch_id = \"0001\"'",
                            "kefu client count --filter 'tier = gold' --output json"});
  verb.add_option("--filter", flags->filter, "Which clients; docs/FILTERS.md lists the fields");
  verb.add_option("--min-position", flags->min_position, "Wait until the view has reached this position");
  OnRun(verb, tool, [flags](Tool& tool) -> Status {
    query::v1::CountClientsRequest request;
    request.set_filter(flags->filter);
    request.set_min_position(flags->min_position);
    ASSIGN_OR_RETURN(const query::v1::CountClientsResponse response,
                     Call(tool, &query::v1::ClientService::Stub::CountClients, request));
    if (tool.json()) return PrintJson(response);
    fmt::print("{}\n", response.count());
    return OkStatus();
  });
}

}  // namespace kefu::cli
