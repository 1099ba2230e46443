// kefu audit retention: until when events are kept, by which rule, and what holds them.

#include <absl/time/civil_time.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "kefu/audit/v1/audit.grpc.pb.h"
#include "platform/base/time.h"
#include "services/cli/audit/access.h"
#include "services/cli/audit/verbs.h"
#include "services/cli/call.h"
#include "services/cli/output.h"

namespace kefu::cli {
namespace {

struct RetentionFlags {
  AccessFlags access;
  std::string client, about_case;
};

// "2026-03-02", in UTC, as the days it is kept until are.
std::string DayText(const google::protobuf::Timestamp& time) {
  return absl::FormatCivilTime(absl::ToCivilDay(FromProto(time), absl::UTCTimeZone()));
}

void ShowHolds(const audit::v1::GetRetentionResponse& response) {
  if (response.holds().empty()) return;
  runtime::Table table({"HOLD", "CASE", "PLACED", "BY", "WHY", "LIFTED", "BY", "WHY LIFTED"});
  for (const auto& hold : response.holds())
    table.Row({hold.hold_id(), hold.case_id(), TimeText(hold.placed_time()), hold.placed_by(), hold.reason(),
               TimeText(hold.lifted_time()), hold.lifted_by(), hold.lift_reason()});
  fmt::print("\n");
  PrintTable(table);
}

Status Run(Tool& tool, const RetentionFlags& flags) {
  audit::v1::GetRetentionRequest request;
  ASSIGN_OR_RETURN(*request.mutable_access(), AccessOf(flags.access));
  request.set_name("clients/" + flags.client);
  if (!flags.about_case.empty()) request.set_name(request.name() + "/cases/" + flags.about_case);
  ASSIGN_OR_RETURN(const auto response, Call(tool, &audit::v1::AuditService::Stub::GetRetention, request));
  if (tool.json()) return PrintJson(response);
  runtime::Table table({"KIND", "EVENTS", "FIRST", "LAST", "KEPT UNTIL", "CLASS", "SOURCE", "HELD BY"});
  for (const auto& kind : response.kinds())
    table.Row({kind.kind(), fmt::format("{}", kind.events()), DayText(kind.first_occurred_time()),
               DayText(kind.last_occurred_time()), kind.kept_until(), kind.class_id(), kind.source(),
               JoinText(kind.held_by())});
  PrintTable(table);
  ShowHolds(response);
  if (response.version() == 0)
    Remark(tool, "How long events must be kept is not published: kefu publish --json '{\"retention_published\": …}'.");
  Remark(tool, "Nothing is deleted; what is held is kept however old it is.");
  return OkStatus();
}

}  // namespace

void AddAuditRetentionVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<RetentionFlags>();
  CLI::App& verb = AddVerb(group, "retention", "Until when events are kept, by which rule, and what holds them",
                           {"kefu audit retention --client C-1 --reason 'deletion request'",
                            "kefu audit retention --client C-1 --case K-1 --reason 'suit 2026-8'",
                            "kefu audit retention --client C-1 --reason 'yearly audit' --output json"});
  verb.add_option("--client", flags->client, "Whose events")->required();
  verb.add_option("--case", flags->about_case, "Only the life of this case of the client");
  AddAccessFlags(verb, flags->access);
  OnRun(verb, tool, [flags](Tool& tool) { return Run(tool, *flags); });
}

}  // namespace kefu::cli
