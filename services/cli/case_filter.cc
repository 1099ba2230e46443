#include "services/cli/case_filter.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>

#include "platform/base/time.h"
#include "services/cli/record.h"
#include "services/cli/show.h"

namespace kefu::cli {

std::string QuotedText(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted.push_back('\\');
    quoted.push_back(c);
  }
  return quoted + "\"";
}

std::string Capitals(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

std::string CaseFilter::Parent() const { return client.empty() ? "clients/-" : ClientName(client); }

StatusOr<std::string> CaseFilter::Text() const {
  std::vector<std::string> terms;
  if (!kind.empty()) terms.push_back("kind = " + Capitals(kind));
  if (!status.empty()) terms.push_back("status = " + Capitals(status));
  if (!assignee.empty()) terms.push_back("assignee_id = " + QuotedText(assignee));
  if (!branch.empty()) terms.push_back("branch_id = " + QuotedText(branch));
  if (!matter.empty()) terms.push_back("matter_id = " + QuotedText(matter));
  if (!owner.empty()) terms.push_back("owner = " + QuotedText(owner));
  if (!external.empty()) terms.push_back("external_number:" + QuotedText(external));
  if (!due.empty()) {
    ASSIGN_OR_RETURN(const absl::Time by, TimeOf("--due", due));
    terms.push_back("next_action_time <= " + QuotedText(FormatRfc3339(by)));
  }
  if (open || overdue) terms.push_back("open = true");
  if (overdue) terms.push_back("due_time < " + QuotedText(FormatRfc3339(absl::Now())));
  if (!filter.empty()) terms.push_back("(" + filter + ")");
  return fmt::format("{}", fmt::join(terms, " AND "));
}

void AddCaseFilterFlags(CLI::App& verb, CaseFilter& filter) {
  verb.add_option("--client", filter.client, "Only this client's");
  verb.add_option("--kind", filter.kind, "complaint or service_request")
      ->check(CLI::IsMember({"complaint", "service_request"}));
  verb.add_option("--status", filter.status, "Only those in this status")
      ->check(CLI::IsMember(
          {"open", "acknowledged", "in_progress", "waiting", "proposed", "resolved", "closed", "withdrawn"}));
  verb.add_option("--assignee", filter.assignee, "Staff number it is assigned to");
  verb.add_option("--branch", filter.branch, "Branch it belongs to");
  verb.add_option("--matter", filter.matter, "Only those about this matter");
  verb.add_option("--owner", filter.owner, "Who has it: a staff number, a team, \"branch:0001\", \"source:cti\"");
  verb.add_option("--external", filter.external, "The number a regulator or an exchange gave it");
  verb.add_option("--due", filter.due, "Only open ones whose next action is due by then: now, 24h, or RFC 3339");
  verb.add_flag("--open", filter.open, "Only those not settled yet");
  verb.add_flag("--overdue", filter.overdue, "Only open ones past their due time");
  verb.add_option("--filter", filter.filter, "More conditions; docs/FILTERS.md lists the fields");
}

}  // namespace kefu::cli
