#pragma once

// How a verb of `kefu` is made. A verb is one small file with a function that adds itself:
//
//   void AddPublishVerb(CLI::App& app, Tool& tool) {
//     struct PublishFlags { std::string file = "-"; };
//     auto flags = std::make_shared<PublishFlags>();
//     CLI::App& verb = AddVerb(app, "publish", "Record events", {"kefu publish events.ndjson", …});
//     verb.add_option("file", flags->file, "NDJSON file, - for stdin");
//     OnRun(verb, tool, [flags](Tool& tool) { return Publish(tool, *flags); });
//   }
//
// Names are its own even where nobody else sees them (PublishFlags, not Flags): verbs are compiled several at a time.
// verbs.cc calls each of them once. Options that all verbs share (--server, TLS, --output, --progress, --quiet) are
// declared once, in tool.cc, and may stand before or after the verb. Nothing runs while the command line is parsed:
// the chosen verb runs afterwards, and its status decides the exit code (ExitCodeOf).

#include <absl/time/time.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/status.h"
#include "platform/runtime/progress.h"

namespace CLI {
class App;
}
namespace grpc {
class Channel;
class ClientContext;
}  // namespace grpc

namespace kefu::cli {

// Exit codes, the same for every verb.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitUnreachable = 3;

enum class OutputMode {
  kTable,  // aligned columns for people
  kJson,   // one object a line for programs
};

// What the shared options say.
struct SharedOptions {
  // "host:port".
  std::string server = "127.0.0.1:7800";
  // Speak TLS; any of the files turns it on. Without a CA the system's authorities are trusted.
  bool tls = false;
  // PEM files. Certificate and key go together (mutual TLS).
  std::string tls_ca;
  std::string tls_cert;
  std::string tls_key;
  // Per call; streams have none.
  absl::Duration timeout = absl::Seconds(30);
  OutputMode output = OutputMode::kTable;
  runtime::ProgressMode progress = runtime::ProgressMode::kAuto;
  bool quiet = false;
  // What calls say in the metadata `kefu-as-of`; empty: they are about the present.
  std::string moment;
};

// One run of `kefu`. Single-threaded but for what a verb starts itself.
class Tool {
 public:
  const SharedOptions& options() const { return options_; }
  SharedOptions& mutable_options() { return options_; }
  bool json() const { return options_.output == OutputMode::kJson; }

  // The channel to --server, made at the first call. Connects lazily: an unreachable server shows in the first call.
  StatusOr<std::shared_ptr<grpc::Channel>> Channel();

  // Sets the deadline of one unary call (--timeout), and what it is about (--moment).
  void Prepare(grpc::ClientContext& context) const;
  // The latter alone, for streams.
  void SetMoment(grpc::ClientContext& context) const;

  // Progress as --progress and --quiet say.
  runtime::ProgressOptions ProgressOf(std::string label, std::string unit, int64_t total) const;

  // Runs what OnRun chose.
  Status Run() { return run_(*this); }
  bool has_verb() const { return run_ != nullptr; }
  void Choose(std::function<Status(Tool&)> run) { run_ = std::move(run); }

 private:
  SharedOptions options_;
  std::function<Status(Tool&)> run_;
  std::shared_ptr<grpc::Channel> channel_;
};

// Adds `kefu … name` with a help text that ends in the examples (three of them).
CLI::App& AddVerb(CLI::App& parent, const std::string& name, const std::string& help,
                  const std::vector<std::string>& examples);

// A group of verbs, such as `kefu client`.
CLI::App& AddGroup(CLI::App& parent, const std::string& name, const std::string& help);

// Adds --server, TLS, --output and the like, which may stand before or after any verb.
void AddSharedOptions(CLI::App& app, Tool& tool);

// `run` is called after parsing if this verb was given.
void OnRun(CLI::App& verb, Tool& tool, std::function<Status(Tool&)> run);

// kInvalidArgument is usage; kUnavailable and kDeadlineExceeded are unreachable; other errors are failures.
int ExitCodeOf(const Status& status);

// A failure whose details are printed already: exit code 1, nothing more is said.
Status AlreadyTold();

// Verbs of other folders, called by verbs.cc.
void AddImportVerb(CLI::App& app, Tool& tool);  // services/cli/import: kefu import
void AddDemoVerb(CLI::App& app, Tool& tool);    // services/cli/demo: kefu demo
void AddReportVerbs(CLI::App& app, Tool& tool);  // services/cli/report: kefu report

}  // namespace kefu::cli
