// kefu generate and kefu demo: the sample branch, into a file or straight into a server.

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>

#include "platform/runtime/json.h"
#include "platform/runtime/signals.h"
#include "platform/runtime/text.h"
#include "services/cli/demo/branch.h"
#include "services/cli/import/grpc_sink.h"
#include "services/cli/import/importer.h"
#include "services/cli/import/report.h"
#include "services/cli/output.h"
#include "services/cli/verb.h"

namespace kefu::cli {
namespace {

struct Flags {
  DemoOptions demo;
  std::string from;
  std::string out = "-";

  StatusOr<DemoOptions> Options() const {
    DemoOptions options = demo;
    if (!from.empty() && !absl::ParseCivilTime(from, &options.from))
      return InvalidArgument("--from {} is no day: write it as 2025-09-01", from);
    return options;
  }
};

// The events of a sample, as an import reads them.
class DemoSource final : public EventSource {
 public:
  explicit DemoSource(std::vector<events::v1::Event> events) : events_(std::move(events)) {}
  StatusOr<bool> Next(ImportItem* item) override {
    if (counts_.rows == static_cast<int64_t>(events_.size())) return false;
    *item = ImportItem{.line = counts_.rows + 1, .event = events_[static_cast<size_t>(counts_.rows)]};
    ++counts_.rows;
    ++counts_.mapped;
    return true;
  }
  const ImportCounts& counts() const override { return counts_; }

 private:
  const std::vector<events::v1::Event> events_;
  ImportCounts counts_;
};

Status WriteAll(const std::vector<events::v1::Event>& events, std::ostream& out, runtime::Progress& progress) {
  int64_t written = 0;
  for (const events::v1::Event& event : events) {
    ASSIGN_OR_RETURN(const std::string json, runtime::ToJson(event));
    out << json << '\n';
    progress.Update(++written);
  }
  out.flush();
  if (!out) return FailedPrecondition("cannot write the sample: {}", std::strerror(errno));
  return OkStatus();
}

Status Generate(Tool& tool, const Flags& flags) {
  ASSIGN_OR_RETURN(const DemoOptions options, flags.Options());
  const auto events = MakeBranch(options);
  runtime::Progress progress(tool.ProgressOf("writing the sample", "events", static_cast<int64_t>(events.size())));
  if (flags.out == "-") return WriteAll(events, std::cout, progress);
  std::ofstream file(flags.out, std::ios::trunc | std::ios::binary);
  if (!file) return FailedPrecondition("cannot write {}: {}", flags.out, std::strerror(errno));
  RETURN_IF_ERROR(WriteAll(events, file, progress));
  progress.Finish();
  Remark(tool, fmt::format("{} events of {} clients in {}", runtime::WithThousands(static_cast<int64_t>(events.size())),
                           runtime::WithThousands(options.clients), flags.out));
  return OkStatus();
}

Status Demo(Tool& tool, const Flags& flags) {
  ASSIGN_OR_RETURN(const DemoOptions options, flags.Options());
  ASSIGN_OR_RETURN(const auto channel, tool.Channel());
  auto events = MakeBranch(options);
  runtime::Progress progress(tool.ProgressOf("publishing the sample", "events", static_cast<int64_t>(events.size())));
  DemoSource source(std::move(events));
  ImportOptions import_options;
  import_options.quarantine_path = "kefu-demo.quarantine.ndjson";
  Importer importer(
      import_options, source,
      [&](EventSink::Answered answered) { return MakeGrpcSink(channel, {}, std::move(answered)); }, progress);
  const runtime::StopSignals signals([&] { importer.Stop(); });
  ASSIGN_OR_RETURN(const ImportSummary summary, importer.Run());
  progress.Finish();
  PrintSummary(tool, summary, import_options.quarantine_path, false);
  return summary.interrupted ? AlreadyTold() : OkStatus();
}

void AddSampleOptions(CLI::App& verb, Flags& flags) {
  verb.add_option("--seed", flags.demo.seed, "The same seed gives the same events")->capture_default_str();
  verb.add_option("--clients", flags.demo.clients, "How many clients")
      ->check(CLI::Range(int64_t{1}, int64_t{99'999}))
      ->capture_default_str();
  verb.add_option("--days", flags.demo.days, "How many days")
      ->check(CLI::Range(int64_t{1}, int64_t{3'650}))
      ->capture_default_str();
  verb.add_option("--from", flags.from, "The first day; without it 2025-09-01");
}

}  // namespace

void AddGenerateVerb(CLI::App& app, Tool& tool) {
  auto flags = std::make_shared<Flags>();
  CLI::App& generate = AddVerb(app, "generate", "Make a sample branch: events as JSON, one a line",
                               {"kefu generate --out sample.ndjson", "kefu generate --seed 8 --clients 50 --days 30",
                                "kefu generate | kefu import -"});
  AddSampleOptions(generate, *flags);
  generate.add_option("--out", flags->out, "The file to write; - is standard output")->capture_default_str();
  OnRun(generate, tool, [flags](Tool& tool) { return Generate(tool, *flags); });

  auto demo_flags = std::make_shared<Flags>();
  CLI::App& demo = AddVerb(app, "demo", "Make a sample branch and publish it",
                           {"kefu demo", "kefu demo --clients 5000", "kefu demo --seed 8 --from 2026-01-05"});
  AddSampleOptions(demo, *demo_flags);
  OnRun(demo, tool, [demo_flags](Tool& tool) { return Demo(tool, *demo_flags); });
}

}  // namespace kefu::cli
