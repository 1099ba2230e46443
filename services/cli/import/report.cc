#include "services/cli/import/report.h"

#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "platform/runtime/text.h"
#include "services/cli/output.h"

namespace kefu::cli {
namespace {

std::string Reasons(const std::map<std::string, int64_t>& counts) {
  std::string text;
  for (const auto& [reason, count] : counts)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", reason, runtime::WithThousands(count));
  return text;
}

void PrintForPrograms(const ImportSummary& summary, const std::string& quarantine_path) {
  const EventCounts& events = summary.events;
  const nlohmann::ordered_json told = {{"rows",
                                        {{"read", summary.rows.rows},
                                         {"mapped", summary.rows.mapped},
                                         {"unchanged", summary.rows.unchanged},
                                         {"paired", summary.rows.paired},
                                         {"quarantined", summary.rows.quarantined},
                                         {"ends_without_begin", summary.rows.ends_without_begin}}},
                                       {"events",
                                        {{"sent", events.sent},
                                         {"recorded", events.recorded},
                                         {"applied", events.applied},
                                         {"duplicates", events.duplicates},
                                         {"refused", events.refused},
                                         {"invalid", events.invalid}}},
                                       {"quarantined", events.quarantined},
                                       {"quarantine_file", summary.PutAside() > 0 ? quarantine_path : ""},
                                       {"resumed_after", summary.resumed_after},
                                       {"interrupted", summary.interrupted},
                                       {"nothing_new", summary.NothingNew()}};
  std::cout << told.dump() << std::endl;
}

void PrintForPeople(const Tool& tool, const ImportSummary& summary, const std::string& quarantine_path, bool dry_run) {
  const auto number = [](int64_t n) { return n == 0 ? std::string() : runtime::WithThousands(n); };
  const auto counted = [&](int64_t n, const std::string& why) { return n == 0 ? "" : number(n) + "  " + why; };
  const EventCounts& events = summary.events;
  PrintDetails({{"rows", runtime::WithThousands(summary.rows.rows)},
                {"  without a change", number(summary.rows.unchanged)},
                {"  ended by a later row", number(summary.rows.paired)},
                {"  ends without begin", number(summary.rows.ends_without_begin)},
                {dry_run ? "events it would send" : "events", runtime::WithThousands(events.sent)},
                {"  applied", number(events.applied)},
                {"  recorded", dry_run ? "" : number(events.recorded)},
                {"  duplicates", number(events.duplicates)},
                {"  refused by a rule", counted(summary.Refused(), Reasons(events.refused))},
                {"put aside", counted(summary.PutAside(), "")},
                {"  rows", Reasons(events.quarantined)},
                {"  events", Reasons(events.invalid)},
                {"  see", summary.PutAside() > 0 ? quarantine_path : ""}});
  if (summary.resumed_after > 0) Remark(tool, "went on where an earlier run ended; the counts include it");
  if (summary.NothingNew()) Remark(tool, "nothing new: every event was there before");
}

}  // namespace

void PrintSummary(const Tool& tool, const ImportSummary& summary, const std::string& quarantine_path, bool dry_run) {
  if (tool.json()) return PrintForPrograms(summary, quarantine_path);
  PrintForPeople(tool, summary, quarantine_path, dry_run);
}

}  // namespace kefu::cli
