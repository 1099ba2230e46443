#include <CLI/CLI.hpp>

#include "kefu/query/v1/client.grpc.pb.h"
#include "services/cli/call.h"
#include "services/cli/show.h"
#include "services/cli/verbs.h"

namespace kefu::cli {

void AddClientGetVerb(CLI::App& group, Tool& tool) {
  struct ClientGetFlags {
    std::string client, min_position;
  };
  auto flags = std::make_shared<ClientGetFlags>();
  CLI::App& verb =
      AddVerb(group, "get", "The present view of one client",
              {"kefu client get C-1", "kefu client get C-1 --output json", "kefu client get C-1 --min-position AAEC"});
  verb.add_option("client", flags->client, "Client id")->required();
  verb.add_option("--min-position", flags->min_position, "Wait until the view has reached this position");
  OnRun(verb, tool, [flags](Tool& tool) -> Status {
    query::v1::GetClientRequest request;
    request.set_name(ClientName(flags->client));
    request.set_min_position(flags->min_position);
    ASSIGN_OR_RETURN(const query::v1::Client client, Call(tool, &query::v1::ClientService::Stub::GetClient, request));
    if (tool.json()) return PrintJson(client);
    PrintClient(client);
    return OkStatus();
  });
}

}  // namespace kefu::cli
