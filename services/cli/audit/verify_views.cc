// kefu audit verify-views: the records are folded here, by the auditor's own loop, and compared with what the server shows.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "platform/runtime/json.h"
#include "platform/runtime/progress.h"
#include "services/cli/audit/access.h"
#include "services/cli/audit/live_server.h"
#include "services/cli/audit/verbs.h"
#include "services/cli/output.h"

namespace kefu::cli {
namespace {

using nlohmann::json;
using replayer::ViewResult;

struct VerifyViewsFlags {
  AccessFlags access;
  std::vector<std::string> views;
  std::optional<int32_t> partition;
  bool personal = false;
};

void PrintLine(const json& line) {
  fmt::print("{}\n", line.dump(-1, ' ', false, json::error_handler_t::replace));
  std::fflush(stdout);
}

json JsonOf(const ViewResult& result) {
  json line = {{"view", result.view},
               {"partition", result.partition.value()},
               {"nextOffset", result.next.value()},
               {"liveEntries", result.live_entries},
               {"replayedEntries", result.replayed_entries},
               {"liveDigest", result.live_digest},
               {"replayedDigest", result.replayed_digest},
               {"equal", result.equal()},
               {"parked", result.parked}};
  if (result.difference) {
    const replayer::RowDifference& difference = *result.difference;
    json row = {{"table", difference.table}, {"key", difference.key}, {"keys", difference.keys},
                {"nextOffset", difference.next.value()}};
    if (!difference.live.empty()) row["live"] = json::parse(difference.live, nullptr, false);
    if (!difference.replayed.empty()) row["replayed"] = json::parse(difference.replayed, nullptr, false);
    line["difference"] = std::move(row);
  }
  return line;
}

StatusOr<json> JsonOf(const replayer::VerdictDifference& difference) {
  ASSIGN_OR_RETURN(const std::string live, runtime::ToJson(difference.live));
  ASSIGN_OR_RETURN(const std::string replayed, runtime::ToJson(difference.replayed));
  return json{{"partition", difference.partition.value()},
              {"offset", difference.offset.value()},
              {"liveVerdict", json::parse(live)},
              {"replayedVerdict", json::parse(replayed)}};
}

Status PrintJsonLines(const replayer::Verification& verification) {
  for (const ViewResult& result : verification.views) PrintLine(JsonOf(result));
  for (const auto& difference : verification.verdicts) {
    ASSIGN_OR_RETURN(const json line, JsonOf(difference));
    PrintLine(line);
  }
  PrintLine({{"records", verification.records},
             {"verdictDifferences", verification.verdict_differences},
             {"agrees", verification.Agrees()}});
  return OkStatus();
}

std::string VerdictText(const events::v1::Verdict& verdict) {
  std::string text = EnumText(verdict.outcome());
  if (!verdict.rule().empty()) text += fmt::format(" ({})", verdict.rule());
  return text;
}

void PrintDifference(const ViewResult& result) {
  fmt::print("\nView {} differs in partition {}", result.view, result.partition);
  if (!result.difference) {
    fmt::print(": the digests do, and the rows that were read afterwards do not.\n");
    return;
  }
  const replayer::RowDifference& difference = *result.difference;
  fmt::print(" in {} key{}, as of offset {}. The first:\n", difference.keys, difference.keys == 1 ? "" : "s",
             difference.next.value() - 1);
  std::string key;
  for (const std::string& part : difference.key) key += (key.empty() ? "" : " / ") + part;
  PrintDetails({{"Table", difference.table},
                {"Key", key},
                {"Live", difference.live.empty() ? "no such row" : difference.live},
                {"Replayed", difference.replayed.empty() ? "no such row" : difference.replayed}});
  if (!difference.live.empty() && difference.live == difference.replayed)
    fmt::print("What differs is personal, or not of this program's rows; --personal shows all of it.\n");
}

void PrintTables(const replayer::Verification& verification) {
  runtime::Table table({"VIEW", "PARTITION", "NEXT", "ENTRIES", "LIVE", "REPLAYED", "EQUAL"});
  size_t differing = 0;
  for (const ViewResult& result : verification.views) {
    table.Row({result.view, fmt::format("{}", result.partition), fmt::format("{}", result.next),
               fmt::format("{}", result.replayed_entries), result.live_digest.substr(0, 16),
               result.replayed_digest.substr(0, 16), result.equal() ? "yes" : "NO"});
    differing += !result.equal();
  }
  PrintTable(table);
  for (const ViewResult& result : verification.views)
    if (!result.equal()) PrintDifference(result);
  if (verification.verdict_differences > 0) {
    fmt::print("\nVerdicts that differ: {}. The first:\n", verification.verdict_differences);
    for (const auto& difference : verification.verdicts)
      fmt::print("  partition {} offset {}: live {}, replayed {}\n", difference.partition, difference.offset,
                 VerdictText(difference.live), VerdictText(difference.replayed));
  }
  fmt::print("\n{} records replayed; {} of {} differ; {} verdicts differ.\n", verification.records, differing,
             verification.views.size(), verification.verdict_differences);
}

Status VerifyViews(Tool& tool, const VerifyViewsFlags& flags) {
  ASSIGN_OR_RETURN(const audit::v1::Access access, AccessOf(flags.access));
  ASSIGN_OR_RETURN(const auto server, ConnectLiveServer(tool, access));
  runtime::Progress progress(tool.ProgressOf("replaying", "records", 0));
  replayer::VerifyOptions options;
  options.views = flags.views;
  if (flags.partition) options.partition = Partition(*flags.partition);
  if (!flags.personal) options.mask = ClearPersonal;
  options.progress = [&](int64_t done, int64_t total) {
    progress.SetTotal(total);
    progress.Update(done);
  };
  const auto verification = replayer::Verify(*server, options);
  progress.Finish();
  RETURN_IF_ERROR(verification.status());
  if (tool.json()) {
    RETURN_IF_ERROR(PrintJsonLines(*verification));
  } else {
    PrintTables(*verification);
  }
  return verification->Agrees() ? OkStatus() : AlreadyTold();
}

}  // namespace

void AddAuditVerifyViewsVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<VerifyViewsFlags>();
  CLI::App& verb = AddVerb(group, "verify-views",
                           "Folds the records with a loop of its own and compares with the live views; exit code 1 if "
                           "they differ",
                           {"kefu audit verify-views --reason 'yearly audit'",
                            "kefu audit verify-views --view client --view case --reason 'case K-17'",
                            "kefu audit verify-views --partition 3 --reason 'spot check' --output json"});
  verb.add_option("--view", flags->views, "Only this view; may be given several times");
  verb.add_option_function<int32_t>(
          "--partition", [flags](const int32_t& partition) { flags->partition = partition; }, "Only this partition")
      ->check(CLI::NonNegativeNumber);
  verb.add_flag("--personal", flags->personal, "Show personal data in rows that differ");
  AddAccessFlags(verb, flags->access);
  OnRun(verb, tool, [flags](Tool& tool) { return VerifyViews(tool, *flags); });
}

}  // namespace kefu::cli
