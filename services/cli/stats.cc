// kefu stats show, kefu stats events.

#include <absl/time/civil_time.h>
#include <absl/time/clock.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "kefu/query/v1/statistics.grpc.pb.h"
#include "services/cli/call.h"
#include "services/cli/listing.h"
#include "services/cli/timeline_cells.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

using query::v1::StatisticsCell;

// What both verbs ask for.
struct StatsCells {
  std::string cube, from, to, filter, min_position;
};

// The branches' day, whatever the zone of this machine; so many days ago.
std::string Day(int days_ago) {
  const absl::CivilDay day = absl::ToCivilDay(absl::Now(), absl::FixedTimeZone(8 * 3600)) - days_ago;
  return fmt::format("{:04}-{:02}-{:02}", day.year(), day.month(), day.day());
}

void AddCellsFlags(CLI::App& verb, StatsCells& cells) {
  verb.add_option("cube", cells.cube, "contacts, cases, offers, clocks, undertakings, ratings or trading");
  verb.add_option("--from", cells.from, "First day, such as 2026-03-01; 29 days ago if not given");
  verb.add_option("--to", cells.to, "Last day; today (UTC+8) if not given");
  verb.add_option("--filter", cells.filter, "Which cells: the cube's dimensions, such as 'channel = phone'");
  verb.add_option("--min-position", cells.min_position, "Wait until the view has reached this position");
}

template <class Request>
Request RequestOf(const StatsCells& cells) {
  Request request;
  request.set_cube(cells.cube);
  request.set_to_day(cells.to.empty() ? Day(0) : cells.to);
  request.set_from_day(cells.from.empty() ? Day(29) : cells.from);
  request.set_filter(cells.filter);
  request.set_min_position(cells.min_position);
  return request;
}

