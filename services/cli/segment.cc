// kefu segment list, members, why.

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "kefu/query/v1/segment.grpc.pb.h"
#include "services/cli/call.h"
#include "services/cli/listing.h"
#include "services/cli/show.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

using query::v1::Classification;
using query::v1::ClassificationEntry;
using query::v1::SegmentCount;
using query::v1::SegmentMember;
using query::v1::SegmentService;

struct SegmentsFlags {
  std::string scheme, min_position;
};

std::vector<std::string> CountCells(const SegmentCount& count) {
  return {count.scheme(), count.segment(), std::to_string(count.clients()), std::to_string(count.rules_version())};
}

Status ListSegments(Tool& tool, const SegmentsFlags& flags) {
  query::v1::ListSegmentsRequest request;
  request.set_scheme(flags.scheme);
  request.set_min_position(flags.min_position);
  ASSIGN_OR_RETURN(const query::v1::ListSegmentsResponse response,
                   Call(tool, &SegmentService::Stub::ListSegments, request));
  Listing<SegmentCount> listing(tool, {"SCHEME", "SEGMENT", "CLIENTS", "RULES"}, CountCells);
  for (const SegmentCount& count : response.segments()) RETURN_IF_ERROR(listing.Add(count));
  listing.Finish("No client is in a segment. Are rules published (kefu segment publish)?");
  return OkStatus();
}

struct MembersFlags {
  std::string scheme, segment, min_position;
  ListFlags list;
};

std::vector<std::string> MemberCells(const SegmentMember& member) {
  return {member.client_id(), TimeText(member.since()), std::to_string(member.rules_version())};
}

Status ListMembers(Tool& tool, const MembersFlags& flags) {
  query::v1::ListSegmentMembersRequest request;
  request.set_parent(fmt::format("schemes/{}/segments/{}", flags.scheme, flags.segment));
  request.set_min_position(flags.min_position);
  request.set_show_total_size(!tool.json());
  Listing<SegmentMember> listing(tool, {"CLIENT", "SINCE", "RULES"}, MemberCells);
  int64_t total = 0;
  RETURN_IF_ERROR(EachPage(tool, flags.list, [&](int size, std::string* token) -> StatusOr<int> {
    request.set_page_size(size);
    request.set_page_token(*token);
    ASSIGN_OR_RETURN(const query::v1::ListSegmentMembersResponse response,
                     Call(tool, &SegmentService::Stub::ListSegmentMembers, request));
    for (const SegmentMember& member : response.members()) RETURN_IF_ERROR(listing.Add(member));
    total = response.total_size();
    *token = response.next_page_token();
    return response.members_size();
  }));
  listing.Finish("Nobody is in it.");
  if (!tool.json() && total > 0) Remark(tool, fmt::format("{} in all", total));
  return OkStatus();
}

struct WhyFlags {
  std::string client, scheme, min_position;
  bool history = false;
};

// "2" or, with a model, "1, model 4".
std::string RulesText(const events::v1::ClientClassified& classified) {
  if (classified.model_version() == 0) return std::to_string(classified.rules_version());
  return fmt::format("{}, model {}", classified.rules_version(), classified.model_version());
}

void PrintWhy(const ClassificationEntry& entry) {
  const auto& classified = entry.classified();
  Details details = {{"scheme", classified.scheme()},
                     {"segment", classified.segment().empty() ? "none" : classified.segment()},
                     {"before", classified.previous_segment()},
                     {"since", TimeText(entry.since())},
                     {"until", TimeText(entry.until())},
                     {"as of", TimeText(classified.as_of())},
                     {"rules", RulesText(classified)},
                     {"event", entry.event_id()}};
  PrintDetails(details);
  runtime::Table table({"FACT", "VALUE", "EVENTS"});
  for (const auto& reason : classified.reasons()) {
    std::string fact = EnumText(reason.fact());
    table.Row({std::move(fact), std::to_string(reason.value()), reason.timeline_filter()});
  }
  if (!table.empty()) PrintTable(table);
  fmt::print("\n");
}

Status Why(Tool& tool, const WhyFlags& flags) {
  query::v1::GetClassificationRequest request;
  request.set_name(ClientName(flags.client));
  request.set_min_position(flags.min_position);
  ASSIGN_OR_RETURN(const Classification classification, Call(tool, &SegmentService::Stub::GetClassification, request));
  if (tool.json()) return PrintJson(classification);
  const auto print = [&](const auto& entries) {
    for (const ClassificationEntry& entry : entries)
      if (flags.scheme.empty() || entry.classified().scheme() == flags.scheme) PrintWhy(entry);
  };
  print(classification.current());
  if (flags.history) print(classification.history());
  return OkStatus();
}

}  // namespace

void AddSegmentListVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<SegmentsFlags>();
  CLI::App& verb = AddVerb(
      group, "list", "Segments, and how many clients each has",
      {"kefu segment list", "kefu segment list --scheme churn_risk", "kefu segment list --output json | jq .clients"});
  verb.add_option("--scheme", flags->scheme, "Only this scheme, such as asset_tier");
  verb.add_option("--min-position", flags->min_position, "Wait until the view has reached this position");
  OnRun(verb, tool, [flags](Tool& tool) { return ListSegments(tool, *flags); });
}

void AddSegmentMembersVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<MembersFlags>();
  CLI::App& verb = AddVerb(group, "members", "The clients of a segment",
                           {"kefu segment members churn_risk high", "kefu segment members asset_tier diamond --all",
                            "kefu segment members rfm champions --limit 10 --output json"});
  verb.add_option("scheme", flags->scheme, "Such as asset_tier")->required();
  verb.add_option("segment", flags->segment, "Such as gold")->required();
  verb.add_option("--min-position", flags->min_position, "Wait until the view has reached this position");
  AddListFlags(verb, flags->list);
  OnRun(verb, tool, [flags](Tool& tool) { return ListMembers(tool, *flags); });
}

void AddSegmentWhyVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<WhyFlags>();
  CLI::App& verb =
      AddVerb(group, "why", "What a client is classified as, and the facts that decided, with the events behind them",
              {"kefu segment why C-1", "kefu segment why C-1 --scheme churn_risk --history",
               "kefu segment why C-1 --output json"});
  verb.add_option("client", flags->client, "The client's id")->required();
  verb.add_option("--scheme", flags->scheme, "Only this scheme (tables only)");
  verb.add_flag("--history", flags->history, "Also what it was before");
  verb.add_option("--min-position", flags->min_position, "Wait until the view has reached this position");
  OnRun(verb, tool, [flags](Tool& tool) { return Why(tool, *flags); });
}

}  // namespace kefu::cli
