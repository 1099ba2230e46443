#include "services/cli/app.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <system_error>

#include "platform/base/reason.h"
#include "platform/runtime/suggest.h"
#include "platform/runtime/text.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

constexpr std::string_view kFooter = R"(Examples:
  kefu publish events.ndjson        record events
  kefu client find 王小             find clients by the beginning of a name
  kefu case list --open             complaints and requests not settled yet

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 server unreachable. "kefu VERB --help" says more.)";

const CLI::App* VerbOf(const CLI::App& app, const std::string& name) {
  for (const CLI::App* verb : app.get_subcommands(nullptr)) {
    if (verb->get_name() == name) return verb;
  }
  return nullptr;
}

std::vector<std::string> VerbNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands(nullptr)) {
    if (!verb->get_name().empty()) names.push_back(verb->get_name());
  }
  return names;
}

void Fail(const std::string& text) { fmt::print(stderr, "kefu: {}\n", text); }

// Options that may stand at `app`: its own and those of the groups around it.
std::vector<const CLI::Option*> OptionsOf(const CLI::App& app) {
  std::vector<const CLI::Option*> options;
  for (const CLI::App* at = &app; at != nullptr; at = at->get_parent()) {
    for (const CLI::Option* option : at->get_options()) options.push_back(option);
    for (const CLI::App* group : at->get_subcommands(nullptr)) {
      if (!group->get_name().empty()) continue;
      for (const CLI::Option* option : group->get_options()) options.push_back(option);
    }
  }
  return options;
}

// A full disk behind stdout is a failure too. fmt says it by throwing.
Status RunAndFlush(Tool& tool) {
  try {
    const Status status = tool.Run();
    std::fflush(stdout);
    if (std::ferror(stdout) == 0 || !status.ok()) return status;
  } catch (const std::system_error&) {
  }
  return ResourceExhausted("the output cannot be written; is the disk full?");
}

}  // namespace

std::unique_ptr<CLI::App> MakeApp(Tool& tool) {
  auto app = std::make_unique<CLI::App>("kefu: publish events, ask views, look after a Kefu server.", "kefu");
  app->set_version_flag("--version", "kefu " KEFU_VERSION);
  app->footer(std::string(kFooter));
  AddSharedOptions(*app, tool);
  AddAllVerbs(*app, tool);
  return app;
}

std::string ExplainUsage(const CLI::App& app, const std::vector<std::string>& arguments) {
  const CLI::App* at = &app;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument.starts_with("-") && argument.size() > 1) {
      const std::string name = argument.substr(0, argument.find('='));
      const auto options = OptionsOf(*at);
      const auto found = std::ranges::find_if(options, [&](const auto* option) { return option->check_name(name); });
      if (found == options.end()) {
        std::vector<std::string> known;
        for (const auto* option : options) {
          for (const std::string& long_name : option->get_lnames()) known.push_back("--" + long_name);
        }
        return fmt::format("no option {}{}", name, runtime::DidYouMean(name, known));
      }
      const bool takes_value = (*found)->get_items_expected_max() > 0;
      if (takes_value && argument.find('=') == std::string::npos) ++i;
      continue;
    }
    const std::vector<std::string> verbs = VerbNames(*at);
    if (verbs.empty()) continue;  // a value of the verb
    const CLI::App* verb = VerbOf(*at, argument);
    if (verb == nullptr) {
      return fmt::format("no verb \"{}\"{}", runtime::Printable(argument), runtime::DidYouMean(argument, verbs));
    }
    at = verb;
  }
  return "";
}

int RunApp(const std::vector<std::string>& arguments) {
  Tool tool;
  const std::unique_ptr<CLI::App> app = MakeApp(tool);
  try {
    // CLI11 takes the arguments last one first.
    app->parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::Success& wanted) {
    // --help and --version.
    return app->exit(wanted);
  } catch (const CLI::ParseError& error) {
    const std::string better = ExplainUsage(*app, arguments);
    Fail((better.empty() ? error.what() : better) + "\nSee \"kefu --help\", or --help after a verb.");
    return kExitUsage;
  }
  if (!tool.has_verb()) {
    const auto chosen = app->get_subcommands();
    fmt::print(stderr, "{}", chosen.empty() ? app->help() : chosen[0]->help("kefu"));
    return kExitUsage;
  }
  const Status status = RunAndFlush(tool);
  if (status.ok()) return kExitOk;
  if (status == AlreadyTold()) return kExitFailed;
  const std::string reason = ReasonOf(status);
  Fail(fmt::format("{}{}", MessageOf(status), reason.empty() ? "" : fmt::format(" [{}]", reason)));
  return ExitCodeOf(status);
}

}  // namespace kefu::cli
