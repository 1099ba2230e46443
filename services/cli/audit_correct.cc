#include "services/cli/audit_correct.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "kefu/query/v1/client.grpc.pb.h"
#include "platform/runtime/json.h"
#include "services/cli/call.h"
#include "services/cli/record.h"
#include "services/cli/show.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

using events::v1::Event;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Fields that are set in `from` take the place of those in `into`, whole.
void Replace(const Message& from, Message* into) {
  std::vector<const FieldDescriptor*> fields;
  from.GetReflection()->ListFields(from, &fields);
  // Cleared first: what merging would add to, lists and messages, is replaced.
  for (const FieldDescriptor* field : fields) into->GetReflection()->ClearField(into, field);
  into->MergeFrom(from);
}

struct AuditCorrectFlags {
  std::string event_id, client, file, reason;
  RecordFlags record;
};

// An applied event of the client's timeline.
StatusOr<Event> FindEvent(Tool& tool, const std::string& client, const std::string& event_id) {
  query::v1::ListTimelineRequest request;
  request.set_parent(ClientName(client));
  request.set_page_size(1000);
  do {
    ASSIGN_OR_RETURN(const query::v1::ListTimelineResponse response,
                     Call(tool, &query::v1::ClientService::Stub::ListTimeline, request));
    for (const auto& entry : response.entries()) {
      if (entry.event().event_id() != event_id) continue;
      if (entry.verdict().outcome() != events::v1::VERDICT_OUTCOME_APPLIED)
        return FailedPrecondition("{} was refused ({}), so there is nothing to correct", event_id,
                                  entry.verdict().rule());
      return entry.event();
    }
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return NotFound("client {} has no event {}; kefu client timeline {} lists what there is", client, event_id, client);
}

// What a correction was of, as it stands by it; of other events themselves.
StatusOr<Event> WhatStands(Tool& tool, const std::string& client, const std::string& event_id) {
  ASSIGN_OR_RETURN(Event event, FindEvent(tool, client, event_id));
  if (event.has_event_annulled()) return WhatStands(tool, client, event.event_annulled().annulled_event_id());
  if (!event.has_event_corrected()) return event;
  Event corrected;
  if (!corrected.ParseFromString(event.event_corrected().event()))
    return DataLoss("what {} holds cannot be read; upgrade kefu", event_id);
  return corrected;
}

StatusOr<std::string> ReadAll(const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream file(path);
  if (!file) return NotFound("cannot read {}", path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Status Correct(Tool& tool, const AuditCorrectFlags& flags) {
  ASSIGN_OR_RETURN(Event corrected, WhatStands(tool, flags.client, flags.event_id));
  ASSIGN_OR_RETURN(const std::string json, ReadAll(flags.file));
  Event changes;
  RETURN_IF_ERROR(runtime::FromJson(json, &changes));
  RETURN_IF_ERROR(TellOtherwise(changes, &corrected));
  corrected.clear_recorded_at();
  Event event;
  event.set_client_id(flags.client);
  event.mutable_event_corrected()->set_corrected_event_id(flags.event_id);
  event.mutable_event_corrected()->set_reason(flags.reason);
  event.mutable_event_corrected()->set_event(corrected.SerializeAsString());
  return RecordEvent(tool, flags.record, std::move(event));
}

Status Annul(Tool& tool, const AuditCorrectFlags& flags) {
  Event event;
  event.set_client_id(flags.client);
  event.mutable_event_annulled()->set_annulled_event_id(flags.event_id);
  event.mutable_event_annulled()->set_reason(flags.reason);
  return RecordEvent(tool, flags.record, std::move(event));
}

void AddFlags(CLI::App& verb, AuditCorrectFlags& flags) {
  verb.add_option("event", flags.event_id, "Id of the event, or of its newest correction")->required();
  verb.add_option("--client", flags.client, "Whose it is")->required();
  verb.add_option("--reason", flags.reason, "What was wrong")->required();
  AddRecordFlags(verb, flags.record);
}

}  // namespace

Status TellOtherwise(const Event& changes, Event* event) {
  const auto* bodies = Event::descriptor()->FindOneofByName("body");
  const auto* reflection = Event::GetReflection();
  Event rest = changes;
  if (const FieldDescriptor* body = reflection->GetOneofFieldDescriptor(changes, bodies)) {
    if (body != reflection->GetOneofFieldDescriptor(*event, bodies))
      return InvalidArgument("--file is about {}, but the event is another kind; a correction keeps the kind",
                             body->name());
    Replace(reflection->GetMessage(changes, body), reflection->MutableMessage(event, body));
    reflection->ClearField(&rest, body);
  }
  if (!rest.event_id().empty() && rest.event_id() != event->event_id())
    return InvalidArgument("--file has event_id {}; a correction keeps the id {}", rest.event_id(), event->event_id());
  if (!rest.client_id().empty() && rest.client_id() != event->client_id())
    return InvalidArgument("--file is of client {}; a correction keeps the client", rest.client_id());
  Replace(rest, event);
  return OkStatus();
}

void AddCorrectVerbs(CLI::App& group, Tool& tool) {
  {
    auto flags = std::make_shared<AuditCorrectFlags>();
    CLI::App& verb = AddVerb(group, "correct", "Say how an event should have been told; history shows both",
                             {"kefu audit correct crm-7731 --client C-1 --file right.json --reason 'wrong channel'",
                              "kefu audit correct crm-7731 --client C-1 --file - --reason 'wrong channel' < right.json",
                              "kefu audit correct crm-7731 --client C-1 --file right.json --reason typo --by S-7"});
    AddFlags(verb, *flags);
    verb.add_option("--file", flags->file, "JSON of an event with the fields that are to be others; - for stdin")
        ->required();
    OnRun(verb, tool, [flags](Tool& tool) { return Correct(tool, *flags); });
  }
  auto flags = std::make_shared<AuditCorrectFlags>();
  CLI::App& verb = AddVerb(group, "annul", "Say that an event never happened; history keeps it",
                           {"kefu audit annul crm-7731 --client C-1 --reason 'another client'",
                            "kefu audit annul crm-7731 --client C-1 --reason 'test entry' --by S-7",
                            "kefu audit annul crm-7731 --client C-1 --reason 'told twice' --output json"});
  AddFlags(verb, *flags);
  OnRun(verb, tool, [flags](Tool& tool) { return Annul(tool, *flags); });
}

}  // namespace kefu::cli
