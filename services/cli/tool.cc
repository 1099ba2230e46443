#include <unistd.h>

#include <CLI/CLI.hpp>

#include "platform/base/reason.h"
#include "platform/runtime/text.h"
#include "platform/runtime/units.h"
#include "services/cli/moment.h"
#include "services/cli/verb.h"

namespace kefu::cli {
namespace {

constexpr std::string_view kToldReason = "ALREADY_TOLD";

// Throws in CLI11's own vocabulary, which main turns into a usage error.
void RefuseUnlessOk(const std::string& option, const Status& status) {
  if (!status.ok()) throw CLI::ValidationError(option, std::string(MessageOf(status)));
}

}  // namespace

runtime::ProgressOptions Tool::ProgressOf(std::string label, std::string unit, int64_t total) const {
  runtime::ProgressOptions progress;
  progress.label = std::move(label);
  progress.unit = std::move(unit);
  progress.total = total;
  progress.mode = options_.quiet ? runtime::ProgressMode::kNone : options_.progress;
  return progress;
}

CLI::App& AddVerb(CLI::App& parent, const std::string& name, const std::string& help,
                  const std::vector<std::string>& examples) {
  CLI::App& verb = *parent.add_subcommand(name, help);
  std::string footer = "Examples:";
  for (const std::string& example : examples) footer += "\n  " + example;
  verb.footer(footer);
  verb.fallthrough();
  return verb;
}

CLI::App& AddGroup(CLI::App& parent, const std::string& name, const std::string& help) {
  CLI::App& group = *parent.add_subcommand(name, help);
  const std::string path = parent.get_parent() == nullptr ? name : parent.get_name() + " " + name;
  group.footer("See \"kefu " + path + " VERB --help\" for each of them.");
  group.fallthrough();
  return group;
}

void OnRun(CLI::App& verb, Tool& tool, std::function<Status(Tool&)> run) {
  verb.callback([&tool, run = std::move(run)] { tool.Choose(run); });
}

void AddSharedOptions(CLI::App& app, Tool& tool) {
  SharedOptions& options = tool.mutable_options();
  const char* group = "Shared options";
  app.add_option("--server", options.server, "Server to talk to, HOST:PORT")
      ->envname("KEFU_SERVER")
      ->capture_default_str()
      ->group(group);
  app.add_flag("--tls", options.tls, "Speak TLS; --tls-ca and --tls-cert imply it")->group(group);
  app.add_option("--tls-ca", options.tls_ca, "CA of the server's certificate (PEM)")
      ->envname("KEFU_TLS_CA")
      ->group(group);
  app.add_option("--tls-cert", options.tls_cert, "Own certificate (PEM)")->envname("KEFU_TLS_CERT")->group(group);
  app.add_option("--tls-key", options.tls_key, "Own key (PEM)")->envname("KEFU_TLS_KEY")->group(group);
  app.add_option_function<std::string>(
         "--timeout",
         [&options](const std::string& text) {
           const auto timeout = runtime::ParseDuration(text);
           RefuseUnlessOk("--timeout", timeout.status());
           options.timeout = *timeout;
         },
         "How long a call may take (default 30s)")
      ->group(group);
  options.output = runtime::IsTerminal(stdout) ? OutputMode::kTable : OutputMode::kJson;
  app.add_option_function<std::string>(
         "--output",
         [&options](const std::string& text) {
           if (text != "auto") options.output = text == "json" ? OutputMode::kJson : OutputMode::kTable;
         },
         "table, json (one object a line) or auto: a table on a terminal")
      ->check(CLI::IsMember({"auto", "table", "json"}))
      ->group(group);
  app.add_option_function<std::string>(
         "--progress",
         [&options](const std::string& text) {
           const auto mode = runtime::ParseProgressMode(text);
           RefuseUnlessOk("--progress", mode.status());
           options.progress = *mode;
         },
         "auto, json or none")
      ->group(group);
  app.add_option_function<std::string>(
         "--moment",
         [&options](const std::string& text) {
           const auto moment = MomentOf(text);
           RefuseUnlessOk("--moment", moment.status());
           options.moment = *moment;
         },
         "Ask of the past: a time or a day (what was known then) or position:TOKEN for questions about one client; "
         "moments/ID of \"kefu audit moment\" for all")
      ->group(group);
  app.add_flag("-q,--quiet", options.quiet, "No progress, no remarks")->group(group);
}

int ExitCodeOf(const Status& status) {
  switch (status.code()) {
    case StatusCode::kOk:
      return kExitOk;
    case StatusCode::kInvalidArgument:
      return kExitUsage;
    case StatusCode::kUnavailable:
    case StatusCode::kDeadlineExceeded:
      return kExitUnreachable;
    default:
      return kExitFailed;
  }
}

Status AlreadyTold() { return WithReason(Internal("told"), kToldReason); }

}  // namespace kefu::cli
