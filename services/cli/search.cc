#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "kefu/query/v1/search.grpc.pb.h"
#include "platform/base/time.h"
#include "services/cli/call.h"
#include "services/cli/listing.h"
#include "services/cli/show.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

struct SearchFlags {
  std::vector<std::string> words;
  std::string client, kind, branch, about_case, since, until, min_position;
  bool count = false;
  ListFlags list;
};

// What was looked for is put between marks that a terminal shows everywhere.
std::string SnippetText(const query::v1::TextHit& hit) {
  std::string text = hit.cut_before() ? "…" : "";
  for (const auto& part : hit.snippet()) text += part.match() ? "【" + part.text() + "】" : part.text();
  return text + (hit.cut_after() ? "…" : "");
}

std::vector<std::string> Cells(const query::v1::TextHit& hit) {
  // What was corrected is shown as it should have been.
  const std::string field = hit.corrected_by_event_id().empty() ? hit.field() : hit.field() + " (corrected)";
  return {TimeText(hit.occurred_at()), hit.client_id(), hit.kind(), hit.case_id(), field, SnippetText(hit)};
}

StatusOr<query::v1::SearchTextRequest> RequestOf(const SearchFlags& flags) {
  query::v1::SearchTextRequest request;
  std::string query;
  for (const std::string& word : flags.words) query += (query.empty() ? "" : " ") + word;
  request.set_query(query);
  request.set_parent(flags.client.empty() ? "clients/-" : ClientName(flags.client));
  request.set_kind(flags.kind);
  request.set_branch_id(flags.branch);
  request.set_case_id(flags.about_case);
  request.set_min_position(flags.min_position);
  if (!flags.since.empty()) {
    ASSIGN_OR_RETURN(const absl::Time since, ParseRfc3339(flags.since));
    *request.mutable_occurred_from() = ToProto(since);
  }
  if (!flags.until.empty()) {
    ASSIGN_OR_RETURN(const absl::Time until, ParseRfc3339(flags.until));
    *request.mutable_occurred_before() = ToProto(until);
  }
  return request;
}

Status Count(Tool& tool, query::v1::SearchTextRequest request) {
  request.set_show_total_size(true);
  request.set_page_size(1);
  ASSIGN_OR_RETURN(query::v1::SearchTextResponse response,
                   Call(tool, &query::v1::SearchService::Stub::SearchText, request));
  response.clear_hits();
  response.clear_next_page_token();
  if (tool.json()) return PrintJson(response);
  fmt::print("{}{}\n", response.total_size_is_at_least() ? "at least " : "", response.total_size());
  return OkStatus();
}

Status Search(Tool& tool, const SearchFlags& flags) {
  ASSIGN_OR_RETURN(query::v1::SearchTextRequest request, RequestOf(flags));
  if (flags.count) return Count(tool, request);
  Listing<query::v1::TextHit> listing(tool, {"WHEN", "CLIENT", "WHAT", "CASE", "WHERE", "WORDS"}, Cells);
  RETURN_IF_ERROR(EachPage(tool, flags.list, [&](int size, std::string* token) -> StatusOr<int> {
    request.set_page_size(size);
    request.set_page_token(*token);
    ASSIGN_OR_RETURN(const query::v1::SearchTextResponse response,
                     Call(tool, &query::v1::SearchService::Stub::SearchText, request));
    for (const auto& hit : response.hits()) RETURN_IF_ERROR(listing.Add(hit));
    *token = response.next_page_token();
    return response.hits_size();
  }));
  listing.Finish("Nobody has said that.");
  return OkStatus();
}

}  // namespace

void AddSearchVerb(CLI::App& app, Tool& tool) {
  auto flags = std::make_shared<SearchFlags>();
  CLI::App& verb = AddVerb(app, "search", "Find what was said: words in notes, complaints and contacts, newest first",
                           {"kefu search 投诉 退款", "kefu search '\"wire transfer\" fee' --since 2026-03-01T00:00:00Z",
                            "kefu search 扣款 --client C-1 --kind complaint_received --all --output json",
                            "kefu search 扣款 --branch 0001 --count"});
  verb.add_option("words", flags->words, "Words that must all be there; \"…\" keeps words together")->required();
  verb.add_option("--client", flags->client, "Only of this client");
  verb.add_option("--kind", flags->kind, "Only in such events: case_note_added, complaint_received, …");
  verb.add_option("--branch", flags->branch, "Only in events of this branch");
  verb.add_option("--case", flags->about_case, "Only in events about this case");
  verb.add_option("--since", flags->since, "Only what happened at this time or later (RFC 3339)");
  verb.add_option("--until", flags->until, "Only what happened before this time (RFC 3339)");
  verb.add_option("--min-position", flags->min_position, "Wait until the view has reached this position");
  verb.add_flag("--count", flags->count, "Only how many there are, or at least are");
  AddListFlags(verb, flags->list);
  OnRun(verb, tool, [flags](Tool& tool) { return Search(tool, *flags); });
}

}  // namespace kefu::cli
