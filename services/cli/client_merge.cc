#include <CLI/CLI.hpp>
#include <map>

#include "kefu/events/v1/event.pb.h"
#include "platform/base/uuid.h"
#include "services/cli/output.h"
#include "services/cli/record.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

using events::v1::Event;
using events::v1::RelationKind;

// "parent", "household", … and their numbers, as the protos name them.
std::map<std::string, RelationKind> Kinds() {
  std::map<std::string, RelationKind> kinds;
  const auto* type = events::v1::RelationKind_descriptor();
  for (int i = 0; i < type->value_count(); ++i) {
    const int number = type->value(i)->number();
    if (number != 0) kinds[EnumText(type, number)] = static_cast<RelationKind>(number);
  }
  return kinds;
}

struct MergeFlags {
  std::string surviving, merged, cause;
  RecordFlags record;
};

Status Merge(Tool& tool, const MergeFlags& flags) {
  Event event;
  auto* body = event.mutable_client_records_merged();
  body->set_surviving_client_id(flags.surviving);
  body->set_merged_client_id(flags.merged);
  if (!flags.cause.empty()) *body->mutable_cause() = CodeOf("kefu.merge", flags.cause);
  return RecordEvent(tool, flags.record, std::move(event));
}

struct SplitFlags {
  std::string merge, cause;
  RecordFlags record;
};

Status Split(Tool& tool, const SplitFlags& flags) {
  Event event;
  auto* body = event.mutable_client_records_split();
  body->set_merge_event_id(flags.merge);
  if (!flags.cause.empty()) *body->mutable_cause() = CodeOf("kefu.split", flags.cause);
  return RecordEvent(tool, flags.record, std::move(event));
}

struct RelateFlags {
  std::string client, kind, other, id, end, detail, said_by, since, until;
  RecordFlags record;
};

Status EndRelation(Tool& tool, const RelateFlags& flags) {
  Event event;
  auto* body = event.mutable_client_relation_ended();
  body->set_relation_id(flags.end);
  body->set_said_by(flags.said_by);
  RETURN_IF_ERROR(SetTime("--until", flags.until, &events::v1::ClientRelationEnded::mutable_true_until, body));
  return RecordEvent(tool, flags.record, std::move(event));
}

Status Relate(Tool& tool, const RelateFlags& flags) {
  if (!flags.end.empty()) return EndRelation(tool, flags);
  if (flags.client.empty() || flags.kind.empty() || flags.other.empty())
    return InvalidArgument("say who is what of whom, such as \"C-1 parent C-2\", or give --end RELATION");
  Event event;
  auto* body = event.mutable_client_relation_started();
  body->set_client_id(flags.client);
  body->set_kind(Kinds().at(flags.kind));
  body->set_other_client_id(flags.other);
  RecordFlags record = flags.record;
  if (record.event_id.empty()) record.event_id = NewUuid();
  body->set_relation_id(flags.id.empty() ? record.event_id : flags.id);
  body->set_detail(flags.detail);
  body->set_said_by(flags.said_by);
  RETURN_IF_ERROR(SetTime("--since", flags.since, &events::v1::ClientRelationStarted::mutable_true_since, body));
  return RecordEvent(tool, record, std::move(event));
}

}  // namespace

void AddClientMergeVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<MergeFlags>();
  CLI::App& verb = AddVerb(group, "merge", "Two records are one client: the second is shown as part of the first",
                           {"kefu client merge C-1 C-2", "kefu client merge C-1 C-2 --cause same_identity_number",
                            "kefu client merge C-1 C-2 --by S-7 --output json"});
  verb.add_option("surviving", flags->surviving, "Client id of the record that survives")->required();
  verb.add_option("merged", flags->merged, "Client id of the record that is merged into it")->required();
  verb.add_option("--cause", flags->cause, "Why, VALUE or SCHEME:VALUE");
  AddRecordFlags(verb, flags->record);
  OnRun(verb, tool, [flags](Tool& tool) { return Merge(tool, *flags); });
}

void AddClientSplitVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<SplitFlags>();
  CLI::App& verb = AddVerb(group, "split", "A merge was a mistake: both records stand alone again",
                           {"kefu client split 0198c2d7-merge", "kefu client split 0198c2d7-merge --cause two_persons",
                            "kefu client split 0198c2d7-merge --by S-7 --output json"});
  verb.add_option("merge", flags->merge, "Event id of the merge, as \"kefu client merges\" shows it")->required();
  verb.add_option("--cause", flags->cause, "Why, VALUE or SCHEME:VALUE");
  AddRecordFlags(verb, flags->record);
  OnRun(verb, tool, [flags](Tool& tool) { return Split(tool, *flags); });
}

void AddClientRelateVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<RelateFlags>();
  CLI::App& verb = AddVerb(group, "relate", "Say what one client is of another, or that it no longer is",
                           {"kefu client relate C-1 parent C-2 --since 2026-01-01T00:00:00+08:00",
                            "kefu client relate C-1 household C-3 --detail spouse --said-by client",
                            "kefu client relate --end 0198c2d7-relation"});
  std::vector<std::string> kinds;
  for (const auto& [name, kind] : Kinds()) kinds.push_back(name);
  verb.add_option("client", flags->client, "Client id");
  verb.add_option("kind", flags->kind, "What it is of the other one")->check(CLI::IsMember(kinds));
  verb.add_option("other", flags->other, "Client id of the other one");
  verb.add_option("--id", flags->id, "Id of the relation; the event's id if not given");
  verb.add_option("--end", flags->end, "End the relation of this id");
  verb.add_option("--detail", flags->detail, "In words, such as spouse");
  verb.add_option("--said-by", flags->said_by, "Who says so");
  verb.add_option("--since", flags->since, "Since when it is true, RFC 3339; the event's time if not given");
  verb.add_option("--until", flags->until, "Until when it was true, with --end");
  AddRecordFlags(verb, flags->record);
  OnRun(verb, tool, [flags](Tool& tool) { return Relate(tool, *flags); });
}

}  // namespace kefu::cli
