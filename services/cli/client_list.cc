#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "kefu/query/v1/client.grpc.pb.h"
#include "services/cli/call.h"
#include "services/cli/listing.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

struct ClientListFlags {
  std::string filter, min_position;
  ListFlags list;
};

std::vector<std::string> ClientCells(const query::v1::Client& client) {
  return {client.client_id(),
          client.display_name(),
          EnumText(client.kind()),
          EnumText(client.status()),
          client.branch_id(),
          fmt::format("{}", client.open_complaints_total()),
          fmt::format("{}", client.open_requests_total()),
          fmt::format("{}", client.event_count()),
          TimeText(client.last_event_at())};
}

Status List(Tool& tool, const ClientListFlags& flags) {
  query::v1::ListClientsRequest request;
  request.set_filter(flags.filter);
  request.set_min_position(flags.min_position);
  Listing<query::v1::Client> listing(
      tool, {"CLIENT", "NAME", "KIND", "STATUS", "BRANCH", "COMPLAINTS", "REQUESTS", "EVENTS", "LAST EVENT"},
      ClientCells);
  RETURN_IF_ERROR(EachPage(tool, flags.list, [&](int size, std::string* token) -> StatusOr<int> {
    request.set_page_size(size);
    request.set_page_token(*token);
    ASSIGN_OR_RETURN(query::v1::ListClientsResponse response,
                     Call(tool, &query::v1::ClientService::Stub::ListClients, request));
    for (auto& client : *response.mutable_clients()) {
      if (!flags.list.personal) ClearPersonal(&client);
      RETURN_IF_ERROR(listing.Add(client));
    }
    *token = response.next_page_token();
    return response.clients_size();
  }));
  listing.Finish("No client matches.");
  return OkStatus();
}

}  // namespace

void AddClientListVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<ClientListFlags>();
  CLI::App& verb = AddVerb(group, "list", "Clients in the order of their ids",
                           {"kefu client list", "kefu client list --filter 'status = ACTIVE AND branch_id = \"0001\"'",
                            "kefu client list --all --output json --personal"});
  verb.add_option("--filter", flags->filter, "Which clients; docs/FILTERS.md lists the fields");
  verb.add_option("--min-position", flags->min_position, "Wait until the view has reached this position");
  AddListFlags(verb, flags->list);
  AddPersonalFlag(verb, flags->list.personal);
  OnRun(verb, tool, [flags](Tool& tool) { return List(tool, *flags); });
}

}  // namespace kefu::cli
