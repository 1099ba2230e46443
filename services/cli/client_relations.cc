#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "kefu/query/v1/relation.grpc.pb.h"
#include "services/cli/call.h"
#include "services/cli/listing.h"
#include "services/cli/record.h"
#include "services/cli/show.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

using query::v1::RelationService;

struct ClientRelationsFlags {
  std::string client, as_of, min_position;
  bool ended = false;
  ListFlags list;
};

std::vector<std::string> RelationCells(const query::v1::Relation& relation) {
  return {relation.relation_id(),
          relation.client_id(),
          EnumText(relation.kind()),
          relation.other_client_id(),
          relation.detail(),
          TimeText(relation.true_since()),
          TimeText(relation.true_until()),
          relation.said_by()};
}

Status Relations(Tool& tool, const ClientRelationsFlags& flags) {
  query::v1::ListRelationsRequest request;
  request.set_parent(ClientName(flags.client));
  request.set_all(flags.ended);
  request.set_min_position(flags.min_position);
  RETURN_IF_ERROR(SetTime("--as-of", flags.as_of, &query::v1::ListRelationsRequest::mutable_as_of, &request));
  Listing<query::v1::Relation> listing(
      tool, {"RELATION", "CLIENT", "IS", "OF CLIENT", "DETAIL", "SINCE", "UNTIL", "SAID BY"}, RelationCells);
  RETURN_IF_ERROR(EachPage(tool, flags.list, [&](int size, std::string* token) -> StatusOr<int> {
    request.set_page_size(size);
    request.set_page_token(*token);
    ASSIGN_OR_RETURN(const query::v1::ListRelationsResponse response,
                     Call(tool, &RelationService::Stub::ListRelations, request));
    for (const auto& relation : response.relations()) RETURN_IF_ERROR(listing.Add(relation));
    *token = response.next_page_token();
    return response.relations_size();
  }));
  listing.Finish("No relations.");
  return OkStatus();
}

Status Group(Tool& tool, const ClientRelationsFlags& flags) {
  query::v1::GetClientGroupRequest request;
  request.set_name(ClientName(flags.client));
  request.set_min_position(flags.min_position);
  RETURN_IF_ERROR(SetTime("--as-of", flags.as_of, &query::v1::GetClientGroupRequest::mutable_as_of, &request));
  ASSIGN_OR_RETURN(const query::v1::ClientGroup group, Call(tool, &RelationService::Stub::GetClientGroup, request));
  if (tool.json()) return PrintJson(group);
  runtime::Table table({"CLIENT", "BELOW", "LEVEL", "RELATION"});
  for (const auto& member : group.members()) {
    table.Row({std::string(static_cast<size_t>(2 * member.depth()), ' ') + member.client_id(),
               member.parent_client_id(), fmt::format("{}", member.depth()), member.relation_id()});
  }
  PrintTable(table);
  if (group.members_total() > group.members_size())
    Remark(tool, fmt::format("{} of {} members", group.members_size(), group.members_total()));
  return OkStatus();
}

std::vector<std::string> MergeCells(const query::v1::MergeFact& merge) {
  return {merge.event_id(),
          merge.surviving_client_id(),
          merge.merged_client_id(),
          TimeText(merge.merged_at()),
          TimeText(merge.split_at()),
          merge.cause().value()};
}

Status Merges(Tool& tool, const ClientRelationsFlags& flags) {
  query::v1::ListMergesRequest request;
  request.set_parent(ClientName(flags.client));
  request.set_min_position(flags.min_position);
  Listing<query::v1::MergeFact> listing(tool, {"EVENT", "SURVIVES", "MERGED", "WHEN", "SPLIT", "CAUSE"}, MergeCells);
  RETURN_IF_ERROR(EachPage(tool, flags.list, [&](int size, std::string* token) -> StatusOr<int> {
    request.set_page_size(size);
    request.set_page_token(*token);
    ASSIGN_OR_RETURN(const query::v1::ListMergesResponse response,
                     Call(tool, &RelationService::Stub::ListMerges, request));
    for (const auto& merge : response.merges()) RETURN_IF_ERROR(listing.Add(merge));
    *token = response.next_page_token();
    return response.merges_size();
  }));
  listing.Finish("Its records were never merged.");
  return OkStatus();
}

constexpr char kAsOf[] = "True at this moment: RFC 3339, or a time from now such as -24h; the present if not given";

void AddClient(CLI::App& verb, ClientRelationsFlags& flags) {
  verb.add_option("client", flags.client, "Client id")->required();
  verb.add_option("--min-position", flags.min_position, "Wait until the view has reached this position");
}

}  // namespace

void AddClientRelationsVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<ClientRelationsFlags>();
  CLI::App& verb = AddVerb(group, "relations", "How a client is related to others",
                           {"kefu client relations C-1", "kefu client relations C-1 --ended",
                            "kefu client relations C-1 --as-of 2026-01-01T00:00:00+08:00 --output json"});
  AddClient(verb, *flags);
  verb.add_option("--as-of", flags->as_of, kAsOf);
  verb.add_flag("--ended", flags->ended, "Also relations that ended, or begin later");
  AddListFlags(verb, flags->list);
  OnRun(verb, tool, [flags](Tool& tool) { return Relations(tool, *flags); });
}

void AddClientGroupVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<ClientRelationsFlags>();
  CLI::App& verb = AddVerb(group, "group", "The group of companies a client belongs to, as a tree",
                           {"kefu client group C-1", "kefu client group C-1 --as-of 2026-01-01T00:00:00+08:00",
                            "kefu client group C-1 --output json"});
  AddClient(verb, *flags);
  verb.add_option("--as-of", flags->as_of, kAsOf);
  OnRun(verb, tool, [flags](Tool& tool) { return Group(tool, *flags); });
}

void AddClientMergesVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<ClientRelationsFlags>();
  CLI::App& verb = AddVerb(group, "merges", "Merges and splits of a client's records, oldest first",
                           {"kefu client merges C-1", "kefu client merges C-1 --all",
                            "kefu client merges C-1 --output json"});
  AddClient(verb, *flags);
  AddListFlags(verb, flags->list);
  OnRun(verb, tool, [flags](Tool& tool) { return Merges(tool, *flags); });
}

}  // namespace kefu::cli
