#include "services/cli/show.h"

#include <fmt/format.h>

#include "kefu/events/v1/event.pb.h"

namespace kefu::cli {
namespace {

using google::protobuf::RepeatedPtrField;

std::string PersonText(const events::v1::PersonProfile& person) {
  std::vector<std::string> parts;
  if (person.has_born_on()) {
    parts.push_back(
        fmt::format("born {}-{:02}-{:02}", person.born_on().year(), person.born_on().month(), person.born_on().day()));
  }
  for (const std::string* part : {&person.employment().occupation(), &person.employment().employer()}) {
    if (!part->empty()) parts.push_back(*part);
  }
  if (person.has_income()) parts.push_back("income " + MoneyText(person.income()));
  if (person.likes_size() > 0) parts.push_back("likes " + JoinText(person.likes()));
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

std::string CodesText(const RepeatedPtrField<events::v1::Code>& codes) {
  std::string text;
  for (const auto& code : codes) text += (text.empty() ? "" : ", ") + code.scheme() + ":" + code.value();
  return text;
}

void PrintTallies(const RepeatedPtrField<query::v1::Tally>& tallies) {
  if (tallies.empty()) return;
  fmt::print("\nCounters\n");
  runtime::Table table({"WHAT", "COUNT"});
  for (const auto& tally : tallies) table.Row({tally.key(), fmt::format("{}", tally.count())});
  PrintTable(table);
}

void PrintContacts(const RepeatedPtrField<query::v1::ContactSummary>& contacts) {
  if (contacts.empty()) return;
  fmt::print("\nLast contacts\n");
  runtime::Table table({"WHEN", "CHANNEL", "DIRECTION", "TOPIC", "OUTCOME", "STAFF"});
  for (const auto& contact : contacts) {
    table.Row({TimeText(contact.occurred_at()), EnumText(contact.channel()), EnumText(contact.direction()),
               contact.topic(), contact.outcome(), contact.staff_id()});
  }
  PrintTable(table);
}

void PrintOpenCases(const RepeatedPtrField<query::v1::OpenCase>& cases) {
  if (cases.empty()) return;
  fmt::print("\nOpen cases\n");
  runtime::Table table({"CASE", "KIND", "STATUS", "CATEGORY", "OPENED", "DUE"});
  for (const auto& one : cases) {
    table.Row({one.case_id(), EnumText(events::v1::CaseKind_descriptor(), one.kind()),
               EnumText(events::v1::CaseStatus_descriptor(), one.status()), one.category(), TimeText(one.opened_at()),
               TimeText(one.due_at())});
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

void PrintClient(const query::v1::Client& client) {
  const auto& service = client.service_configuration();
  std::string channels;
  for (const int channel : service.allowed_channels()) {
    channels += (channels.empty() ? "" : ", ") + EnumText(events::v1::Channel_descriptor(), channel);
  }
  PrintDetails({
      {"Client", client.client_id()},
      {"Name", client.display_name()},
      {"Other names", JoinText(client.other_names())},
      {"Kind", EnumText(client.kind())},
      {"Status", client.registered() ? EnumText(client.status()) : "not registered"},
      {"Accounts", JoinText(client.account_numbers())},
      {"Phones", JoinText(client.phones())},
      {"E-mails", JoinText(client.profile().emails())},
      {"Address", client.profile().address().text()},
      {"Other ids", CodesText(client.external_ids())},
      {"Person", PersonText(client.profile().person())},
      {"Branch", client.branch_id()},
      {"Broker", service.broker_id()},
      {"Tier", service.tier()},
      {"Channels", channels},
      {"Preferred", EnumText(service.preferred_channel())},
      {"Language", service.language()},
      {"Products", JoinText(service.subscribed_products())},
      {"Registered", TimeText(client.registered_at())},
      {"Last event", TimeText(client.last_event_at())},
      {"Events", fmt::format("{}", client.event_count())},
      {"Revision", fmt::format("{}", client.revision())},
      {"Missing", GapText(client.gap())},
  });
  PrintOpenCases(client.open_cases());
  PrintContacts(client.last_contacts());
  PrintTallies(client.tallies());
}

void PrintCase(const query::v1::Case& one) {
  PrintDetails({
      {"Case", one.case_id()},
      {"Kind", EnumText(one.kind())},
      {"Status", EnumText(one.status())},
      {"Waiting on", EnumText(one.waiting_on())},
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
      {"Amount", MoneyText(one.amount())},
      {"Disputed", MoneyText(one.disputed_amount())},
      {"Redress", MoneyText(one.redress())},
      {"Root cause", one.root_cause().value()},
      {"Opened", TimeText(one.opened_at())},
      {"Due", TimeText(one.due_at())},
      {"Resolved", TimeText(one.resolved_at())},
      {"Closed", TimeText(one.closed_at())},
      {"In time", one.has_in_time() ? (one.in_time() ? "yes" : "no") : ""},
      {"Revision", fmt::format("{}", one.revision())},
      {"Missing", GapText(one.gap())},
  });
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

const std::vector<std::string> kCaseHeadings = {"CASE",   "CLIENT", "KIND",     "STATUS", "CATEGORY",
                                                "OPENED", "DUE",    "ASSIGNEE", "SUBJECT"};

std::vector<std::string> CaseCells(const query::v1::Case& one) {
  return {one.case_id(),          one.client_id(),
          EnumText(one.kind()),   EnumText(one.status()),
          one.category().value(), TimeText(one.opened_at()),
          TimeText(one.due_at()), one.assignee_id().empty() ? one.team() : one.assignee_id(),
          one.subject()};
}

}  // namespace kefu::cli
