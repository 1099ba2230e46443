#include "services/query/filter_fields.h"

#include <google/protobuf/generated_enum_reflection.h>

#include <type_traits>

#include "kefu/query/v1/case.pb.h"
#include "kefu/query/v1/client.pb.h"
#include "platform/base/time.h"

namespace kefu::query {
namespace {

using google::protobuf::Message;
using query::v1::Case;
using query::v1::Client;
using query::v1::TimelineEntry;

// The row type and the result of a getter such as &Case::case_id.
template <class Getter>
struct GetterOf;
template <class RowType, class ResultType>
struct GetterOf<ResultType (RowType::*)() const> {
  using Row = RowType;
  using Result = std::remove_cvref_t<ResultType>;
};

template <auto Get>
const auto& Read(const Message& row) {
  return (static_cast<const typename GetterOf<decltype(Get)>::Row&>(row).*Get)();
}
template <auto Get>
auto Copy(const Message& row) {
  return (static_cast<const typename GetterOf<decltype(Get)>::Row&>(row).*Get)();
}

void SetText(const std::string& text, FieldValue* out) {
  out->texts.push_back(text);
  out->present = !text.empty();
}
void SetNumber(int64_t number, FieldValue* out) {
  out->number = number;
  out->present = number != 0;
}

template <auto Get>
FilterField Text(std::string_view name) {
  return {name, FieldType::kText, [](const Message& row, FieldValue* out) { SetText(Read<Get>(row), out); }};
}
FilterField Searched(FilterField field) {
  field.searched = true;
  return field;
}
// The value of a Code.
template <auto Get>
FilterField CodeValue(std::string_view name) {
  return {name, FieldType::kText, [](const Message& row, FieldValue* out) { SetText(Read<Get>(row).value(), out); }};
}
template <auto Get>
FilterField CodeScheme(std::string_view name) {
  return {name, FieldType::kText, [](const Message& row, FieldValue* out) { SetText(Read<Get>(row).scheme(), out); }};
}
template <auto Get>
FilterField Enum(std::string_view name) {
  return {name, FieldType::kEnum, [](const Message& row, FieldValue* out) { SetNumber(Copy<Get>(row), out); },
          google::protobuf::GetEnumDescriptor<typename GetterOf<decltype(Get)>::Result>()};
}
template <auto Get>
FilterField Number(std::string_view name) {
  return {name, FieldType::kNumber, [](const Message& row, FieldValue* out) { SetNumber(Copy<Get>(row), out); }};
}
// An amount in minor units, whatever the currency.
template <auto Get>
FilterField Amount(std::string_view name) {
  return {name, FieldType::kNumber,
          [](const Message& row, FieldValue* out) { SetNumber(Read<Get>(row).minor_units(), out); }};
}
template <auto Get>
FilterField Bool(std::string_view name) {
  return {name, FieldType::kBool, [](const Message& row, FieldValue* out) {
            out->number = Copy<Get>(row);
            out->present = true;
          }};
}
template <auto Has, auto Get>
FilterField OptionalBool(std::string_view name) {
  return {name, FieldType::kBool, [](const Message& row, FieldValue* out) {
            out->number = Copy<Get>(row);
            out->present = Copy<Has>(row);
          }};
}
template <auto Has, auto Get>
FilterField Time(std::string_view name) {
  return {name, FieldType::kTime, [](const Message& row, FieldValue* out) {
            out->present = Copy<Has>(row);
            if (out->present) out->time = FromProto(Read<Get>(row));
          }};
}

template <class Texts>
void SetTexts(const Texts& texts, FieldValue* out) {
  for (const std::string& text : texts) out->texts.push_back(text);
  out->present = !out->texts.empty();
}

// A case is open until it is resolved, closed or withdrawn.
void ReadOpen(const Message& row, FieldValue* out) {
  const auto status = static_cast<const Case&>(row).status();
  out->number = status >= events::v1::CASE_STATUS_OPEN && status <= events::v1::CASE_STATUS_PROPOSED;
  out->present = true;
}

void ReadOccurredTime(const Message& row, FieldValue* out) {
  const auto& event = static_cast<const TimelineEntry&>(row).event();
  out->present = event.has_occurred_at();
  if (out->present) out->time = FromProto(event.occurred_at());
}

void ReadVerdict(const Message& row, FieldValue* out) {
  SetNumber(static_cast<const TimelineEntry&>(row).verdict().outcome(), out);
}

// Every body about a case has a field `case_id`.
void ReadCaseOfEvent(const Message& row, FieldValue* out) {
  const auto& event = static_cast<const TimelineEntry&>(row).event();
  const auto* reflection = event.GetReflection();
  const auto* body = reflection->GetOneofFieldDescriptor(event, event.GetDescriptor()->FindOneofByName("body"));
  static const std::string kNone;
  const google::protobuf::FieldDescriptor* field =
      body == nullptr ? nullptr : body->message_type()->FindFieldByName("case_id");
  if (field == nullptr) return SetText(kNone, out);
  const Message& message = reflection->GetMessage(event, body);
  std::string scratch;
  SetText(message.GetReflection()->GetStringReference(message, field, &scratch), out);
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

std::vector<const FilterTable*> AllFilterTables() { return {&CaseFields(), &ClientFields(), &TimelineFields()}; }

}  // namespace kefu::query
