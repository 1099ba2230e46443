#include "kefu/query/v1/book.pb.h"
#include "services/query/book_words.h"
#include "services/query/filter_fields.h"
#include "services/query/filter_readers.h"

namespace kefu::query {
namespace {

using namespace fields;
using query::v1::BookClient;
using query::v1::BookItem;
using query::v1::Handover;
using query::v1::HandoverItem;
using query::v1::StaffMember;

void ReadPermits(const Message& row, FieldValue* out) {
  for (const int act : static_cast<const StaffMember&>(row).permitted_acts())
    out->texts.push_back(WordOf(static_cast<events::v1::StaffAct>(act)));
  out->present = !out->texts.empty();
}

void SetBool(bool value, FieldValue* out) {
  out->number = value;
  out->present = true;
}

}  // namespace

const FilterTable& BookFields() {
  static const auto* table =
      new FilterTable{"book clients",
                      {
                          Text<&BookClient::client_id>("client_id"),
                          Text<&BookClient::broker_id>("broker_id"),
                          Text<&BookClient::tier>("tier"),
                          Text<&BookClient::branch_id>("branch_id"),
                          Bool<&BookClient::neglected>("neglected"),
                          Bool<&BookClient::has_informed_at>("informed"),
                          Text<&BookClient::handover_id>("handover_id"),
                          Time<&BookClient::has_last_served_at, &BookClient::last_served_at>("last_served_time"),
                          Time<&BookClient::has_last_inbound_at, &BookClient::last_inbound_at>("last_inbound_time"),
                          Time<&BookClient::has_last_outbound_at, &BookClient::last_outbound_at>("last_outbound_time"),
                      }};
  return *table;
}

const FilterTable& WorkFields() {
  static const auto* table = new FilterTable{"work",
                                             {
                                                 Enum<&BookItem::kind>("kind"),
                                                 Text<&BookItem::work_id>("work_id"),
                                                 Text<&BookItem::client_id>("client_id"),
                                                 Time<&BookItem::has_due_at, &BookItem::due_at>("due_time"),
                                             }};
  return *table;
}

const FilterTable& StaffFields() {
  static const auto* table = new FilterTable{
      "staff",
      {
          Text<&StaffMember::staff_id>("staff_id"),
          Enum<&StaffMember::status>("status"),
          Text<&StaffMember::unit_id>("unit_id"),
          Enum<&StaffMember::contract>("contract"),
          {"role", FieldType::kTexts,
           [](const Message& row, FieldValue* out) { SetTexts(static_cast<const StaffMember&>(row).roles(), out); }},
          {"permits", FieldType::kTexts, &ReadPermits},
          Time<&StaffMember::has_expires_at, &StaffMember::expires_at>("expire_time"),
      }};
  return *table;
}

const FilterTable& HandoverFields() {
  static const auto* table = new FilterTable{"handovers",
                                             {
                                                 Enum<&Handover::state>("state"),
                                                 Text<&Handover::from_staff_id>("from_staff_id"),
                                             }};
  return *table;
}

const FilterTable& HandoverItemFields() {
  static const auto* table = new FilterTable{
      "handover items",
      {
          {"kind", FieldType::kText,
           [](const Message& row, FieldValue* out) {
             out->texts.push_back(WordOf(static_cast<const HandoverItem&>(row).kind()));
             out->present = true;
           }},
          Text<&HandoverItem::client_id>("client_id"),
          Text<&HandoverItem::work_id>("work_id"),
          Text<&HandoverItem::to_staff_id>("to_staff_id"),
          {"moved", FieldType::kBool,
           [](const Message& row, FieldValue* out) {
             SetBool(static_cast<const HandoverItem&>(row).has_moved_at(), out);
           }},
          Bool<&HandoverItem::has_informed_at>("informed"),
          Bool<&HandoverItem::closed>("closed"),
      }};
  return *table;
}

}  // namespace kefu::query
