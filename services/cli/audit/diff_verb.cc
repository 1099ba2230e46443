// kefu audit diff: what changed about a client between two moments.

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "kefu/audit/v1/audit.grpc.pb.h"
#include "services/cli/audit/access.h"
#include "services/cli/audit/verbs.h"
#include "services/cli/call.h"
#include "services/cli/moment.h"
#include "services/cli/output.h"

namespace kefu::cli {
namespace {

struct DiffFlags {
  AccessFlags access;
  std::string client, from, until;
};

// The time is what the server's stamp says; who, what the producer says.
Status ShowEvents(const audit::v1::DiffClientResponse& response) {
  runtime::Table table({"RECORDED", "EVENT", "BY", "VERDICT", "OFFSET"});
  for (const auto& recorded : response.events()) {
    events::v1::Event event;
    if (!event.ParseFromString(recorded.record())) continue;
    const auto* body = event.GetReflection()->GetOneofFieldDescriptor(event, event.GetDescriptor()->FindOneofByName("body"));
    table.Row({TimeText(event.recorded_at()), body == nullptr ? "" : std::string(body->name()), event.actor().id(),
               EnumText(recorded.verdict().outcome()), fmt::format("{}@{}", recorded.partition(), recorded.offset())});
  }
  PrintTable(table);
  return OkStatus();
}

Status Run(Tool& tool, const DiffFlags& flags) {
  audit::v1::DiffClientRequest request;
  ASSIGN_OR_RETURN(*request.mutable_access(), AccessOf(flags.access));
  request.set_name("clients/" + flags.client);
  ASSIGN_OR_RETURN(*request.mutable_from(), ReadMoment(flags.from));
  if (!flags.until.empty()) {
    ASSIGN_OR_RETURN(*request.mutable_until(), ReadMoment(flags.until));
  }
  ASSIGN_OR_RETURN(const auto response, Call(tool, &audit::v1::AuditService::Stub::DiffClient, request));
  if (tool.json()) return PrintJson(response);
  if (response.changes().empty()) {
    Remark(tool, "Nothing differs.");
  } else {
    runtime::Table table({"WHERE", "FIELD", "BEFORE", "AFTER"});
    for (const auto& change : response.changes())
      table.Row({change.resource(), change.field(), change.before(), change.after()});
    PrintTable(table);
  }
  return response.events().empty() ? OkStatus() : ShowEvents(response);
}

}  // namespace

void AddAuditDiffVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<DiffFlags>();
  CLI::App& verb = AddVerb(group, "diff", "What changed about a client between two moments, by which events, by whom",
                           {"kefu audit diff C-1 --from 2026-03-01 --reason 'complaint K-17'",
                            "kefu audit diff C-1 --from 2026-03-01 --until 2026-03-31 --reason 'complaint K-17'",
                            "kefu audit diff C-1 --from position:AAEC --reason 'filed return' --output json"});
  verb.add_option("client", flags->client, "Client id")->required();
  verb.add_option("--from", flags->from, "The earlier moment: a time or a day (what was known then), or position:TOKEN")
      ->required();
  verb.add_option("--until", flags->until, "The later moment, in the same words; now if not given");
  AddAccessFlags(verb, flags->access);
  OnRun(verb, tool, [flags](Tool& tool) { return Run(tool, *flags); });
}

}  // namespace kefu::cli
