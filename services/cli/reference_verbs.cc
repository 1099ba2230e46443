#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "kefu/query/v1/reference.grpc.pb.h"
#include "services/cli/calendar_zone.h"
#include "services/cli/call.h"
#include "services/cli/listing.h"
#include "services/cli/recommend.h"
#include "services/cli/reference.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

using events::v1::Event;
using query::v1::Reference;
using query::v1::ReferenceKind;
using query::v1::ReferenceService;

const std::vector<std::string> kHeadings = {"KIND", "ID", "VERSION", "PUBLISHED", "PARTITIONS"};

std::vector<std::string> Cells(const Reference& reference) {
  return {KindWord(reference.kind()), reference.reference_id(), reference.version(), TimeText(reference.recorded_at()),
          ReachText(reference)};
}

struct ListReferenceFlags {
  ReferenceKind kind = query::v1::REFERENCE_KIND_UNSPECIFIED;
  std::string word, id, min_position;
  ListFlags list;
};

// Calls `take` for each reference up to the limit.
Status EachReference(Tool& tool, const ListReferenceFlags& flags,
                     const std::function<Status(const Reference&)>& take) {
  query::v1::ListReferencesRequest request;
  request.set_kind(flags.kind);
  request.set_reference_id(flags.id);
  request.set_min_position(flags.min_position);
  return EachPage(tool, flags.list, [&](int size, std::string* token) -> StatusOr<int> {
    request.set_page_size(size);
    request.set_page_token(*token);
    ASSIGN_OR_RETURN(const query::v1::ListReferencesResponse response,
                     Call(tool, &ReferenceService::Stub::ListReferences, request));
    for (const Reference& one : response.references()) RETURN_IF_ERROR(take(one));
    *token = response.next_page_token();
    return response.references_size();
  });
}

Status List(Tool& tool, const ListReferenceFlags& flags) {
  Listing<Reference> listing(tool, kHeadings, Cells);
  RETURN_IF_ERROR(EachReference(tool, flags, [&](const Reference& one) { return listing.Add(one); }));
  listing.Finish("Nothing of it is published.");
  return OkStatus();
}

StatusOr<Reference> Get(Tool& tool, const std::string& name) {
  query::v1::GetReferenceRequest request;
  request.set_name(name);
  return Call(tool, &ReferenceService::Stub::GetReference, request);
}

Status Show(Tool& tool, const std::string& name) {
  ASSIGN_OR_RETURN(const Reference reference, Get(tool, name));
  if (tool.json()) return PrintJson(reference);
  PrintDetails({{"name", reference.name()},
                {"published", TimeText(reference.recorded_at())},
                {"by", reference.event().actor().id()},
                {"event", reference.event().event_id()},
                {"offset", fmt::format("{}", reference.offset())},
                {"partitions", ReachText(reference)}});
  ASSIGN_OR_RETURN(const std::string body, BodyJson(reference.event()));
  fmt::print("\n{}\n", body);
  return OkStatus();
}

void AddListFlagsOf(CLI::App& verb, ListReferenceFlags& flags) {
  verb.add_option("--min-position", flags.min_position, "Wait until the view has reached this position");
  AddListFlags(verb, flags.list);
}

std::vector<std::string> UnitCells(const Reference& reference) {
  const auto& unit = reference.event().unit_published();
  return {unit.unit_id(),     unit.name(),
          EnumText(unit.level()), unit.parent_unit_id(),
          unit.calendar_id(), unit.closed() ? "closed" : "",
          ReachText(reference)};
}

// Lists are without events; a unit is little else.
Status ListUnits(Tool& tool, const ListReferenceFlags& flags) {
  Listing<Reference> listing(tool, {"UNIT", "NAME", "LEVEL", "PARENT", "CALENDAR", "STATE", "PARTITIONS"}, UnitCells);
  RETURN_IF_ERROR(EachReference(tool, flags, [&](const Reference& one) -> Status {
    ASSIGN_OR_RETURN(const Reference whole, Get(tool, one.name()));
    return listing.Add(whole);
  }));
  listing.Finish("No unit is published.");
  return OkStatus();
}

