// kefu segment try, kefu segment publish, kefu classify.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>

#include "kefu/admin/v1/duty.grpc.pb.h"
#include "kefu/query/v1/segment.grpc.pb.h"
#include "platform/base/time.h"
#include "services/cli/call.h"
#include "services/cli/output.h"
#include "services/cli/reference.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

using events::v1::Event;
using query::v1::SegmentService;

const ReferenceNoun kSegmentRulesNoun = {query::v1::REFERENCE_KIND_SEGMENT_RULES, "the rules of a scheme",
                                         "segment_rules_published", "asset_tier"};

struct TryFlags {
  std::string file, scheme, as_of, min_position;
};

// Absent if nothing is given.
Status SetTime(const std::string& text, std::string_view option, google::protobuf::Timestamp* time) {
  const auto parsed = ParseRfc3339(text);
  if (!parsed.ok()) return InvalidArgument("{} {}: not a time such as 2026-03-01T00:00:00+08:00", option, text);
  *time = ToProto(*parsed);
  return OkStatus();
}

// Clients by segment as they are now.
StatusOr<std::map<std::string, int64_t>> PresentCounts(Tool& tool, const std::string& scheme) {
  query::v1::ListSegmentsRequest request;
  request.set_scheme(scheme);
  ASSIGN_OR_RETURN(const query::v1::ListSegmentsResponse response,
                   Call(tool, &SegmentService::Stub::ListSegments, request));
  std::map<std::string, int64_t> counts;
  for (const auto& count : response.segments()) counts[count.segment()] = count.clients();
  return counts;
}

Status TryOne(Tool& tool, const TryFlags& flags, const Event& event) {
  query::v1::TrySegmentRulesRequest request;
  *request.mutable_rules() = event.segment_rules_published();
  request.set_min_position(flags.min_position);
  if (!flags.as_of.empty()) RETURN_IF_ERROR(SetTime(flags.as_of, "--as-of", request.mutable_as_of()));
  const std::string& scheme = request.rules().scheme();
  auto response = Call(tool, &SegmentService::Stub::TrySegmentRules, request);
  if (!response.ok()) return Annotate(response.status(), scheme);
  if (tool.json()) return PrintJson(*response);
  ASSIGN_OR_RETURN(auto present, PresentCounts(tool, scheme));
  runtime::Table table({"SCHEME", "SEGMENT", "CLIENTS", "NOW"});
  for (const auto& count : response->segments()) {
    table.Row({scheme, count.segment(), std::to_string(count.clients()), std::to_string(present[count.segment()])});
    present.erase(count.segment());
  }
  // Segments that these rules do not know.
  for (const auto& [segment, clients] : present) table.Row({scheme, segment, "0", std::to_string(clients)});
  PrintTable(table);
  Remark(tool, fmt::format("{}: {} clients would change", scheme, response->changed()));
  return OkStatus();
}

// All rules of a file, or those of one scheme.
StatusOr<std::vector<Event>> ReadRules(const std::string& file, const std::string& scheme) {
  ASSIGN_OR_RETURN(std::vector<Event> events, ReadBodies(file, kSegmentRulesNoun));
  if (scheme.empty()) return events;
  std::erase_if(events, [&](const Event& event) { return event.segment_rules_published().scheme() != scheme; });
  if (events.empty()) return InvalidArgument("{} has no rules of scheme {}", file, scheme);
  return events;
}

Status Try(Tool& tool, const TryFlags& flags) {
  ASSIGN_OR_RETURN(const std::vector<Event> events, ReadRules(flags.file, flags.scheme));
  for (const Event& event : events) RETURN_IF_ERROR(TryOne(tool, flags, event));
  return OkStatus();
}

struct PublishFlags {
  PublishReferenceFlags reference;
  std::string scheme;
};

Status Publish(Tool& tool, const PublishFlags& flags) {
  std::vector<Event> all;
  for (const std::string& file : flags.reference.files) {
    ASSIGN_OR_RETURN(const std::vector<Event> events, ReadRules(file, flags.scheme));
    all.insert(all.end(), events.begin(), events.end());
  }
  return PublishReferences(tool, flags.reference, std::move(all), SetNextVersion);
}

struct ClassifyFlags {
  std::string as_of;
};

Status RunClassification(Tool& tool, const ClassifyFlags& flags) {
  admin::v1::RunClassificationRequest request;
  if (!flags.as_of.empty()) RETURN_IF_ERROR(SetTime(flags.as_of, "--as-of", request.mutable_as_of()));
  ASSIGN_OR_RETURN(const admin::v1::RunClassificationResponse response,
                   Call(tool, &admin::v1::DutyService::Stub::RunClassification, request));
  if (tool.json()) return PrintJson(response);
  fmt::print("{} clients looked at, {} segments changed, as of {}\n", response.clients(), response.changed(),
             TimeText(response.as_of()));
  return OkStatus();
}

}  // namespace

void AddSegmentTryVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<TryFlags>();
  CLI::App& verb =
      AddVerb(group, "try", "What rules would say of all clients, without publishing them",
              {"kefu segment try deploy/policies/segments.json", "kefu segment try rules.json --scheme asset_tier",
               "kefu segment try rules.json --as-of 2026-03-01T00:00:00+08:00 --output json"});
  verb.add_option("file", flags->file, "The rules of a scheme as JSON, or a list of them; - is standard input")
      ->required();
  verb.add_option("--scheme", flags->scheme, "Only this scheme of the file");
  verb.add_option("--as-of", flags->as_of, "The moment to take facts at; now if not given");
  verb.add_option("--min-position", flags->min_position, "Wait until the view has reached this position");
  OnRun(verb, tool, [flags](Tool& tool) { return Try(tool, *flags); });
}

void AddSegmentPublishVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<PublishFlags>();
  CLI::App& verb = AddVerb(group, "publish", "Publish rules; without a version they become the next one",
                           {"kefu segment publish deploy/policies/segments.json",
                            "kefu segment publish deploy/policies/segments.json --scheme rfm",
                            "kefu segment publish rules.json --actor S-7 --wait 30s"});
  AddPublishReferenceFlags(verb, flags->reference);
  verb.add_option("--scheme", flags->scheme, "Only this scheme of the files");
  OnRun(verb, tool, [flags](Tool& tool) { return Publish(tool, *flags); });
}

void AddClassifyVerb(CLI::App& app, Tool& tool) {
  auto flags = std::make_shared<ClassifyFlags>();
  CLI::App& verb = AddVerb(app, "classify", "Classify all clients now, not only at the end of the day",
                           {"kefu classify", "kefu classify --as-of 2026-03-01T00:00:00+08:00",
                            "kefu classify --timeout 10m --output json"});
  verb.add_option("--as-of", flags->as_of, "The moment to take facts at; now if not given");
  OnRun(verb, tool, [flags](Tool& tool) { return RunClassification(tool, *flags); });
}

}  // namespace kefu::cli
