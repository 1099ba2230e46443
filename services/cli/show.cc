#include "services/cli/show.h"

#include <fmt/format.h>

#include "kefu/events/v1/event.pb.h"

namespace kefu::cli {
namespace {

using google::protobuf::RepeatedPtrField;

// "call_client by S-7 until 2026-03-02 09:30:00 (set)".
std::string NextActionText(const query::v1::Case& one) {
  if (!one.has_next_action()) return "";
  return fmt::format("{} by {} until {}{}", one.next_action().value(), one.next_action_owner_id(),
                     TimeText(one.next_action_due_at()), one.next_action_is_set() ? " (set)" : "");
}

std::string ReferencesText(const RepeatedPtrField<events::v1::ExternalReference>& references) {
  std::string text;
  for (const auto& reference : references) {
    if (!text.empty()) text += ", ";
    text += reference.scheme() + " " + reference.number();
    if (reference.has_due_at()) text += " until " + TimeText(reference.due_at());
  }
  return text;
}

void PrintClocks(const RepeatedPtrField<query::v1::CaseClock>& clocks) {
  if (clocks.empty()) return;
  fmt::print("\nClocks\n");
  runtime::Table table({"CLOCK", "RUN", "STATE", "DUE", "SETTLED", "LATE"});
  for (const auto& clock : clocks) {
    table.Row({clock.clock_id(), fmt::format("{}", clock.run()), EnumText(clock.state()), TimeText(clock.due_at()),
               TimeText(clock.settled_at()), clock.late() ? "yes" : ""});
  }
  PrintTable(table);
}

}  // namespace

std::string ClientName(const std::string& client) {
  return client.starts_with("clients/") ? client : "clients/" + client;
}

std::string CaseName(const std::string& case_id) {
  return case_id.starts_with("clients/") ? case_id : "clients/-/cases/" + case_id;
}

std::string GapText(const query::v1::ViewGap& gap) {
  if (gap.parked_events() == 0) return "";
  return fmt::format("{} events since {} are not in this view: {}", gap.parked_events(), TimeText(gap.since()),
                     gap.reason());
}

std::string VerdictText(const events::v1::Verdict& verdict) {
  switch (verdict.outcome()) {
    case events::v1::VERDICT_OUTCOME_APPLIED:
      return fmt::format("applied, revision {}", verdict.revision());
    case events::v1::VERDICT_OUTCOME_DUPLICATE:
      return fmt::format("duplicate of offset {}", verdict.first_offset());
    case events::v1::VERDICT_OUTCOME_REFUSED:
      return fmt::format("refused: {}, revision is {}", verdict.rule(), verdict.revision());
    default:
      return "";
  }
}

void PrintCase(const query::v1::Case& one) {
  PrintDetails({
      {"Case", one.case_id()},
      {"Kind", EnumText(one.kind())},
      {"Status", EnumText(one.status())},
      {"Waiting on", EnumText(one.waiting_on())},
      {"Waiting until", TimeText(one.waiting_until())},
      {"Owner", one.owner()},
      {"Next action", NextActionText(one)},
      {"Outcome", EnumText(one.outcome())},
      {"Client", one.client_id()},
      {"Subject", one.subject()},
      {"Description", one.description()},
      {"Category", one.category().value()},
      {"Subcategory", one.subcategory().value()},
      {"Priority", EnumText(one.priority())},
      {"Channel", EnumText(one.channel())},
      {"Branch", one.branch_id()},
      {"Assignee", one.assignee_id()},
      {"Team", one.team()},
      {"Product", one.product_id()},
      {"Matter", one.matter_id()},
      {"Elsewhere", ReferencesText(one.external_references())},
      {"Amount", MoneyText(one.amount())},
      {"Disputed", MoneyText(one.disputed_amount())},
      {"Redress", MoneyText(one.redress())},
      {"Root cause", one.root_cause().value()},
      {"Opened", TimeText(one.opened_at())},
      {"Due", TimeText(one.due_at())},
      {"Answered", TimeText(one.final_response_at())},
      {"Resolved", TimeText(one.resolved_at())},
      {"Closed", TimeText(one.closed_at())},
      {"In time", one.has_in_time() ? (one.in_time() ? "yes" : "no") : ""},
      {"Revision", fmt::format("{}", one.revision())},
      {"Missing", GapText(one.gap())},
  });
  PrintClocks(one.clocks());
  if (one.steps().empty()) return;
  fmt::print("\nSteps{}\n",
             one.step_count() > one.steps_size()
                 ? fmt::format(" ({} of {}; the rest is in the timeline)", one.steps_size(), one.step_count())
                 : "");
  runtime::Table table({"WHEN", "STEP", "STATUS", "DETAIL", "BY"});
  for (const auto& step : one.steps()) {
    table.Row({TimeText(step.occurred_at()), step.kind(), EnumText(step.status()), step.detail(), step.actor_id()});
  }
  PrintTable(table);
}

const std::vector<std::string> kCaseHeadings = {"CASE",   "CLIENT",      "KIND",  "STATUS", "CATEGORY",
                                                "OPENED", "NEXT ACTION", "UNTIL", "OWNER",  "SUBJECT"};

std::vector<std::string> CaseCells(const query::v1::Case& one) {
  // Of a settled case: who had it.
  const std::string& had = one.assignee_id().empty() ? one.team() : one.assignee_id();
  return {one.case_id(),
          one.client_id(),
          EnumText(one.kind()),
          EnumText(one.status()),
          one.category().value(),
          TimeText(one.opened_at()),
          one.next_action().value(),
          TimeText(one.next_action_due_at()),
          one.owner().empty() ? had : one.owner(),
          one.subject()};
}

}  // namespace kefu::cli