Status CompleteCalendar(Tool& tool, Event* event) {
  RETURN_IF_ERROR(ExpandZone(event->mutable_calendar_published()));
  return SetNextVersion(tool, event);
}

void AddPublish(CLI::App& group, Tool& tool, const ReferenceNoun& noun, const std::string& help,
                const std::vector<std::string>& examples, CompleteBody complete) {
  auto flags = std::make_shared<PublishReferenceFlags>();
  CLI::App& verb = AddVerb(group, "publish", help, examples);
  AddPublishReferenceFlags(verb, *flags);
  OnRun(verb, tool, [flags, &noun, complete](Tool& tool) -> Status {
    std::vector<Event> all;
    for (const std::string& file : flags->files) {
      ASSIGN_OR_RETURN(std::vector<Event> events, ReadBodies(file, noun));
      std::move(events.begin(), events.end(), std::back_inserter(all));
    }
    return PublishReferences(tool, *flags, std::move(all), complete);
  });
}

void AddReferenceList(CLI::App& group, Tool& tool, const ReferenceNoun& noun, const std::string& word) {
  auto flags = std::make_shared<ListReferenceFlags>();
  flags->kind = noun.kind;
  CLI::App& verb = AddVerb(group, "list", "What is in force, or all versions of one",
                           {fmt::format("kefu {} list", word), fmt::format("kefu {} list {}", word, noun.example),
                            fmt::format("kefu {} list --all --output json", word)});
  verb.add_option("id", flags->id, "All versions of this one, newest first");
  AddListFlagsOf(verb, *flags);
  OnRun(verb, tool, [flags](Tool& tool) { return List(tool, *flags); });
}

void AddShow(CLI::App& group, Tool& tool, const ReferenceNoun& noun, const std::string& word) {
  struct ReferenceFlags {
    std::string id, version;
  };
  auto flags = std::make_shared<ReferenceFlags>();
  CLI::App& verb = AddVerb(group, "show", "One version in full, as it can be published again",
                           {fmt::format("kefu {} show {}", word, noun.example),
                            fmt::format("kefu {} show {} --version 1", word, noun.example),
                            fmt::format("kefu {} show {} --output json", word, noun.example)});
  verb.add_option("id", flags->id, "Which one")->required();
  verb.add_option("--version", flags->version, "Which version; the newest if not given");
  OnRun(verb, tool, [flags, &noun](Tool& tool) {
    return Show(tool, ReferenceName(noun.kind, flags->id, flags->version));
  });
}

}  // namespace

void AddReferenceListVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<ListReferenceFlags>();
  CLI::App& verb = AddVerb(group, "list", "Reference data in force, and the partitions it has not reached yet",
                           {"kefu reference list", "kefu reference list --kind calendar",
                            "kefu reference list --kind policy_pack --id us.finra.4530"});
  std::vector<std::string> words;
  for (int kind = 1; kind < query::v1::ReferenceKind_ARRAYSIZE; ++kind)
    words.push_back(KindWord(static_cast<ReferenceKind>(kind)));
  verb.add_option("--kind", flags->word, "Of this kind only")->check(CLI::IsMember(words));
  verb.add_option("--id", flags->id, "All versions of this one, newest first; with --kind");
  AddListFlagsOf(verb, *flags);
  OnRun(verb, tool, [flags](Tool& tool) {
    for (int kind = 1; kind < query::v1::ReferenceKind_ARRAYSIZE; ++kind)
      if (KindWord(static_cast<ReferenceKind>(kind)) == flags->word) flags->kind = static_cast<ReferenceKind>(kind);
    return List(tool, *flags);
  });
}

void AddReferenceShowVerb(CLI::App& group, Tool& tool) {
  auto name = std::make_shared<std::string>();
  CLI::App& verb = AddVerb(group, "show", "One version with the event that published it",
                           {"kefu reference show references/calendar/cn.business/-",
                            "kefu reference show references/policy_pack/us.finra.4530/2",
                            "kefu reference show references/unit/B-01/- --output json"});
  verb.add_option("name", *name, "references/KIND/ID/VERSION; - is the newest version")->required();
  OnRun(verb, tool, [name](Tool& tool) { return Show(tool, *name); });
}

