#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iterator>

#include "kefu/query/v1/clock.grpc.pb.h"
#include "services/cli/call.h"
#include "services/cli/clock_show.h"
#include "services/cli/output.h"
#include "services/cli/record.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

struct PolicySimulateFlags {
  std::vector<std::string> files;
  std::string from, until, as_of;
  int limit = 50;
};

// A pack or a calendar: whichever the file is.
Status AddFile(const std::string& path, query::v1::SimulatePolicyRequest* request) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return InvalidArgument("{} cannot be read", path);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  // Neither message has the other's id.
  events::v1::PolicyPackPublished pack;
  const auto as_pack = google::protobuf::util::JsonStringToMessage(text, &pack);
  if (as_pack.ok()) {
    *request->add_packs() = std::move(pack);
    return OkStatus();
  }
  events::v1::CalendarPublished calendar;
  const auto as_calendar = google::protobuf::util::JsonStringToMessage(text, &calendar);
  if (as_calendar.ok()) {
    *request->add_calendars() = std::move(calendar);
    return OkStatus();
  }
  return InvalidArgument("{} is neither a policy pack ({}) nor a calendar ({}) in protobuf JSON", path,
                         as_pack.ToString(), as_calendar.ToString());
}

std::string Side(bool has, const query::v1::Clock& clock) {
  if (!has) return "none";
  const std::string due = clock.has_due_at() ? TimeText(clock.due_at()) : "no due time";
  return due + ", " + ClockStateText(clock);
}

std::vector<std::string> DifferenceCells(const query::v1::ClockDifference& difference) {
  const auto& one = difference.has_before() ? difference.before() : difference.after();
  return {one.case_id(), one.client_id(),
          one.run() == 0 ? one.clock_id() : fmt::format("{} #{}", one.clock_id(), one.run()),
          Side(difference.has_before(), difference.before()), Side(difference.has_after(), difference.after())};
}

void PrintSummary(const query::v1::SimulationSummary& summary) {
  PrintDetails({{"cases", fmt::format("{}", summary.cases())},
                {"clocks", fmt::format("{}", summary.clocks())},
                {"same due time", fmt::format("{}", summary.same())},
                {"earlier", fmt::format("{}", summary.earlier())},
                {"later", fmt::format("{}", summary.later())},
                {"added", fmt::format("{}", summary.added())},
                {"gone", fmt::format("{}", summary.gone())},
                {"newly missed", fmt::format("{}", summary.newly_missed())},
                {"newly kept", fmt::format("{}", summary.newly_kept())}});
}

Status Run(Tool& tool, const PolicySimulateFlags& flags) {
  query::v1::SimulatePolicyRequest request;
  for (const std::string& file : flags.files) RETURN_IF_ERROR(AddFile(file, &request));
  using Request = query::v1::SimulatePolicyRequest;
  RETURN_IF_ERROR(SetTime("--from", flags.from, &Request::mutable_received_from, &request));
  RETURN_IF_ERROR(SetTime("--until", flags.until, &Request::mutable_received_until, &request));
  RETURN_IF_ERROR(SetTime("--as-of", flags.as_of, &Request::mutable_as_of, &request));
  request.set_max_differences(flags.limit);
  runtime::Table table({"CASE", "CLIENT", "CLOCK", "BEFORE", "AFTER"});
  return Follow(tool, &query::v1::ClockService::Stub::SimulatePolicy, request,
                [&](const query::v1::SimulatePolicyResponse& response) -> Status {
                  if (tool.json()) return PrintJson(response);
                  if (response.has_difference()) {
                    table.Row(DifferenceCells(response.difference()));
                    return OkStatus();
                  }
                  if (!table.empty()) {
                    PrintTable(table);
                    fmt::print("\n");
                  }
                  PrintSummary(response.summary());
                  return OkStatus();
                });
}

}  // namespace

void AddPolicySimulateVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<PolicySimulateFlags>();
  CLI::App& verb =
      AddVerb(group, "simulate", "What packs or calendars would change if they had been in force; changes nothing",
              {"kefu policy simulate deploy/policies/pack.firm.service.json",
               "kefu policy simulate edict.json --from 2026-01-01T00:00:00+08:00 --limit 500",
               "kefu policy simulate pack.json calendar.json --output json"});
  verb.add_option("files", flags->files, "Packs and calendars in protobuf JSON")->required();
  verb.add_option("--from", flags->from, "Only cases received from then on (RFC 3339)");
  verb.add_option("--until", flags->until, "Only cases received before");
  verb.add_option("--as-of", flags->as_of, "The moment that overdue is judged at; now if not given");
  verb.add_option("--limit", flags->limit, "Show so many differences at most; all are counted")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  OnRun(verb, tool, [flags](Tool& tool) { return Run(tool, *flags); });
}

}  // namespace kefu::cli
