#include "services/cli/reference.h"

#include <absl/time/clock.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>

#include "kefu/ingest/v1/ingest.grpc.pb.h"
#include "kefu/query/v1/reference.grpc.pb.h"
#include "platform/base/time.h"
#include "platform/base/uuid.h"
#include "platform/runtime/json.h"
#include "services/cli/call.h"
#include "services/cli/output.h"
#include "services/cli/recommend.h"
#include "services/cli/show.h"

namespace kefu::cli {

using events::v1::Event;
using query::v1::Reference;
using query::v1::ReferenceKind;
using query::v1::ReferenceService;

const ReferenceNoun kUnitNoun = {query::v1::REFERENCE_KIND_UNIT, "a unit", "unit_published", "B-01"};
const ReferenceNoun kCalendarNoun = {query::v1::REFERENCE_KIND_CALENDAR, "a calendar", "calendar_published",
                                     "cn.business"};
const ReferenceNoun kPolicyNoun = {query::v1::REFERENCE_KIND_POLICY_PACK, "a policy pack", "policy_pack_published",
                                   "us.finra.4530"};
const ReferenceNoun kCodesNoun = {query::v1::REFERENCE_KIND_CODE_SET, "a code set", "code_set_published",
                                  "us.finra.4530.problem"};
const ReferenceNoun kSuitabilityNoun = {query::v1::REFERENCE_KIND_SUITABILITY_PACK, "a suitability pack",
                                        "suitability_pack_published", "cn.sac.suitability"};

namespace {

constexpr absl::Duration kAskEvery = absl::Milliseconds(20);

const google::protobuf::FieldDescriptor* BodyOf(const ReferenceNoun& noun) {
  return Event::descriptor()->FindFieldByName(noun.body);
}

StatusOr<std::string> ReadText(const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream file(path, std::ios::binary);
  if (!file) return InvalidArgument("{} cannot be read", path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// The kind and id of what an event publishes; where it has one, its version.
struct Published {
  ReferenceKind kind = query::v1::REFERENCE_KIND_UNSPECIFIED;
  std::string id;
  std::string version;
};
Published PublishedBy(const Event& event) {
  switch (event.body_case()) {
    case Event::kUnitPublished:
      return {query::v1::REFERENCE_KIND_UNIT, event.unit_published().unit_id(), ""};
    case Event::kCalendarPublished:
      return {query::v1::REFERENCE_KIND_CALENDAR, event.calendar_published().calendar_id(),
              std::to_string(event.calendar_published().version())};
    case Event::kPolicyPackPublished:
      return {query::v1::REFERENCE_KIND_POLICY_PACK, event.policy_pack_published().pack_id(),
              std::to_string(event.policy_pack_published().version())};
    case Event::kCodeSetPublished:
      return {query::v1::REFERENCE_KIND_CODE_SET, event.code_set_published().scheme(),
              event.code_set_published().version()};
    case Event::kSegmentRulesPublished:
      return {query::v1::REFERENCE_KIND_SEGMENT_RULES, event.segment_rules_published().scheme(),
              std::to_string(event.segment_rules_published().version())};
    case Event::kChurnModelPublished:
      return {query::v1::REFERENCE_KIND_CHURN_MODEL, "churn", std::to_string(event.churn_model_published().version())};
    case Event::kRulesVersionAdopted:
      return {query::v1::REFERENCE_KIND_RULES_VERSION, "admission",
              std::to_string(event.rules_version_adopted().version())};
    case Event::kServiceProductPublished:
      return {query::v1::REFERENCE_KIND_PRODUCT, event.service_product_published().product_id(),
              std::to_string(event.service_product_published().version())};
    case Event::kProductAliasPublished:
      return {query::v1::REFERENCE_KIND_PRODUCT_ALIAS, event.product_alias_published().alias(), ""};
    case Event::kBundlePublished:
      return {query::v1::REFERENCE_KIND_BUNDLE, event.bundle_published().bundle_id(),
              std::to_string(event.bundle_published().version())};
    case Event::kServiceLevelsPublished:
      return {query::v1::REFERENCE_KIND_SERVICE_LEVELS, event.service_levels_published().pack_id(),
              std::to_string(event.service_levels_published().version())};
    case Event::kNextActionRulesPublished:
      return {query::v1::REFERENCE_KIND_NEXT_ACTION_RULES, "next_actions",
              std::to_string(event.next_action_rules_published().version())};
    case Event::kCallBackProgrammePublished:
      return {query::v1::REFERENCE_KIND_CALL_BACK_PROGRAMME, event.call_back_programme_published().programme(),
              std::to_string(event.call_back_programme_published().version())};
    case Event::kSuitabilityPackPublished:
      return {query::v1::REFERENCE_KIND_SUITABILITY_PACK, event.suitability_pack_published().pack_id(),
              std::to_string(event.suitability_pack_published().version())};
    default:
      return {};
  }
}

std::string Label(const Published& published) {
  return fmt::format("{} {}{}{}", KindWord(published.kind), published.id, published.version.empty() ? "" : " ",
                     published.version);
}

StatusOr<Reference> Ask(Tool& tool, const Published& published, const std::string& min_position) {
  query::v1::GetReferenceRequest request;
  request.set_name(ReferenceName(published.kind, published.id, published.version));
  request.set_min_position(min_position);
  return Call(tool, &ReferenceService::Stub::GetReference, request);
}

// Sends one event. True: applied, and `reference` says how far it has come.
StatusOr<bool> PublishOne(Tool& tool, const Event& event, absl::Duration wait) {
  const Published published = PublishedBy(event);
  ingest::v1::PublishEventRequest request;
  *request.mutable_event() = event;
  request.set_wait(ingest::v1::WAIT_APPLIED);
  ASSIGN_OR_RETURN(const ingest::v1::PublishEventResponse response,
                   Call(tool, &ingest::v1::IngestService::Stub::PublishEvent, request));
  if (response.verdict().outcome() != events::v1::VERDICT_OUTCOME_APPLIED) {
    if (tool.json()) {
      RETURN_IF_ERROR(PrintJson(response));
    } else {
      fmt::print("{}  {}\n", Label(published), VerdictText(response.verdict()));
    }
    return false;
  }
  ASSIGN_OR_RETURN(Reference reference, Ask(tool, published, response.position()));
  for (const absl::Time until = absl::Now() + wait; !reference.missing_partitions().empty() && absl::Now() < until;) {
    absl::SleepFor(kAskEvery);
    ASSIGN_OR_RETURN(reference, Ask(tool, published, ""));
  }
  reference.clear_event();
  if (tool.json()) {
    RETURN_IF_ERROR(PrintJson(reference));
    return true;
  }
  fmt::print("{} {} {}  applied, partitions: {}\n", KindWord(reference.kind()), reference.reference_id(),
             reference.version(), ReachText(reference));
  return true;
}

}  // namespace

std::string KindWord(ReferenceKind kind) { return EnumText(kind); }

std::string ReferenceName(ReferenceKind kind, const std::string& id, const std::string& version) {
  return fmt::format("references/{}/{}/{}", KindWord(kind), id, version.empty() ? "-" : version);
}

std::string ReachText(const Reference& reference) {
  if (reference.missing_partitions().empty()) return "all";
  return fmt::format("not in {} yet", fmt::join(reference.missing_partitions(), ", "));
}

StatusOr<std::string> BodyJson(const Event& event) {
  const auto* field =
      event.GetReflection()->GetOneofFieldDescriptor(event, Event::descriptor()->FindOneofByName("body"));
  if (field == nullptr) return NotFound("the event has no body");
  ASSIGN_OR_RETURN(const std::string line, runtime::ToJson(event.GetReflection()->GetMessage(event, field)));
  return nlohmann::ordered_json::parse(line).dump(2);
}

void AddPublishReferenceFlags(CLI::App& verb, PublishReferenceFlags& flags, bool with_files) {
  if (with_files)
    verb.add_option("files", flags.files, "Files with the body as JSON, or a list of them; - is standard input")
        ->required();
  verb.add_option("--actor", flags.actor, "Who publishes it (a staff id)");
  verb.add_option("--wait", flags.wait, "How long to wait until it has reached all partitions")->capture_default_str();
}

StatusOr<std::vector<Event>> ReadBodies(const std::string& path, const ReferenceNoun& noun) {
  ASSIGN_OR_RETURN(const std::string text, ReadText(path));
  std::vector<std::string> items;
  // Only lists are taken apart here: of one body the errors then have the lines of the file.
  const size_t first = text.find_first_not_of(" \t\r\n");
  const bool is_list = first != text.npos && text[first] == '[';
  if (is_list) {
    const auto list = nlohmann::ordered_json::parse(text, nullptr, false);
    if (list.is_discarded()) return InvalidArgument("{}: is no JSON", path);
    for (const auto& item : list) items.push_back(item.dump());
  } else {
    items.push_back(text);
  }
  std::vector<Event> events;
  for (size_t i = 0; i < items.size(); ++i) {
    Event& event = events.emplace_back();
    auto* body = event.GetReflection()->MutableMessage(&event, BodyOf(noun));
    const Status read = runtime::FromJson(items[i], body);
    if (!read.ok())
      return Annotate(read, fmt::format("{}{} is not {}", path, is_list ? fmt::format(", item {},", i + 1) : "",
                                        noun.one));
  }
  return events;
}

Status PublishReferences(Tool& tool, const PublishReferenceFlags& flags, std::vector<Event> events,
                         const CompleteBody& complete) {
  absl::Duration wait;
  if (!absl::ParseDuration(flags.wait, &wait) || wait < absl::ZeroDuration())
    return InvalidArgument("--wait {}: not a duration such as 5s or 0s", flags.wait);
  bool all_applied = true;
  for (Event& event : events) {
    event.set_event_id(NewUuid());
    event.set_source("kefu-cli");
    *event.mutable_occurred_at() = ToProto(absl::Now());
    if (!flags.actor.empty()) {
      event.mutable_actor()->set_kind(events::v1::ACTOR_KIND_STAFF);
      event.mutable_actor()->set_id(flags.actor);
    }
    if (complete) RETURN_IF_ERROR(complete(tool, &event));
    const auto applied = PublishOne(tool, event, wait);
    if (!applied.ok()) return Annotate(applied.status(), Label(PublishedBy(event)));
    all_applied = all_applied && *applied;
  }
  return all_applied ? OkStatus() : AlreadyTold();
}

Status SetNextVersion(Tool& tool, Event* event) {
  const auto* field = event->GetReflection()->GetOneofFieldDescriptor(
      *event, Event::descriptor()->FindOneofByName("body"));
  auto* body = event->GetReflection()->MutableMessage(event, field);
  const auto* version = body->GetDescriptor()->FindFieldByName("version");
  if (version == nullptr || version->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_INT32)
    return OkStatus();
  if (body->GetReflection()->GetInt32(*body, version) != 0) return OkStatus();
  Published published = PublishedBy(*event);
  published.version.clear();
  const auto newest = Ask(tool, published, "");
  if (!newest.ok() && newest.status().code() != StatusCode::kNotFound) return newest.status();
  const int32_t last = newest.ok() ? static_cast<int32_t>(std::stol(newest->version())) : 0;
  body->GetReflection()->SetInt32(body, version, last + 1);
  return OkStatus();
}

}  // namespace kefu::cli
