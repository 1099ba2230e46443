#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>

#include "kefu/query/v1/clock.grpc.pb.h"
#include "platform/base/time.h"
#include "services/cli/call.h"
#include "services/cli/clock_show.h"
#include "services/cli/listing.h"
#include "services/cli/show.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

struct ClockListFlags {
  std::string client, case_id, state, clock, branch, within, filter, order, as_of, min_position;
  bool overdue = false;
  bool count = false;
  ListFlags list;
};

std::string Parent(const ClockListFlags& flags) {
  const std::string client = flags.client.empty() ? "clients/-" : ClientName(flags.client);
  return client + "/cases/" + (flags.case_id.empty() ? "-" : flags.case_id);
}

StatusOr<std::string> FilterText(const ClockListFlags& flags, absl::Time now) {
  std::vector<std::string> terms;
  std::string state = flags.state;
  for (char& c : state) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  if (!state.empty()) terms.push_back("state = " + state);
  if (!flags.clock.empty())
    terms.push_back(
        fmt::format("{} = \"{}\"", flags.clock.find('/') == flags.clock.npos ? "pack_id" : "clock_id", flags.clock));
  if (!flags.branch.empty()) terms.push_back(fmt::format("branch_id = \"{}\"", flags.branch));
  if (flags.overdue) terms.push_back("overdue = true");
  if (!flags.within.empty()) {
    absl::Duration within;
    if (!absl::ParseDuration(flags.within, &within))
      return InvalidArgument("--within \"{}\" is no duration, such as 4h or 90m", flags.within);
    terms.push_back(fmt::format("due_time < \"{}\"", FormatRfc3339(now + within)));
  }
  if (!flags.filter.empty()) terms.push_back("(" + flags.filter + ")");
  return fmt::format("{}", fmt::join(terms, " AND "));
}

Status List(Tool& tool, const ClockListFlags& flags) {
  query::v1::ListClocksRequest request;
  request.set_parent(Parent(flags));
  absl::Time now = absl::Now();
  if (!flags.as_of.empty()) {
    ASSIGN_OR_RETURN(now, ParseRfc3339(flags.as_of));
    *request.mutable_as_of() = ToProto(now);
  }
  ASSIGN_OR_RETURN(*request.mutable_filter(), FilterText(flags, now));
  request.set_order_by(flags.order);
  request.set_min_position(flags.min_position);
  if (flags.count) {
    request.set_page_size(1);
    request.set_show_total_size(true);
    ASSIGN_OR_RETURN(const query::v1::ListClocksResponse response,
                     Call(tool, &query::v1::ClockService::Stub::ListClocks, request));
    fmt::print("{}\n", response.total_size());
    return OkStatus();
  }
  Listing<query::v1::Clock> listing(tool, kClockHeadings, ClockCells);
  RETURN_IF_ERROR(EachPage(tool, flags.list, [&](int size, std::string* token) -> StatusOr<int> {
    request.set_page_size(size);
    request.set_page_token(*token);
    ASSIGN_OR_RETURN(const query::v1::ListClocksResponse response,
                     Call(tool, &query::v1::ClockService::Stub::ListClocks, request));
    for (const auto& clock : response.clocks()) RETURN_IF_ERROR(listing.Add(clock));
    *token = response.next_page_token();
    return response.clocks_size();
  }));
  listing.Finish("No clock matches.");
  return OkStatus();
}

}  // namespace

void AddClockListVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<ClockListFlags>();
  CLI::App& verb = AddVerb(group, "list", "Clocks of cases, the next due first",
                           {"kefu clock list --within 4h", "kefu clock list --overdue --clock uk.fca.disp --count",
                            "kefu clock list --client C-1 --state met --filter 'late = true'"});
  verb.add_option("--client", flags->client, "Only of this client's cases");
  verb.add_option("--case", flags->case_id, "Only of this case");
  verb.add_option("--state", flags->state, "Only in this state; without it, those that are not settled")
      ->check(CLI::IsMember({"running", "paused", "met", "breached", "dropped"}));
  verb.add_option("--clock", flags->clock, "Only of this pack, or this clock: PACK or PACK/CLOCK");
  verb.add_option("--branch", flags->branch, "Branch the case belongs to");
  verb.add_flag("--overdue", flags->overdue, "Only those past their due time");
  verb.add_option("--within", flags->within, "Only those due within this time from now, or overdue: 4h, 90m");
  verb.add_option("--filter", flags->filter, "More conditions; docs/FILTERS.md lists the fields");
  verb.add_option("--order", flags->order, "due_time or name");
  verb.add_option("--as-of", flags->as_of, "The moment that overdue is judged at; now if not given");
  verb.add_flag("--count", flags->count, "Only how many");
  verb.add_option("--min-position", flags->min_position, "Wait until the view has reached this position");
  AddListFlags(verb, flags->list);
  OnRun(verb, tool, [flags](Tool& tool) { return List(tool, *flags); });
}

}  // namespace kefu::cli
