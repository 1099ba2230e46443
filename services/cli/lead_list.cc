#include "services/cli/lead_list.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <vector>

#include "kefu/query/v1/lead.grpc.pb.h"
#include "services/cli/call.h"
#include "services/cli/case_filter.h"
#include "services/cli/listing.h"
#include "services/cli/record.h"
#include "services/cli/show.h"

namespace kefu::cli {
namespace {

using query::v1::Lead;
using query::v1::LeadService;
using query::v1::StaffCredit;

struct ListLeadsFlags {
  std::string client, owner, team, raised_by, product, state = "open", filter, as_of, min_position;
  bool overdue = false, count = false;
  ListFlags list;

  std::string Filter() const {
    std::vector<std::string> terms;
    if (!owner.empty()) terms.push_back("owner_id = " + QuotedText(owner));
    if (!team.empty()) terms.push_back("team = " + QuotedText(team));
    if (!raised_by.empty()) terms.push_back("raised_by = " + QuotedText(raised_by));
    if (!product.empty()) terms.push_back("product_id = " + QuotedText(product));
    if (overdue) terms.push_back("overdue = true");
    if (state == "open") terms.push_back("open = true");
    if (state != "open" && state != "all") terms.push_back("state = LEAD_STATE_" + Capitals(state));
    if (!filter.empty()) terms.push_back("(" + filter + ")");
    return fmt::format("{}", fmt::join(terms, " AND "));
  }
};

std::vector<std::string> LeadCells(const Lead& one) {
  std::string state = EnumText(one.state());
  if (one.overdue()) state += ", overdue";
  return {one.lead_id(),
          one.client_id(),
          state,
          TimeText(one.due_at()),
          one.owner_id().empty() ? one.team() : one.owner_id(),
          std::to_string(one.age_days()),
          one.need().value(),
          one.product_id(),
          MoneyText(one.amount()),
          one.cause().value(),
          one.note()};
}

Status ListLeads(Tool& tool, const ListLeadsFlags& flags) {
  query::v1::ListLeadsRequest request;
  request.set_parent(flags.client.empty() ? "clients/-" : ClientName(flags.client));
  request.set_filter(flags.Filter());
  request.set_min_position(flags.min_position);
  RETURN_IF_ERROR(SetTime("--as-of", flags.as_of, &query::v1::ListLeadsRequest::mutable_as_of, &request));
  // Counted once, with the first page.
  request.set_show_total_size(flags.count);
  int64_t total = 0;
  Listing<Lead> listing(
      tool, {"ID", "CLIENT", "STATE", "DUE", "OWNER", "DAYS", "NEED", "PRODUCT", "AMOUNT", "CAUSE", "NOTE"}, LeadCells);
  RETURN_IF_ERROR(EachPage(tool, flags.list, [&](int size, std::string* token) -> StatusOr<int> {
    request.set_page_size(size);
    request.set_page_token(*token);
    ASSIGN_OR_RETURN(query::v1::ListLeadsResponse response, Call(tool, &LeadService::Stub::ListLeads, request));
    if (request.show_total_size()) total = response.total_size();
    request.set_show_total_size(false);
    for (auto& one : *response.mutable_leads()) {
      if (!flags.list.personal) ClearPersonal(&one);
      RETURN_IF_ERROR(listing.Add(one));
    }
    *token = response.next_page_token();
    return response.leads_size();
  }));
  listing.Finish("Nothing matches.");
  if (flags.count) Remark(tool, fmt::format("{} in all", total));
  return OkStatus();
}

struct CreditsFlags {
  std::string from, to, staff, min_position;
};

std::vector<std::string> CreditCells(const StaffCredit& one) {
  return {one.staff_id(), MoneyText(one.amount()), std::to_string(one.leads())};
}

Status ListCredits(Tool& tool, const CreditsFlags& flags) {
  query::v1::ListCreditsRequest request;
  request.set_from_day(flags.from);
  request.set_to_day(flags.to);
  request.set_min_position(flags.min_position);
  ASSIGN_OR_RETURN(const query::v1::ListCreditsResponse response,
                   Call(tool, &LeadService::Stub::ListCredits, request));
  Listing<StaffCredit> listing(tool, {"STAFF", "AMOUNT", "LEADS"}, CreditCells);
  for (const StaffCredit& one : response.credits())
    if (flags.staff.empty() || one.staff_id() == flags.staff) RETURN_IF_ERROR(listing.Add(one));
  listing.Finish("Nothing was won on these days.");
  return OkStatus();
}

}  // namespace

StatusOr<std::string> ClientOfLead(Tool& tool, const std::string& lead_id) {
  query::v1::GetLeadRequest request;
  request.set_name("clients/-/leads/" + lead_id);
  const auto found = Call(tool, &LeadService::Stub::GetLead, request);
  if (found.status().code() == StatusCode::kNotFound)
    return NotFound("lead \"{}\" is not known; say --client if it was only just raised", lead_id);
  if (!found.ok()) return found.status();
  return found->client_id();
}

void AddLeadListVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<ListLeadsFlags>();
  CLI::App& verb = AddVerb(group, "list", "Leads by due time",
                           {"kefu lead list --overdue --count", "kefu lead list --owner S-7 --personal",
                            "kefu lead list --client C-1 --state all --as-of 2026-03-05T17:00:00+08:00"});
  verb.add_option("--client", flags->client, "Only this client's");
  verb.add_option("--owner", flags->owner, "Staff number of who has it in hand");
  verb.add_option("--team", flags->team, "Only this team's");
  verb.add_option("--raised-by", flags->raised_by, "Staff number of who saw it");
  verb.add_option("--product", flags->product, "Only about this product");
  verb.add_option("--state", flags->state, "open, raised, accepted, declined, won, lost or all")
      ->check(CLI::IsMember({"open", "raised", "accepted", "declined", "won", "lost", "all"}))
      ->capture_default_str();
  verb.add_flag("--overdue", flags->overdue, "Only open ones past their due time");
  verb.add_option("--as-of", flags->as_of, "The moment that age and overdue mean: RFC 3339, or a time from now");
  verb.add_option("--filter", flags->filter, "More conditions; docs/FILTERS.md lists the fields");
  verb.add_flag("--count", flags->count, "Also say how many there are in all");
  verb.add_option("--min-position", flags->min_position, "Wait until the view has reached this position");
  AddListFlags(verb, flags->list);
  AddPersonalFlag(verb, flags->list.personal);
  OnRun(verb, tool, [flags](Tool& tool) { return ListLeads(tool, *flags); });
}

void AddLeadCreditsVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<CreditsFlags>();
  CLI::App& verb = AddVerb(group, "credits", "What was won, by who has a part in it",
                           {"kefu lead credits --from 2026-03-01 --to 2026-03-31",
                            "kefu lead credits --from 2026-01-01 --to 2026-12-31 --staff S-7",
                            "kefu lead credits --from 2026-03-01 --to 2026-03-31 --output json | jq .amount"});
  verb.add_option("--from", flags->from, "First day, 2026-03-01")->required();
  verb.add_option("--to", flags->to, "Last day, 2026-03-31")->required();
  verb.add_option("--staff", flags->staff, "Only this member of staff");
  verb.add_option("--min-position", flags->min_position, "Wait until the view has reached this position");
  OnRun(verb, tool, [flags](Tool& tool) { return ListCredits(tool, *flags); });
}

}  // namespace kefu::cli
