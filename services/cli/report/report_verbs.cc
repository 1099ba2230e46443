// kefu report list, kefu report NAME.

#include <absl/time/civil_time.h>
#include <absl/time/clock.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "kefu/query/v1/report.grpc.pb.h"
#include "platform/base/time.h"
#include "platform/runtime/text.h"
#include "services/cli/call.h"
#include "services/cli/listing.h"
#include "services/report_form/csv.h"
#include "services/cli/report/report_html.h"
#include "services/cli/report/report_table.h"

namespace kefu::cli {
namespace {

using namespace report_form;

struct Flags {
  std::string name, from, to, every, unit, as_of, format, min_position;
  int quotes = 3;
  int table = 0;
  bool personal = false;
  bool byte_order_mark = false;
};

// The branches' day, whatever the zone of this machine; so many days ago.
std::string Day(int days_ago) {
  const absl::CivilDay day = absl::ToCivilDay(absl::Now(), absl::FixedTimeZone(8 * 3600)) - days_ago;
  return fmt::format("{:04}-{:02}-{:02}", day.year(), day.month(), day.day());
}

query::v1::Granularity GranularityOf(const std::string& name) {
  query::v1::Granularity granularity = query::v1::GRANULARITY_UNSPECIFIED;
  std::string upper = "GRANULARITY_" + name;
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  query::v1::Granularity_Parse(upper, &granularity);
  return granularity;
}

StatusOr<query::v1::RunReportRequest> RequestOf(const Flags& flags) {
  query::v1::RunReportRequest request;
  request.set_name("reports/" + flags.name);
  request.set_to_day(flags.to.empty() ? Day(0) : flags.to);
  request.set_from_day(flags.from.empty() ? Day(29) : flags.from);
  request.set_granularity(GranularityOf(flags.every));
  request.set_unit_id(flags.unit);
  request.set_quotes(flags.personal ? flags.quotes : 0);
  request.set_min_position(flags.min_position);
  if (!flags.as_of.empty()) {
    ASSIGN_OR_RETURN(const absl::Time as_of, ParseRfc3339(flags.as_of));
    *request.mutable_as_of() = ToProto(as_of);
  }
  return request;
}

// Only the table that was asked for, if one was.
Status KeepTable(int number, query::v1::Report* report) {
  if (number == 0) return OkStatus();
  if (number > report->tables_size())
    return InvalidArgument("--table {}: the report has {} tables", number, report->tables_size());
  query::v1::ReportTable kept = std::move(*report->mutable_tables(number - 1));
  report->clear_tables();
  *report->add_tables() = std::move(kept);
  return OkStatus();
}

void PrintCsv(const Tool& tool, const query::v1::Report& report, bool byte_order_mark) {
  fmt::print("{}{}", byte_order_mark ? "\xEF\xBB\xBF" : "", ReportCsv(report));
  if (report.tables_size() > 1)
    Remark(tool, fmt::format("{} tables with an empty line between them; --table N writes one.", report.tables_size()));
  for (const auto& table : report.tables())
    if (table.rows_total() > table.rows_size())
      Remark(tool, fmt::format("\"{}\": {} more rows are not there.", table.title(),
                               table.rows_total() - table.rows_size()));
}

Status Report(Tool& tool, const Flags& flags) {
  ASSIGN_OR_RETURN(const query::v1::RunReportRequest request, RequestOf(flags));
  ASSIGN_OR_RETURN(query::v1::Report report, Call(tool, &query::v1::ReportService::Stub::RunReport, request));
  RETURN_IF_ERROR(KeepTable(flags.table, &report));
  const std::string format = !flags.format.empty() ? flags.format : tool.json() ? "json" : "table";
  if (format == "json") return PrintJson(report);
  if (format == "csv") PrintCsv(tool, report, flags.byte_order_mark);
  if (format == "html") fmt::print("{}", ReportHtml(report));
  if (format == "table")
    fmt::print("{}", ReportTables(report, runtime::IsTerminal(stdout) ? runtime::TerminalWidth(stdout) : 0));
  std::fflush(stdout);
  return OkStatus();
}

std::vector<std::string> DescriptionCells(const query::v1::ReportDescription& report) {
  return {report.name().substr(report.name().find('/') + 1), report.title(), report.description()};
}

Status List(Tool& tool) {
  ASSIGN_OR_RETURN(const query::v1::ListReportsResponse response,
                   Call(tool, &query::v1::ReportService::Stub::ListReports, query::v1::ListReportsRequest()));
  Listing<query::v1::ReportDescription> listing(tool, {"REPORT", "TITLE", "WHAT IT SHOWS"}, DescriptionCells);
  for (const auto& report : response.reports()) RETURN_IF_ERROR(listing.Add(report));
  listing.Finish("There are no reports.");
  return OkStatus();
}

CLI::App& AddReportVerb(CLI::App& group, Tool& tool, std::shared_ptr<Flags> flags, const std::string& help,
                        const std::vector<std::string>& examples) {
  CLI::App& verb = AddVerb(group, flags->name, help, examples);
  verb.add_option("--unit", flags->unit, "Only branches at or below this unit");
  verb.add_option("--format", flags->format, "table, csv, html (one page that needs nothing else) or json")
      ->check(CLI::IsMember({"table", "csv", "html", "json"}));
  verb.add_option("--table", flags->table, "Only the report's first, second … table")->check(CLI::PositiveNumber);
  verb.add_flag("--bom", flags->byte_order_mark, "CSV begins with a byte order mark, which Excel needs for Chinese");
  verb.add_option("--min-position", flags->min_position, "Wait until the view has reached this position");
  OnRun(verb, tool, [flags](Tool& tool) { return Report(tool, *flags); });
  return verb;
}

std::shared_ptr<Flags> Named(const char* name) {
  auto flags = std::make_shared<Flags>();
  flags->name = name;
  return flags;
}

void AddDaysFlags(CLI::App& verb, Flags& flags) {
  verb.add_option("--from", flags.from, "First day, such as 2026-03-01; 29 days ago if not given");
  verb.add_option("--to", flags.to, "Last day; today (UTC+8) if not given");
  verb.add_option("--every", flags.every, "Lines for each day, week, month, quarter or year")
      ->check(CLI::IsMember({"day", "week", "month", "quarter", "year"}));
}

}  // namespace

void AddReportVerbs(CLI::App& app, Tool& tool) {
  CLI::App& group = AddGroup(app, "report", "Reports: figures with trends, clients' words, all open cases");

  CLI::App& list = AddVerb(group, "list", "The reports there are",
                           {"kefu report list", "kefu report list --output table", "kefu report list --output json"});
  OnRun(list, tool, [](Tool& tool) { return List(tool); });

  auto complaints = Named("complaints");
  CLI::App& complaints_verb =
      AddReportVerb(group, tool, complaints, "Complaints by period, product and cause, with trends",
                    {"kefu report complaints --from 2026-01-01 --to 2026-12-31 --every quarter",
                     "kefu report complaints --personal --quotes 2 --format html > complaints.html",
                     "kefu report complaints --unit north --format csv --table 2 > products.csv"});
  AddDaysFlags(complaints_verb, *complaints);
  AddPersonalFlag(complaints_verb, complaints->personal);
  complaints_verb.add_option("--quotes", complaints->quotes, "With --personal: clients' words shown with each line")
      ->check(CLI::Range(0, 5));

  auto quality = Named("service_quality");
  AddDaysFlags(AddReportVerb(group, tool, quality, "How fast, how well kept, how content: clocks, promises, ratings",
                             {"kefu report service_quality --every month",
                              "kefu report service_quality --from 2026-03-01 --to 2026-03-31 --format html > 03.html",
                              "kefu report service_quality --table 2 --format csv"}),
               *quality);

  auto channels = Named("channel_mix");
  AddDaysFlags(AddReportVerb(group, tool, channels, "Contacts by channel and direction",
                             {"kefu report channel_mix", "kefu report channel_mix --every week --format csv",
                              "kefu report channel_mix --unit 0001 --from 2026-01-01"}),
               *channels);

  auto satisfaction = Named("satisfaction");
  AddDaysFlags(
      AddReportVerb(group, tool, satisfaction, "How content clients are with brokers, products, branches; who stays",
                    {"kefu report satisfaction --from 2026-01-01 --to 2026-03-31",
                     "kefu report satisfaction --every month --table 1 --format csv > brokers.csv",
                     "kefu report satisfaction --unit 0001 --format html > satisfaction.html"}),
      *satisfaction);

  auto call_backs = Named("call_backs");
  AddDaysFlags(AddReportVerb(group, tool, call_backs, "Call-back programmes: whom they had to reach, and whom they did",
                             {"kefu report call_backs --from 2026-01-01 --to 2026-12-31",
                              "kefu report call_backs --unit 0001", "kefu report call_backs --format csv > proof.csv"}),
               *call_backs);

  auto open_cases = Named("open_cases");
  CLI::App& open_cases_verb =
      AddReportVerb(group, tool, open_cases, "Every open case, by when its next action is due",
                    {"kefu report open_cases", "kefu report open_cases --as-of 2026-03-31T16:00:00Z",
                     "kefu report open_cases --unit 0001 --format csv > open.csv"});
  open_cases_verb.add_option("--as-of", open_cases->as_of, "The moment that overdue is judged at (RFC 3339); else now");
}

}  // namespace kefu::cli
