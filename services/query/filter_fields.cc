#include "services/query/filter_fields.h"

#include "kefu/query/v1/case.pb.h"
#include "kefu/query/v1/client.pb.h"
#include "kefu/query/v1/clock.pb.h"
#include "kefu/query/v1/contact.pb.h"
#include "kefu/query/v1/lead.pb.h"
#include "platform/base/time.h"
#include "services/query/catalogue_fields.h"
#include "services/query/filter_readers.h"

namespace kefu::query {
namespace {

using namespace fields;
using query::v1::Case;
using query::v1::Client;
using query::v1::Clock;
using query::v1::Lead;
using query::v1::TimelineEntry;
using query::v1::Undertaking;

// A case is open until it is resolved, closed or withdrawn.
void ReadOpen(const Message& row, FieldValue* out) {
  const auto status = static_cast<const Case&>(row).status();
  out->number = status >= events::v1::CASE_STATUS_OPEN && status <= events::v1::CASE_STATUS_PROPOSED;
  out->present = true;
}

// A lead is open until it is declined, won or lost.
void ReadOpenLead(const Message& row, FieldValue* out) {
  const auto state = static_cast<const Lead&>(row).state();
  out->number = state == query::v1::LEAD_STATE_RAISED || state == query::v1::LEAD_STATE_ACCEPTED;
  out->present = true;
}

// A clock that ran out before it was met.
void ReadBreached(const Message& row, FieldValue* out) {
  for (const auto& clock : static_cast<const Case&>(row).clocks())
    out->number |= clock.state() == query::v1::CLOCK_STATE_BREACHED || clock.late();
  out->present = true;
}

void ReadClocks(const Message& row, FieldValue* out) {
  for (const auto& clock : static_cast<const Case&>(row).clocks()) out->texts.push_back(clock.clock_id());
  out->present = !out->texts.empty();
}

void ReadExternalNumbers(const Message& row, FieldValue* out) {
  for (const auto& reference : static_cast<const Case&>(row).external_references())
    out->texts.push_back(reference.number());
  out->present = !out->texts.empty();
}

void ReadExternalSchemes(const Message& row, FieldValue* out) {
  for (const auto& reference : static_cast<const Case&>(row).external_references())
    out->texts.push_back(reference.scheme());
  out->present = !out->texts.empty();
}

void ReadOccurredTime(const Message& row, FieldValue* out) {
  const auto& event = static_cast<const TimelineEntry&>(row).event();
  out->present = event.has_occurred_at();
  if (out->present) out->time = FromProto(event.occurred_at());
}

void ReadVerdict(const Message& row, FieldValue* out) {
  SetNumber(static_cast<const TimelineEntry&>(row).verdict().outcome(), out);
}

// A field of an event's body, whatever the body; null if that has none of this name and type.
struct BodyField {
  const Message* body = nullptr;
  const google::protobuf::FieldDescriptor* field = nullptr;

  BodyField(const Message& row, const std::string& name, google::protobuf::FieldDescriptor::CppType type) {
    const auto& event = static_cast<const TimelineEntry&>(row).event();
    static const auto* bodies = event.GetDescriptor()->FindOneofByName("body");
    const auto* present = event.GetReflection()->GetOneofFieldDescriptor(event, bodies);
    if (present == nullptr) return;
    Descend(event.GetReflection()->GetMessage(event, present), name, type);
  }
  int Enum() const { return body->GetReflection()->GetEnumValue(*body, field); }

