#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "kefu/query/v1/client.grpc.pb.h"
#include "services/cli/call.h"
#include "services/cli/show.h"
#include "services/cli/verbs.h"
#include "services/cli/watch.h"

namespace kefu::cli {

Status WatchClient(Tool& tool, const std::string& client, const std::string& after) {
  query::v1::WatchClientRequest request;
  request.set_name(ClientName(client));
  request.set_after_position(after);
  Remark(tool, "Watching; Ctrl-C ends it.");
  return Follow(tool, &query::v1::ClientService::Stub::WatchClient, request,
                [&](const query::v1::WatchClientResponse& response) -> Status {
                  if (!response.has_client()) return OkStatus();
                  if (tool.json()) return PrintJson(response);
                  fmt::print("--- {}\n", TimeText(response.client().last_event_at()));
                  PrintClient(response.client());
                  return OkStatus();
                });
}

void AddClientWatchVerb(CLI::App& group, Tool& tool) {
  struct ClientWatchFlags {
    std::string client, after;
  };
  auto flags = std::make_shared<ClientWatchFlags>();
  CLI::App& verb =
      AddVerb(group, "watch", "The client as it is, then again whenever it changes",
              {"kefu client watch C-1", "kefu client watch C-1 --output json", "kefu client watch C-1 --after AAEC"});
  verb.add_option("client", flags->client, "Client id")->required();
  verb.add_option("--after", flags->after, "Resume after this position");
  OnRun(verb, tool, [flags](Tool& tool) { return WatchClient(tool, flags->client, flags->after); });
}

}  // namespace kefu::cli
