#include "services/cli/watch.h"

#include <CLI/CLI.hpp>

#include "services/cli/verbs.h"

namespace kefu::cli {

void AddWatchVerb(CLI::App& app, Tool& tool) {
  struct WatchFlags {
    std::string client;
    bool personal = false;
  };
  auto flags = std::make_shared<WatchFlags>();
  CLI::App& verb = AddVerb(app, "watch", "Watch one client, or the open cases of all",
                           {"kefu watch", "kefu watch C-1", "kefu watch C-1 --output json"});
  verb.add_option("client", flags->client, "Client id; without it, open cases are watched");
  verb.add_flag("--personal", flags->personal, "Also show personal data: names, numbers, texts");
  OnRun(verb, tool, [flags](Tool& tool) {
    if (!flags->client.empty()) return WatchClient(tool, flags->client, "");
    CaseFilter filter;
    filter.open = true;
    return WatchCases(tool, filter, "", flags->personal);
  });
}

}  // namespace kefu::cli
