// Returns to regulators: filed, shown again, listed.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>

#include "kefu/audit/v1/audit.grpc.pb.h"
#include "kefu/query/v1/report.pb.h"
#include "platform/base/hash.h"
#include "platform/base/time.h"
#include "platform/runtime/json.h"
#include "services/cli/audit/access.h"
#include "services/cli/audit/verbs.h"
#include "services/cli/call.h"
#include "services/cli/output.h"

namespace kefu::cli {
namespace {

using audit::v1::AuditService;

// The return's own bytes, beside nothing else.
Status WriteCsv(const std::string& file, const std::string& csv) {
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream << csv;
  stream.close();
  if (stream.fail()) return FailedPrecondition("{} cannot be written; is the disk full, or the folder not yours?", file);
  return OkStatus();
}

void PrintFiled(const audit::v1::FiledReturn& filed) {
  const auto& body = filed.filed();
  PrintDetails({{"Return", body.return_id()},
                {"Addressee", body.addressee()},
                {"Filed", fmt::format("{} by {}", TimeText(filed.recorded_time()), filed.filed_by())},
                {"Question", body.request()},
                {"SHA-256", Hex(body.sha256())},
                {"Bytes", fmt::format("{}", body.size_bytes())},
                {"Position", body.position()},
                {"Made by", body.program_version()},
                {"Note", body.note()}});
}

void AddFile(CLI::App& group, Tool& tool) {
  struct ReturnFlags {
    AccessFlags access;
    std::string id, report, from, to, unit, as_of, addressee, note, out;
  };
  auto flags = std::make_shared<ReturnFlags>();
  CLI::App& verb = AddVerb(
      group, "file", "Make a return of a report and record on the log that it is filed",
      {"kefu audit return file --id 4530d-2026-Q1 --report complaints --from-day 2026-01-01 --to-day 2026-03-31 --as-of "
       "2026-04-01T00:00:00+08:00 --addressee FINRA --reason 'quarterly return' --out q1.csv",
       "kefu audit return file --id april-2026 --report service_quality --from-day 2025-01-01 --to-day 2025-12-31 --unit U-1 "
       "--as-of 2026-04-30T00:00:00+08:00 --addressee CSRC --reason 'yearly report' --out april.csv",
       "kefu audit return file --id open-0630 --report open_cases --as-of 2026-06-30T16:00:00Z --reason 'half-year check' "
       "--out open.csv --output json"});
  verb.add_option("--id", flags->id, "The return's own id; a second one by it is refused")->required();
  verb.add_option("--report", flags->report, "Which report: kefu report list")->required();
  verb.add_option("--from-day", flags->from, "First day");
  verb.add_option("--to-day", flags->to, "Last day");
  verb.add_option("--unit", flags->unit, "Only branches below this unit");
  verb.add_option("--as-of", flags->as_of, "The moment that overdue is judged at, RFC 3339; kept with the return")->required();
  verb.add_option("--addressee", flags->addressee, "To whom");
  verb.add_option("--note", flags->note, "What should be known of it");
  verb.add_option("--out", flags->out, "The file that becomes the return (CSV)")->required();
  AddAccessFlags(verb, flags->access);
  OnRun(verb, tool, [flags](Tool& tool) -> Status {
    audit::v1::FileReturnRequest request;
    ASSIGN_OR_RETURN(*request.mutable_access(), AccessOf(flags->access));
    query::v1::RunReportRequest question;
    question.set_name("reports/" + flags->report);
    question.set_from_day(flags->from);
    question.set_to_day(flags->to);
    question.set_unit_id(flags->unit);
    ASSIGN_OR_RETURN(const absl::Time as_of, ParseRfc3339(flags->as_of));
    *question.mutable_as_of() = ToProto(as_of);
    ASSIGN_OR_RETURN(*request.mutable_request(), runtime::ToJson(question));
    request.set_return_id(flags->id);
    request.set_addressee(flags->addressee);
    request.set_note(flags->note);
    ASSIGN_OR_RETURN(const audit::v1::FileReturnResponse response, Call(tool, &AuditService::Stub::FileReturn, request));
    RETURN_IF_ERROR(WriteCsv(flags->out, response.csv()));
    if (tool.json()) return PrintJson(response.filed());
    PrintFiled(response.filed());
    return OkStatus();
  });
}

void AddShow(CLI::App& group, Tool& tool) {
  struct ReturnFlags {
    AccessFlags access;
    std::string id, out;
    bool restated = false;
  };
  auto flags = std::make_shared<ReturnFlags>();
  CLI::App& verb = AddVerb(
      group, "show", "Make a filed return again, from the log as it was then, or as it would be today",
      {"kefu audit return show 4530d-2026-Q1 --reason 'inspection' --out again.csv --timeout 10m",
       "kefu audit return show 4530d-2026-Q1 --restated --reason 'inspection' --out today.csv --timeout 10m",
       "kefu audit return show april-2026 --restated --reason 'inspection' --output json | jq .differences"});
  verb.add_option("return", flags->id, "Its id")->required();
  verb.add_flag("--restated", flags->restated, "As it would be today, with the events that make the difference");
  verb.add_option("--out", flags->out, "Where its bytes go");
  AddAccessFlags(verb, flags->access);
  OnRun(verb, tool, [flags](Tool& tool) -> Status {
    audit::v1::GetFiledReturnRequest request;
    ASSIGN_OR_RETURN(*request.mutable_access(), AccessOf(flags->access));
    request.set_return_id(flags->id);
    request.set_restated(flags->restated);
    ASSIGN_OR_RETURN(const audit::v1::GetFiledReturnResponse response,
                     Call(tool, &AuditService::Stub::GetFiledReturn, request));
    if (!flags->out.empty()) RETURN_IF_ERROR(WriteCsv(flags->out, response.csv()));
    if (tool.json()) {
      RETURN_IF_ERROR(PrintJson(response));
    } else {
      PrintFiled(response.filed());
      fmt::print("Made again  {}\n", response.same_bytes() ? "the same bytes" : "NOT the same bytes");
      if (flags->restated) {
        fmt::print("\n");
        runtime::Table table({"TABLE", "ROW", "COLUMN", "FILED", "RESTATED", "EVENTS ADDED", "REMOVED"});
        for (const auto& difference : response.differences())
          table.Row({difference.table(), difference.row(), difference.column(), difference.filed(), difference.restated(),
                     fmt::format("{}", difference.added_size()), fmt::format("{}", difference.removed_size())});
        PrintTable(table);
      }
    }
    if (!response.same_bytes())
      return DataLoss("made again it has other bytes than those that were filed (by version {} of the program)",
                      response.filed().filed().program_version());
    return OkStatus();
  });
}

void AddList(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<AccessFlags>();
  CLI::App& verb = AddVerb(group, "list", "Filed returns, newest first",
                           {"kefu audit return list --reason 'inspection'",
                            "kefu audit return list --reason 'inspection' --output json | jq -r .filed.returnId",
                            "kefu audit return list --reason 'what went out this year' --actor A-1"});
  AddAccessFlags(verb, *flags);
  OnRun(verb, tool, [flags](Tool& tool) -> Status {
    audit::v1::ListFiledReturnsRequest request;
    ASSIGN_OR_RETURN(*request.mutable_access(), AccessOf(*flags));
    runtime::Table table({"RETURN", "ADDRESSEE", "FILED", "BY", "BYTES", "SHA-256"});
    do {
      ASSIGN_OR_RETURN(const audit::v1::ListFiledReturnsResponse page,
                       Call(tool, &AuditService::Stub::ListFiledReturns, request));
      for (const auto& filed : page.returns()) {
        if (tool.json()) RETURN_IF_ERROR(PrintJson(filed));
        table.Row({filed.filed().return_id(), filed.filed().addressee(), TimeText(filed.recorded_time()), filed.filed_by(),
                   fmt::format("{}", filed.filed().size_bytes()), Hex(filed.filed().sha256())});
      }
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    if (!tool.json()) PrintTable(table);
    return OkStatus();
  });
}

}  // namespace

void AddAuditReturnVerbs(CLI::App& audit, Tool& tool) {
  CLI::App& group = AddGroup(audit, "return", "Returns to regulators: filed, made again, compared with today");
  AddFile(group, tool);
  AddShow(group, tool);
  AddList(group, tool);
}

}  // namespace kefu::cli
