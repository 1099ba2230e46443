// kefu import: files into events.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "kefu/events/v1/event.pb.h"
#include "platform/runtime/signals.h"
#include "services/cli/import/grpc_sink.h"
#include "services/cli/import/importer.h"
#include "services/cli/import/inbox_sink.h"
#include "services/cli/import/input_file.h"
#include "services/cli/import/report.h"
#include "services/cli/output.h"
#include "services/cli/verb.h"

namespace kefu::cli {
namespace {

struct Flags {
  std::string file;
  std::string mapping;
  std::string wait = "applied";
  std::string inbox;
  std::string quarantine;
  std::string checkpoint;
  bool from_start = false;
  bool dry_run = false;
  int64_t max_quarantined = -1;
};

// Answers every event with "recorded" and does nothing: `--dry-run`.
class NoSink final : public EventSink {
 public:
  explicit NoSink(Answered answered) : answered_(std::move(answered)) {}
  Status Send(const events::v1::Event&) override {
    answered_({});
    return OkStatus();
  }
  Status Finish() override { return OkStatus(); }
  void Abandon() override {}

 private:
  const Answered answered_;
};

// True if files may be made in `folder`. Root may write anywhere; a folder without a write bit says it should not.
bool MayWriteIn(const std::filesystem::path& folder) {
  using std::filesystem::perms;
  std::error_code error;
  const perms allowed = std::filesystem::status(folder, error).permissions();
  const perms any_write = perms::owner_write | perms::group_write | perms::others_write;
  return !error && (allowed & any_write) != perms::none && ::access(folder.c_str(), W_OK) == 0;
}

// A file beside the imported one; in the working folder where that place is not to be written.
std::string Beside(const std::string& file, const std::string& suffix) {
  const std::filesystem::path path(file == "-" ? "stdin" : file);
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  return MayWriteIn(folder) ? path.string() + suffix : path.filename().string() + suffix;
}

StatusOr<std::unique_ptr<EventSource>> OpenSource(const Flags& flags, std::unique_ptr<Mapping>* mapping) {
  if (flags.mapping.empty()) return OpenNdjsonSource(flags.file);
  ASSIGN_OR_RETURN(*mapping, LoadMapping(flags.mapping));
  return OpenCsvSource(flags.file, **mapping);
}

// Where the events go. Channels and logs are opened here, so that an unreachable one is the first thing said.
StatusOr<Importer::MakeSink> ChooseDoor(Tool& tool, const Flags& flags) {
  if (flags.dry_run)
    return Importer::MakeSink(
        [](EventSink::Answered answered) { return std::make_unique<NoSink>(std::move(answered)); });
  if (!flags.inbox.empty()) {
    ASSIGN_OR_RETURN(auto opened, OpenInbox(flags.inbox));
    auto inbox = std::make_shared<std::unique_ptr<log::EventLog>>(std::move(opened));
    return Importer::MakeSink(
        [inbox](EventSink::Answered answered) { return MakeInboxSink(std::move(*inbox), {}, std::move(answered)); });
  }
  ASSIGN_OR_RETURN(auto channel, tool.Channel());
  GrpcSinkOptions options;
  options.wait_applied = flags.wait == "applied";
  return Importer::MakeSink(
      [channel, options](EventSink::Answered answered) { return MakeGrpcSink(channel, options, std::move(answered)); });
}

Status Import(Tool& tool, const Flags& flags) {
  const bool resumable = flags.file != "-" && !flags.dry_run;
  std::unique_ptr<Mapping> mapping;
  ASSIGN_OR_RETURN(const auto source, OpenSource(flags, &mapping));
  ASSIGN_OR_RETURN(const auto make_sink, ChooseDoor(tool, flags));

  ImportOptions options;
  options.quarantine_path = flags.quarantine.empty() ? Beside(flags.file, ".quarantine.ndjson") : flags.quarantine;
  int64_t rows = 0;
  if (flags.file != "-") {
    ASSIGN_OR_RETURN(const FileFacts facts, SurveyFile(flags.file));
    rows = mapping == nullptr ? facts.lines : std::max<int64_t>(facts.lines - 1, 0);
    options.identity =
        fmt::format("file {} mapping {} into {}", facts.sha256, mapping == nullptr ? "none" : mapping->hash,
                    flags.inbox.empty() ? tool.options().server : flags.inbox);
  }
  if (resumable)
    options.checkpoint_path = flags.checkpoint.empty() ? Beside(flags.file, ".kefu-import") : flags.checkpoint;
  if (flags.from_start && resumable) {
    std::error_code gone_already;
    std::filesystem::remove(options.checkpoint_path, gone_already);
  }

  const std::string name = std::filesystem::path(flags.file).filename().string();
  runtime::Progress progress(tool.ProgressOf("importing " + name, "rows", rows));
  Importer importer(options, *source, make_sink, progress);
  const runtime::StopSignals signals([&] { importer.Stop(); });
  const auto summary = importer.Run();
  progress.Finish();
  if (!summary.ok()) {
    if (!resumable) return summary.status();
    return Annotate(summary.status(), "the import broke off; the same command goes on where it was");
  }
  PrintSummary(tool, *summary, options.quarantine_path, flags.dry_run);
  if (summary->interrupted) {
    Remark(tool, resumable ? "interrupted; the same command goes on from here" : "interrupted");
    return AlreadyTold();
  }
  if (flags.max_quarantined >= 0 && summary->PutAside() > flags.max_quarantined)
    return FailedPrecondition("{} were put aside, --max-quarantined is {}", summary->PutAside(), flags.max_quarantined);
  return OkStatus();
}

}  // namespace

void AddImportVerb(CLI::App& app, Tool& tool) {
  auto flags = std::make_shared<Flags>();
  CLI::App& verb = AddVerb(app, "import", "Load a file: CSV by a mapping, or events as JSON, one a line",
                           {"kefu import incidents.csv.gz --mapping deploy/mappings/uci_incident.yaml",
                            "kefu import incidents.csv --mapping my.yaml --dry-run",
                            "kefu import events.ndjson --inbox kafka://localhost:9092/kefu.inbox"});
  verb.add_option("file", flags->file, "CSV or NDJSON, plain or gzip; - is standard input")->required();
  verb.add_option("--mapping,-m", flags->mapping, "What the columns mean (docs/IMPORT.md); without it: events as JSON");
  auto* wait = verb.add_option("--wait", flags->wait, "durable: recorded on the log; applied: decided as well")
                   ->check(CLI::IsMember({"durable", "applied"}))
                   ->capture_default_str();
  verb.add_option("--inbox", flags->inbox, "Send to this Kafka topic instead: kafka://host:port/topic")->excludes(wait);
  verb.add_option("--quarantine", flags->quarantine, "Where rows go that cannot be taken");
  verb.add_option("--checkpoint", flags->checkpoint, "Where to note how far it came");
  verb.add_flag("--from-start", flags->from_start, "Forget the checkpoint");
  verb.add_flag("--dry-run", flags->dry_run, "Map and check everything, send nothing");
  verb.add_option("--max-quarantined", flags->max_quarantined, "Fail if more than this are put aside; -1: never")
      ->capture_default_str();
  OnRun(verb, tool, [flags](Tool& tool) { return Import(tool, *flags); });
}

}  // namespace kefu::cli
