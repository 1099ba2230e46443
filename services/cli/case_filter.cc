#include "services/cli/case_filter.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>

#include "platform/base/time.h"
#include "services/cli/show.h"

namespace kefu::cli {
namespace {

std::string QuotedText(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted.push_back('\\');
    quoted.push_back(c);
  }
  return quoted + "\"";
}

// The services spell enum values in capitals.
std::string Capitals(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

}  // namespace

std::string CaseFilter::Parent() const { return client.empty() ? "clients/-" : ClientName(client); }

std::string CaseFilter::Text() const {
  std::vector<std::string> terms;
  if (!kind.empty()) terms.push_back("kind = " + Capitals(kind));
  if (!status.empty()) terms.push_back("status = " + Capitals(status));
  if (!assignee.empty()) terms.push_back("assignee_id = " + QuotedText(assignee));
  if (!branch.empty()) terms.push_back("branch_id = " + QuotedText(branch));
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
  verb.add_flag("--open", filter.open, "Only those not settled yet");
  verb.add_flag("--overdue", filter.overdue, "Only open ones past their due time");
  verb.add_option("--filter", filter.filter, "More conditions; docs/FILTERS.md lists the fields");
}

}  // namespace kefu::cli