void AddRulesAdoptVerb(CLI::App& group, Tool& tool) {
  struct ReferenceFlags {
    int32_t version = 2;
    PublishReferenceFlags publish;
  };
  auto flags = std::make_shared<ReferenceFlags>();
  CLI::App& verb = AddVerb(group, "adopt",
                           "From now on admission judges by this version of its rules; there is no way back",
                           {"kefu rules adopt", "kefu rules adopt 2 --actor S-1", "kefu rules adopt --wait 30s"});
  verb.add_option("version", flags->version, "Which version")->check(CLI::PositiveNumber)->capture_default_str();
  AddPublishReferenceFlags(verb, flags->publish, /*with_files=*/false);
  OnRun(verb, tool, [flags](Tool& tool) {
    Event event;
    event.mutable_rules_version_adopted()->set_version(flags->version);
    return PublishReferences(tool, flags->publish, {event});
  });
}

void AddUnitVerbs(CLI::App& group, Tool& tool) {
  AddPublish(group, tool, kUnitNoun, "Publish units: the whole unit as it is from now on, parents first",
             {"kefu unit publish units.json", "kefu unit publish company.json branches.json --actor S-1",
              "kefu unit publish - < units.json"},
             nullptr);
  auto flags = std::make_shared<ListReferenceFlags>();
  flags->kind = kUnitNoun.kind;
  CLI::App& verb = AddVerb(group, "list", "Units as they are now, or all versions of one",
                           {"kefu unit list", "kefu unit list B-01", "kefu unit list --all --output json"});
  verb.add_option("id", flags->id, "All versions of this one, newest first");
  AddListFlagsOf(verb, *flags);
  OnRun(verb, tool, [flags](Tool& tool) { return ListUnits(tool, *flags); });
}

void AddCalendarVerbs(CLI::App& group, Tool& tool) {
  AddPublish(group, tool, kCalendarNoun,
             "Publish calendars. A file may name an IANA zone in place of offsets, and leave out the version: it is then "
             "the next one",
             {"kefu calendar publish cn.business.json", "kefu calendar publish *.json --wait 30s",
              "kefu calendar publish - --actor S-1 < tw.business.json"},
             CompleteCalendar);
  AddShow(group, tool, kCalendarNoun, "calendar");
  AddReferenceList(group, tool, kCalendarNoun, "calendar");
}

void AddPolicyVerbs(CLI::App& group, Tool& tool) {
  AddPublish(group, tool, kPolicyNoun,
             "Publish policy packs: which clocks run on which cases. Without a version it is the next one",
             {"kefu policy publish us.finra.4530.json", "kefu policy publish *.json --wait 30s",
              "kefu policy publish - --actor S-1 < firm.service.json"},
             SetNextVersion);
  AddShow(group, tool, kPolicyNoun, "policy");
  AddReferenceList(group, tool, kPolicyNoun, "policy");
}

void AddCodesVerbs(CLI::App& group, Tool& tool) {
  AddPublish(group, tool, kCodesNoun, "Publish editions of code sets",
             {"kefu codes publish problem-codes-2024.json", "kefu codes publish *.json",
              "kefu codes publish - --actor S-1 < topics.json"},
             nullptr);
  AddShow(group, tool, kCodesNoun, "codes");
  AddReferenceList(group, tool, kCodesNoun, "codes");
}

void AddSuitabilityPackVerbs(CLI::App& group, Tool& tool) {
  AddPublish(group, tool, kSuitabilityNoun,
             "Publish suitability packs: what may be recommended to whom. Without a version it is the next one",
             {"kefu suitability publish deploy/policies/suitability.cn.sac.suitability.json",
              "kefu suitability publish *.json --wait 30s", "kefu suitability publish - --actor S-1 < pack.json"},
             SetNextVersion);
  AddShow(group, tool, kSuitabilityNoun, "suitability");
  AddReferenceList(group, tool, kSuitabilityNoun, "suitability");
}

}  // namespace kefu::cli