 private:
  void Descend(const Message& message, const std::string& name, google::protobuf::FieldDescriptor::CppType type) {
    const auto* found = message.GetDescriptor()->FindFieldByName(name);
    if (found != nullptr && found->cpp_type() == type && !found->is_repeated()) {
      body = &message;
      field = found;
      return;
    }
    // What both kinds of case begin with is one level deeper.
    const auto* opening = message.GetDescriptor()->FindFieldByName("opening");
    if (opening != nullptr) Descend(message.GetReflection()->GetMessage(message, opening), name, type);
  }
};

using CppType = google::protobuf::FieldDescriptor::CppType;

// Every body about a case has a field `case_id`.
void ReadCaseOfEvent(const Message& row, FieldValue* out) {
  static const std::string kNone;
  const BodyField found(row, "case_id", CppType::CPPTYPE_STRING);
  if (found.field == nullptr) return SetText(kNone, out);
  std::string scratch;
  SetText(found.body->GetReflection()->GetStringReference(*found.body, found.field, &scratch), out);
}

void ReadChannelOfEvent(const Message& row, FieldValue* out) {
  const BodyField found(row, "channel", CppType::CPPTYPE_ENUM);
  if (found.field != nullptr) SetNumber(found.Enum(), out);
}

void ReadDirectionOfEvent(const Message& row, FieldValue* out) {
  const BodyField found(row, "direction", CppType::CPPTYPE_ENUM);
  if (found.field != nullptr) SetNumber(found.Enum(), out);
}

// Who of the firm: of a contact who spoke, of a call-back who called, else who did it.
void ReadStaffOfEvent(const Message& row, FieldValue* out) {
  static const std::string kNone;
  const auto& event = static_cast<const TimelineEntry&>(row).event();
  if (!event.contact_recorded().staff_id().empty()) return SetText(event.contact_recorded().staff_id(), out);
  if (!event.call_back_done().caller_id().empty()) return SetText(event.call_back_done().caller_id(), out);
  SetText(event.actor().kind() == events::v1::ACTOR_KIND_STAFF ? event.actor().id() : kNone, out);
}

// Who took part in a contact besides the client and who spoke.
void ReadAttendees(const Message& row, FieldValue* out) {
  for (const auto& attendee : static_cast<const TimelineEntry&>(row).event().contact_recorded().attendees()) {
    if (!attendee.staff_id().empty()) out->texts.push_back(attendee.staff_id());
    if (!attendee.client_id().empty()) out->texts.push_back(attendee.client_id());
  }
  out->present = !out->texts.empty();
}

}  // namespace

const FilterTable& CaseFields() {
  static const auto* table =
      new FilterTable{"cases",
                      {
                          Searched(Text<&Case::case_id>("case_id")),
                          Text<&Case::client_id>("client_id"),
                          Enum<&Case::kind>("kind"),
                          Enum<&Case::status>("status"),
                          {"open", FieldType::kBool, &ReadOpen},
                          Enum<&Case::channel>("channel"),
                          CodeValue<&Case::category>("category"),
                          CodeScheme<&Case::category>("category.scheme"),
                          CodeValue<&Case::subcategory>("subcategory"),
                          Enum<&Case::priority>("priority"),
                          Searched(Text<&Case::subject>("subject")),
                          Searched(Text<&Case::description>("description")),
                          Text<&Case::branch_id>("branch_id"),
                          Text<&Case::assignee_id>("assignee_id"),
                          Text<&Case::team>("team"),
                          Text<&Case::product_id>("product_id"),
                          Time<&Case::has_opened_at, &Case::opened_at>("open_time"),
                          Time<&Case::has_due_at, &Case::due_at>("due_time"),
                          Time<&Case::has_acknowledged_at, &Case::acknowledged_at>("acknowledge_time"),
                          Time<&Case::has_resolved_at, &Case::resolved_at>("resolve_time"),
                          Time<&Case::has_closed_at, &Case::closed_at>("close_time"),
                          Time<&Case::has_updated_at, &Case::updated_at>("update_time"),
                          Enum<&Case::waiting_on>("waiting_on"),
                          Enum<&Case::outcome>("outcome"),
                          CodeValue<&Case::root_cause>("root_cause"),
                          Amount<&Case::redress>("redress"),
                          Amount<&Case::amount>("amount"),
                          Amount<&Case::disputed_amount>("disputed_amount"),
                          Enum<&Case::form>("form"),
                          Text<&Case::matter_id>("matter_id"),
                          Bool<&Case::alleges_theft_or_forgery>("alleges_theft_or_forgery"),
                          Text<&Case::resolver_id>("resolver_id"),
                          Number<&Case::escalation_level>("escalation_level"),
                          Text<&Case::escalated_to>("escalated_to"),
                          Number<&Case::reopen_count>("reopen_count"),
                          Number<&Case::note_count>("note_count"),
                          Number<&Case::assignment_count>("assignment_count"),
                          OptionalBool<&Case::has_in_time, &Case::in_time>("in_time"),
                          Number<&Case::revision>("revision"),
                          Text<&Case::owner>("owner"),
                          CodeValue<&Case::next_action>("next_action"),
                          Bool<&Case::next_action_is_set>("next_action_is_set"),
                          Text<&Case::next_action_owner_id>("next_action_owner_id"),
                          Time<&Case::has_next_action_due_at, &Case::next_action_due_at>("next_action_time"),
                          Time<&Case::has_status_since, &Case::status_since>("status_time"),
                          {"external_number", FieldType::kTexts, &ReadExternalNumbers},
                          {"external_scheme", FieldType::kTexts, &ReadExternalSchemes},
                          Time<&Case::has_external_due_at, &Case::external_due_at>("external_due_time"),
                          Time<&Case::has_final_response_at, &Case::final_response_at>("final_response_time"),
                          {"clocks", FieldType::kTexts, &ReadClocks},
                          {"breached", FieldType::kBool, &ReadBreached},
                      }};
  return *table;
}

const FilterTable& ClientFields() {
  static const auto* table = new FilterTable{
      "clients",
      {
          Searched(Text<&Client::client_id>("client_id")),
          Bool<&Client::registered>("registered"),
          Enum<&Client::kind>("kind"),
          Enum<&Client::status>("status"),
          Searched(Text<&Client::display_name>("display_name")),
          {"other_names", FieldType::kTexts,
           [](const Message& row, FieldValue* out) { SetTexts(static_cast<const Client&>(row).other_names(), out); },
           nullptr, true},
          {"account_numbers", FieldType::kTexts,
           [](const Message& row, FieldValue* out) {
             SetTexts(static_cast<const Client&>(row).account_numbers(), out);
           }},
          {"phones", FieldType::kTexts,
           [](const Message& row, FieldValue* out) { SetTexts(static_cast<const Client&>(row).phones(), out); }},
          Text<&Client::branch_id>("branch_id"),
          {"tier", FieldType::kText,
           [](const Message& row, FieldValue* out) {
             SetText(static_cast<const Client&>(row).service_configuration().tier(), out);
           }},
          {"broker_id", FieldType::kText,
           [](const Message& row, FieldValue* out) {
             SetText(static_cast<const Client&>(row).service_configuration().broker_id(), out);
           }},
          {"language", FieldType::kText,
           [](const Message& row, FieldValue* out) {
             SetText(static_cast<const Client&>(row).service_configuration().language(), out);
           }},
          Time<&Client::has_registered_at, &Client::registered_at>("register_time"),
          Time<&Client::has_first_seen_at, &Client::first_seen_at>("first_seen_time"),
          Time<&Client::has_last_event_at, &Client::last_event_at>("last_event_time"),
          Number<&Client::open_complaints_total>("open_complaints"),
          Number<&Client::open_requests_total>("open_requests"),
          Number<&Client::event_count>("event_count"),
          Number<&Client::revision>("revision"),
      }};
  return *table;
}

const FilterTable& TimelineFields() {
  static const auto* table =
      new FilterTable{"timeline entries",
                      {
                          Text<&TimelineEntry::kind>("kind"),
                          {"occurred_time", FieldType::kTime, &ReadOccurredTime},
                          {"case_id", FieldType::kText, &ReadCaseOfEvent},
                          {"staff_id", FieldType::kText, &ReadStaffOfEvent},
                          {"attendees", FieldType::kTexts, &ReadAttendees},
                          {"channel", FieldType::kEnum, &ReadChannelOfEvent, events::v1::Channel_descriptor()},
                          {"direction", FieldType::kEnum, &ReadDirectionOfEvent, events::v1::Direction_descriptor()},
                          {"verdict", FieldType::kEnum, &ReadVerdict, events::v1::VerdictOutcome_descriptor()},
                          {"source", FieldType::kText,
                           [](const Message& row, FieldValue* out) {
                             SetText(static_cast<const TimelineEntry&>(row).event().source(), out);
                           }},
                          {"event_id", FieldType::kText,
                           [](const Message& row, FieldValue* out) {
                             SetText(static_cast<const TimelineEntry&>(row).event().event_id(), out);
                           }},
                      }};
  return *table;
}

const FilterTable& ClockFields() {
  static const auto* table =
      new FilterTable{"clocks",
                      {
                          Enum<&Clock::state>("state"),
                          Searched(Text<&Clock::case_id>("case_id")),
                          Text<&Clock::client_id>("client_id"),
                          Searched(Text<&Clock::clock_id>("clock_id")),
                          {"pack_id", FieldType::kText,
                           [](const Message& row, FieldValue* out) {
                             SetText(static_cast<const Clock&>(row).policy().pack_id(), out);
                           }},
                          Time<&Clock::has_due_at, &Clock::due_at>("due_time"),
                          Time<&Clock::has_started_at, &Clock::started_at>("start_time"),
                          Enum<&Clock::kind>("kind"),
                          Text<&Clock::category>("category"),
                          Text<&Clock::branch_id>("branch_id"),
                          Text<&Clock::tier>("tier"),
                          Bool<&Clock::overdue>("overdue"),
                          Bool<&Clock::late>("late"),
                          Bool<&Clock::confirmed>("confirmed"),
                      }};
  return *table;
}

const FilterTable& UndertakingFields() {
  static const auto* table =
      new FilterTable{"undertakings",
                      {
                          Text<&Undertaking::undertaking_id>("undertaking_id"),
                          Text<&Undertaking::client_id>("client_id"),
                          Enum<&Undertaking::kind>("kind"),
                          Enum<&Undertaking::state>("state"),
                          Bool<&Undertaking::overdue>("overdue"),
                          Bool<&Undertaking::late>("late"),
                          Text<&Undertaking::owner_id>("owner_id"),
                          Text<&Undertaking::team>("team"),
                          Text<&Undertaking::branch_id>("branch_id"),
                          Text<&Undertaking::case_id>("case_id"),
                          Text<&Undertaking::contact_id>("contact_id"),
                          CodeValue<&Undertaking::programme>("programme"),
                          CodeValue<&Undertaking::outcome>("outcome"),
                          Time<&Undertaking::has_made_at, &Undertaking::made_at>("make_time"),
                          Time<&Undertaking::has_due_at, &Undertaking::due_at>("due_time"),
                          Time<&Undertaking::has_settled_at, &Undertaking::settled_at>("settle_time"),
                          Searched(Text<&Undertaking::text>("text")),
                      }};
  return *table;
}

const FilterTable& LeadFields() {
  static const auto* table = new FilterTable{"leads",
                                             {
                                                 Searched(Text<&Lead::lead_id>("lead_id")),
                                                 Text<&Lead::client_id>("client_id"),
                                                 Enum<&Lead::state>("state"),
                                                 {"open", FieldType::kBool, &ReadOpenLead},
                                                 Bool<&Lead::overdue>("overdue"),
                                                 Enum<&Lead::direction>("direction"),
                                                 CodeValue<&Lead::need>("need"),
                                                 Text<&Lead::product_id>("product_id"),
                                                 Text<&Lead::contact_id>("contact_id"),
                                                 Text<&Lead::promise_id>("promise_id"),
                                                 Text<&Lead::raised_by>("raised_by"),
                                                 Text<&Lead::owner_id>("owner_id"),
                                                 Text<&Lead::team>("team"),
                                                 Text<&Lead::branch_id>("branch_id"),
                                                 CodeValue<&Lead::cause>("cause"),
                                                 Amount<&Lead::amount>("amount"),
                                                 Number<&Lead::worked>("worked"),
                                                 Number<&Lead::escalations>("escalations"),
                                                 Number<&Lead::age_days>("age_days"),
                                                 Time<&Lead::has_raised_at, &Lead::raised_at>("raise_time"),
                                                 Time<&Lead::has_due_at, &Lead::due_at>("due_time"),
                                                 Time<&Lead::has_accepted_at, &Lead::accepted_at>("accept_time"),
                                                 Time<&Lead::has_ended_at, &Lead::ended_at>("end_time"),
                                                 Searched(Text<&Lead::note>("note")),
                                             }};
  return *table;
}

std::vector<const FilterTable*> AllFilterTables() {
  return {&CaseFields(),  &ClientFields(), &TimelineFields(), &ClockFields(),       &UndertakingFields(),
          &BookFields(),  &WorkFields(),   &StaffFields(),    &HandoverFields(),    &HandoverItemFields(),
          &LeadFields(), &RecommendationFields(), &ProductFields(), &SubscriptionFields()};
}

}  // namespace kefu::query
