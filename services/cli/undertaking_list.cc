#include "services/cli/undertaking_list.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>

#include "kefu/query/v1/contact.grpc.pb.h"
#include "services/cli/call.h"
#include "services/cli/case_filter.h"
#include "services/cli/listing.h"
#include "services/cli/record.h"
#include "services/cli/show.h"

namespace kefu::cli {
namespace {

using query::v1::Undertaking;

struct UndertakingListFlags {
  query::v1::UndertakingKind kind{};
  std::string client, owner, team, case_id, state, filter, as_of, min_position;
  bool overdue = false, count = false;
  ListFlags list;

  std::string Filter() const {
    std::vector<std::string> terms{"kind = " + query::v1::UndertakingKind_Name(kind)};
    if (!owner.empty()) terms.push_back("owner_id = " + QuotedText(owner));
    if (!team.empty()) terms.push_back("team = " + QuotedText(team));
    if (!case_id.empty()) terms.push_back("case_id = " + QuotedText(case_id));
    if (overdue) terms.push_back("overdue = true");
    if (state != "all") terms.push_back("state = UNDERTAKING_STATE_" + Capitals(state));
    if (!filter.empty()) terms.push_back("(" + filter + ")");
    return fmt::format("{}", fmt::join(terms, " AND "));
  }
};

std::vector<std::string> Cells(const Undertaking& one) {
  const std::string state = one.overdue() ? "overdue" : EnumText(one.state()) + (one.late() ? ", late" : "");
  return {one.undertaking_id(),
          one.client_id(),
          state,
          TimeText(one.due_at()),
          one.owner_id().empty() ? one.team() : one.owner_id(),
          one.case_id(),
          one.programme().value().empty() ? one.outcome().value() : one.programme().value(),
          one.text()};
}

Status List(Tool& tool, const UndertakingListFlags& flags) {
  query::v1::ListUndertakingsRequest request;
  request.set_parent(flags.client.empty() ? "clients/-" : ClientName(flags.client));
  request.set_filter(flags.Filter());
  request.set_min_position(flags.min_position);
  RETURN_IF_ERROR(
      SetTime("--as-of", flags.as_of, &query::v1::ListUndertakingsRequest::mutable_as_of, &request));
  // Counted once, with the first page.
  request.set_show_total_size(flags.count);
  int64_t total = 0;
  Listing<Undertaking> listing(tool, {"ID", "CLIENT", "STATE", "DUE", "OWNER", "CASE", "ABOUT", "TEXT"}, Cells);
  RETURN_IF_ERROR(EachPage(tool, flags.list, [&](int size, std::string* token) -> StatusOr<int> {
    request.set_page_size(size);
    request.set_page_token(*token);
    ASSIGN_OR_RETURN(query::v1::ListUndertakingsResponse response,
                     Call(tool, &query::v1::ContactService::Stub::ListUndertakings, request));
    if (request.show_total_size()) total = response.total_size();
    request.set_show_total_size(false);
    for (auto& one : *response.mutable_undertakings()) {
      if (!flags.list.personal) ClearPersonal(&one);
      RETURN_IF_ERROR(listing.Add(one));
    }
    *token = response.next_page_token();
    return response.undertakings_size();
  }));
  listing.Finish("Nothing matches.");
  if (flags.count) Remark(tool, fmt::format("{} in all", total));
  return OkStatus();
}

}  // namespace

void AddUndertakingListVerb(CLI::App& group, Tool& tool, query::v1::UndertakingKind kind, const std::string& help,
                            const std::vector<std::string>& examples) {
  auto flags = std::make_shared<UndertakingListFlags>();
  flags->kind = kind;
  flags->state = "open";
  CLI::App& verb = AddVerb(group, "list", help, examples);
  verb.add_option("--client", flags->client, "Only this client's");
  verb.add_option("--owner", flags->owner, "Staff number of who has to do it");
  verb.add_option("--team", flags->team, "Only this team's");
  verb.add_option("--case", flags->case_id, "Only those about this case");
  verb.add_option("--state", flags->state, "open, done, void or all")
      ->check(CLI::IsMember({"open", "done", "void", "all"}))
      ->capture_default_str();
  verb.add_flag("--overdue", flags->overdue, "Only open ones past their due time");
  verb.add_option("--as-of", flags->as_of, "The moment that overdue means: RFC 3339, or a time from now");
  verb.add_option("--filter", flags->filter, "More conditions; docs/FILTERS.md lists the fields");
  verb.add_flag("--count", flags->count, "Also say how many there are in all");
  verb.add_option("--min-position", flags->min_position, "Wait until the view has reached this position");
  AddListFlags(verb, flags->list);
  AddPersonalFlag(verb, flags->list.personal);
  OnRun(verb, tool, [flags](Tool& tool) { return List(tool, *flags); });
}

StatusOr<std::string> ClientOfUndertaking(Tool& tool, const std::string& id) {
  query::v1::ListUndertakingsRequest request;
  request.set_parent("clients/-");
  request.set_filter("undertaking_id = " + QuotedText(id));
  // A page may be empty and still have more behind it.
  for (;;) {
    ASSIGN_OR_RETURN(const query::v1::ListUndertakingsResponse response,
                     Call(tool, &query::v1::ContactService::Stub::ListUndertakings, request));
    if (response.undertakings_size() > 0) return response.undertakings(0).client_id();
    if (response.next_page_token().empty())
      return NotFound("\"{}\" is not known; say --client if it was only just recorded", id);
    request.set_page_token(response.next_page_token());
  }
}

}  // namespace kefu::cli
