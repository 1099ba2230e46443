// How a client looks in details.

#include <fmt/format.h>

#include <memory>

#include "kefu/events/v1/client.pb.h"
#include "services/cli/show.h"

namespace kefu::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::RepeatedPtrField;
using query::v1::Client;

// Texts of a few values in a row.
class Phrase {
 public:
  void Add(const std::string& part) {
    if (part.empty()) return;
    if (!text_.empty()) text_ += ", ";
    text_ += part;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string DateText(const events::v1::CalendarDate& date) {
  return date.year() == 0 ? "" : fmt::format("{}-{:02}-{:02}", date.year(), date.month(), date.day());
}

std::string MessageText(const Message& message);

// One value of a field; `index` is looked at in lists only.
std::string ValueText(const Message& message, const FieldDescriptor* field, int index) {
  const auto* reflection = message.GetReflection();
  const bool in_list = field->is_repeated();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return in_list ? reflection->GetRepeatedString(message, field, index) : reflection->GetString(message, field);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return MessageText(in_list ? reflection->GetRepeatedMessage(message, field, index)
                                 : reflection->GetMessage(message, field));
    case FieldDescriptor::CPPTYPE_INT32:
      return fmt::format("{}", in_list ? reflection->GetRepeatedInt32(message, field, index)
                                       : reflection->GetInt32(message, field));
    case FieldDescriptor::CPPTYPE_INT64:
      return fmt::format("{}", in_list ? reflection->GetRepeatedInt64(message, field, index)
                                       : reflection->GetInt64(message, field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection->GetBool(message, field) ? "yes" : "no";
    default:
      return "";
  }
}

std::string FieldText(const Message& message, const FieldDescriptor* field) {
  if (!field->is_repeated()) return ValueText(message, field, 0);
  Phrase phrase;
  for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) phrase.Add(ValueText(message, field, i));
  return phrase.text();
}

std::string MessageText(const Message& message) {
  if (message.GetDescriptor() == events::v1::Money::descriptor())
    return MoneyText(static_cast<const events::v1::Money&>(message));
  if (message.GetDescriptor() == events::v1::CalendarDate::descriptor())
    return DateText(static_cast<const events::v1::CalendarDate&>(message));
  std::vector<const FieldDescriptor*> set;
  message.GetReflection()->ListFields(message, &set);
  Phrase phrase;
  for (const FieldDescriptor* field : set) phrase.Add(field->name() + " " + FieldText(message, field));
  return phrase.text();
}

// What the profile has at `path`.
std::string TextAt(const Message& message, std::string_view path) {
  const size_t dot = path.find('.');
  const auto* field = message.GetDescriptor()->FindFieldByName(std::string(path.substr(0, dot)));
  if (field == nullptr) return "";
  if (dot == path.npos) {
    const bool set = field->is_repeated() || message.GetReflection()->HasField(message, field);
    return set ? FieldText(message, field) : "";
  }
  if (field->message_type() == nullptr || field->is_repeated() || !message.GetReflection()->HasField(message, field))
    return "";
  return TextAt(message.GetReflection()->GetMessage(message, field), path.substr(dot + 1));
}

std::string CodesText(const RepeatedPtrField<events::v1::Code>& codes) {
  Phrase phrase;
  for (const auto& code : codes) phrase.Add(code.scheme() + ":" + code.value());
  return phrase.text();
}

std::string ChannelsText(const google::protobuf::RepeatedField<int>& channels) {
  Phrase phrase;
  for (const int channel : channels) phrase.Add(EnumText(events::v1::Channel_descriptor(), channel));
  return phrase.text();
}

std::string QuietText(const RepeatedPtrField<events::v1::QuietHours>& spans) {
  Phrase phrase;
  for (const auto& span : spans)
    phrase.Add(fmt::format("{:02}:{:02}-{:02}:{:02}", span.from_minute() / 60, span.from_minute() % 60,
                           span.to_minute() / 60, span.to_minute() % 60));
  return phrase.text();
}

std::string ConsentsText(const RepeatedPtrField<events::v1::Consent>& consents) {
  Phrase phrase;
  for (const auto& consent : consents) {
    const std::string channels = ChannelsText(consent.channels());
    phrase.Add(fmt::format("{} {} since {}{}", consent.purpose(), consent.given() ? "given" : "withdrawn",
                           TimeText(consent.since()), channels.empty() ? "" : " on " + channels));
  }
  return phrase.text();
}

std::string TradingText(const query::v1::TradingSummary& trading) {
  const auto& day = trading.day();
  Phrase phrase;
  phrase.Add(fmt::format("{} trades in 30 days up to {}", trading.trades_30d(), DateText(day.day())));
  phrase.Add(fmt::format("{} on that day", day.trades()));
  if (day.has_turnover()) phrase.Add("turnover " + MoneyText(day.turnover()));
  if (day.has_commission()) phrase.Add("commission " + MoneyText(day.commission()));
  return phrase.text();
}

std::string AssetsText(const events::v1::AssetsValued& day) {
  Phrase phrase;
  phrase.Add(fmt::format("{} on {}", MoneyText(day.assets()), DateText(day.day())));
  if (day.has_cash()) phrase.Add("cash " + MoneyText(day.cash()));
  if (day.has_net_inflow()) phrase.Add("net inflow " + MoneyText(day.net_inflow()));
  return phrase.text();
}

void PrintProfile(const Client& client) {
  if (client.field_sources().empty()) return;
  fmt::print("\nProfile\n");
  runtime::Table table({"WHAT", "VALUE", "SAID BY", "TRUE SINCE", "KNOWN SINCE", "EVENT"});
  for (const auto& source : client.field_sources()) {
    table.Row({source.path(), TextAt(client.profile(), source.path()), source.said_by(), TimeText(source.true_since()),
               TimeText(source.known_since()), source.event_id()});
  }
  PrintTable(table);
}

void PrintSegments(const RepeatedPtrField<query::v1::SegmentEntry>& segments) {
  if (segments.empty()) return;
  fmt::print("\nSegments\n");
  runtime::Table table({"SCHEME", "SEGMENT", "SINCE", "EVENT"});
  for (const auto& each : segments) table.Row({each.scheme(), each.segment(), TimeText(each.since()), each.event_id()});
  PrintTable(table);
}

void PrintIdentities(const RepeatedPtrField<query::v1::LinkedIdentity>& identities) {
  if (identities.empty()) return;
  fmt::print("\nOn channels\n");
  runtime::Table table({"CHANNEL", "AS", "PROOF", "SINCE", "EVENT"});
  for (const auto& each : identities) {
    table.Row({EnumText(each.identity().channel()), each.identity().handle(), EnumText(each.identity().proof()),
               TimeText(each.linked_at()), each.event_id()});
  }
  PrintTable(table);
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

void PrintClient(const Client& client) {
  const auto& service = client.service_configuration();
  PrintDetails({
      {"Client", client.client_id()},
      {"Merged from", JoinText(client.merged_client_ids())},
      {"Shown as", client.surviving_client_id()},
      {"Name", client.display_name()},
      {"Other names", JoinText(client.other_names())},
      {"Kind", EnumText(client.kind())},
      {"Status", client.registered() ? EnumText(client.status()) : "not registered"},
      {"Accounts", JoinText(client.account_numbers())},
      {"Phones", JoinText(client.phones())},
      {"E-mails", JoinText(client.profile().emails())},
      {"Address", client.profile().address().text()},
      {"Other ids", CodesText(client.external_ids())},
      {"Branch", client.branch_id()},
      {"Broker", service.broker_id()},
      {"Tier", service.tier()},
      {"Channels", ChannelsText(service.allowed_channels())},
      {"Preferred", EnumText(service.preferred_channel())},
      {"Quiet hours", QuietText(service.quiet_hours())},
      {"Consents", ConsentsText(service.consents())},
      {"Language", service.language()},
      {"Products", JoinText(service.subscribed_products())},
      {"Trading", client.has_trading() ? TradingText(client.trading()) : ""},
      {"Assets", client.has_assets() ? AssetsText(client.assets().day()) : ""},
      {"Registered", TimeText(client.registered_at())},
      {"Last event", TimeText(client.last_event_at())},
      {"Events", fmt::format("{}", client.event_count())},
      {"Revision", fmt::format("{}", client.revision())},
      {"Missing", GapText(client.gap())},
  });
  PrintOpenCases(client.open_cases());
  PrintProfile(client);
  PrintSegments(client.segments());
  PrintIdentities(client.identities());
  PrintContacts(client.last_contacts());
  PrintTallies(client.tallies());
}

}  // namespace kefu::cli