// "1.5 s", "12 min", "3.4 h", "12.0 d".
std::string DurationText(const google::protobuf::Duration& duration) {
  const double seconds = static_cast<double>(duration.seconds()) + duration.nanos() / 1e9;
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  if (seconds < 3600) return fmt::format("{:.1f} min", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{:.1f} h", seconds / 3600);
  return fmt::format("{:.1f} d", seconds / 86400);
}

// "1234" for trades, "12.34" for "turnover.CNY", which counts minor units.
std::string SumText(const query::v1::NamedSum& sum) {
  const size_t point = sum.name().find('.');
  if (point == std::string::npos) return std::to_string(sum.sum());
  events::v1::Money money;
  money.set_minor_units(sum.sum());
  money.set_currency(sum.name().substr(point + 1));
  const std::string text = MoneyText(money);
  return text.substr(0, text.find(' '));
}

std::vector<std::string> CellsOf(const StatisticsCell& cell, const std::vector<std::string>& sums) {
  const bool exact = cell.clients().standard_error() == 0;
  const bool timed = cell.has_durations();
  std::vector<std::string> cells{
      std::to_string(cell.count()), fmt::format("{}{}", exact ? "" : "~", cell.clients().estimate()),
      timed ? DurationText(cell.durations().p50()) : "", timed ? DurationText(cell.durations().p90()) : "",
      timed ? DurationText(cell.durations().p99()) : ""};
  for (const std::string& name : sums) {
    const auto found = std::find_if(cell.sums().begin(), cell.sums().end(),
                                    [&](const query::v1::NamedSum& sum) { return sum.name() == name; });
    cells.push_back(found == cell.sums().end() ? "" : SumText(*found));
  }
  return cells;
}

std::string Heading(std::string name) {
  for (char& c : name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c == '.' ? ' ' : c;
  return name;
}

void PrintCells(const Tool& tool, const query::v1::GetStatisticsResponse& response,
                const google::protobuf::RepeatedPtrField<std::string>& group_by) {
  std::vector<std::string> headings{"FROM", "TO"};
  for (const std::string& name : group_by) headings.push_back(Heading(name));
  headings.insert(headings.end(), {"COUNT", "CLIENTS", "P50", "P90", "P99"});
  std::vector<std::string> sums;
  for (const query::v1::NamedSum& sum : response.total().sums()) sums.push_back(sum.name());
  for (const std::string& name : sums) headings.push_back(Heading(name));
  runtime::Table table(headings);
  const auto row = [&](const StatisticsCell& cell, std::vector<std::string> values) {
    std::vector<std::string> line{cell.from_day(), cell.to_day()};
    std::move(values.begin(), values.end(), std::back_inserter(line));
    for (std::string& figure : CellsOf(cell, sums)) line.push_back(std::move(figure));
    table.Row(std::move(line));
  };
  bool estimated = false;
  for (const StatisticsCell& cell : response.cells()) {
    std::vector<std::string> values;
    for (const auto& dimension : cell.dimensions())
      values.push_back(dimension.value().empty() ? "-" : dimension.value());
    row(cell, std::move(values));
  }
  if (response.cells_size() > 1) {
    std::vector<std::string> values(static_cast<size_t>(group_by.size()));
    if (!values.empty()) values.front() = "all";
    row(response.total(), std::move(values));
  }
  PrintTable(table);
  estimated = response.total().clients().standard_error() > 0;
  if (estimated)
    Remark(tool, fmt::format("~ is an estimate with a standard error of {:.1f} %.",
                             100 * response.total().clients().standard_error()));
}

query::v1::Granularity GranularityOf(const std::string& name) {
  query::v1::Granularity granularity = query::v1::GRANULARITY_UNSPECIFIED;
  std::string upper = "GRANULARITY_" + name;
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  query::v1::Granularity_Parse(upper, &granularity);
  return granularity;
}

struct ShowFlags {
  StatsCells cells;
  std::string every, unit, unit_level;
  std::vector<std::string> by;
};

Status Show(Tool& tool, const ShowFlags& flags) {
  auto request = RequestOf<query::v1::GetStatisticsRequest>(flags.cells);
  request.set_granularity(GranularityOf(flags.every));
  for (const std::string& name : flags.by) request.add_group_by(name);
  request.set_unit_id(flags.unit);
  request.set_unit_level(flags.unit_level);
  ASSIGN_OR_RETURN(const query::v1::GetStatisticsResponse response,
                   Call(tool, &query::v1::StatisticsService::Stub::GetStatistics, request));
  if (!tool.json()) {
    if (response.cells().empty()) Remark(tool, "Nothing was counted.");
    if (!response.cells().empty()) PrintCells(tool, response, request.group_by());
    return OkStatus();
  }
  for (const StatisticsCell& cell : response.cells()) RETURN_IF_ERROR(PrintJson(cell));
  return OkStatus();
}

struct EventsFlags {
  StatsCells cells;
  std::string token;
  ListFlags list;
};

std::vector<std::string> EventCells(const query::v1::TimelineEntry& entry) {
  const auto& event = entry.event();
  return {TimeText(event.occurred_at()),
          entry.kind(),
          event.client_id(),
          event.branch_id(),
          event.actor().id(),
          entry.has_amended() ? fmt::format("{} ({})", event.event_id(), AmendmentText(entry)) : event.event_id()};
}

Status Events(Tool& tool, const EventsFlags& flags) {
  const StatsCells& cells = flags.cells;
  if (!flags.token.empty() && !(cells.cube + cells.from + cells.to + cells.filter).empty())
    return InvalidArgument("--token says cube, days and filter; leave them out");
  query::v1::ListCellEventsRequest request;
  if (flags.token.empty()) request = RequestOf<query::v1::ListCellEventsRequest>(flags.cells);
  request.set_cell_token(flags.token);
  request.set_min_position(flags.cells.min_position);
  Listing<query::v1::TimelineEntry> listing(tool, {"WHEN", "WHAT", "CLIENT", "BRANCH", "BY", "EVENT"}, EventCells);
  RETURN_IF_ERROR(EachPage(tool, flags.list, [&](int size, std::string* token) -> StatusOr<int> {
    request.set_page_size(size);
    request.set_page_token(*token);
    ASSIGN_OR_RETURN(query::v1::ListCellEventsResponse response,
                     Call(tool, &query::v1::StatisticsService::Stub::ListCellEvents, request));
    for (auto& entry : *response.mutable_events()) {
      if (!flags.list.personal) ClearPersonal(&entry);
      RETURN_IF_ERROR(listing.Add(entry));
    }
    *token = response.next_page_token();
    return response.events_size();
  }));
  listing.Finish("Nothing was counted.");
  return OkStatus();
}

}  // namespace

void AddStatsShowVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<ShowFlags>();
  CLI::App& verb =
      AddVerb(group, "show", "What happened, counted by period and dimension",
              {"kefu stats show contacts --by channel", "kefu stats show cases --by step,kind --every month",
               "kefu stats show cases --from 2026-01-01 --to 2026-12-31 --filter 'step = resolved' --by category",
               "kefu stats show ratings --by unit,scale --unit-level region"});
  AddCellsFlags(verb, flags->cells);
  verb.get_option("cube")->required();
  verb.add_option("--every", flags->every, "A line for each day, week, month, quarter or year")
      ->check(CLI::IsMember({"day", "week", "month", "quarter", "year"}));
  verb.add_option("--by", flags->by, "A line for each value of these dimensions, such as branch,channel")
      ->delimiter(',');
  verb.add_option("--unit", flags->unit, "Only branches at or below this unit");
  verb.add_option("--unit-level", flags->unit_level, "What --by unit tells apart")
      ->check(CLI::IsMember({"company", "region", "branch"}));
  OnRun(verb, tool, [flags](Tool& tool) { return Show(tool, *flags); });
}

void AddStatsEventsVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<EventsFlags>();
  CLI::App& verb =
      AddVerb(group, "events", "The exact events behind a count: as many as it says",
              {"kefu stats events contacts --filter 'channel = phone'",
               "kefu stats events cases --from 2026-03-02 --to 2026-03-02 --filter 'step = resolved' --all",
               "kefu stats events offers --filter 'stage = accepted' --personal",
               "kefu stats events --token Aa0xY3q9"});
  AddCellsFlags(verb, flags->cells);
  verb.add_option("--token", flags->token,
                  "A cell_token of stats show or a report (--output json): exactly the events that were counted then");
  AddListFlags(verb, flags->list);
  AddPersonalFlag(verb, flags->list.personal);
  OnRun(verb, tool, [flags](Tool& tool) { return Events(tool, *flags); });
}

}  // namespace kefu::cli
