#include "services/query/catalogue_fields.h"

#include "kefu/query/v1/product.pb.h"
#include "platform/base/time.h"

namespace kefu::query {
namespace {

using google::protobuf::Message;
using query::v1::Product;
using query::v1::Subscription;

const events::v1::ServiceProductPublished& ProductOf(const Message& row) {
  return static_cast<const Product&>(row).product();
}
const Subscription& SubscriptionOf(const Message& row) { return static_cast<const Subscription&>(row); }

void SetText(std::string_view text, FieldValue* out) {
  out->texts.push_back(text);
  out->present = !text.empty();
}
void SetNumber(int64_t number, FieldValue* out) {
  out->number = number;
  out->present = number != 0;
}
void SetBool(bool value, FieldValue* out) {
  out->number = value;
  out->present = true;
}
void SetTime(bool has, const google::protobuf::Timestamp& time, FieldValue* out) {
  out->present = has;
  if (has) out->time = FromProto(time);
}

// "PHONE" for CHANNEL_PHONE. Lives for ever.
std::string_view WordOf(int channel) {
  constexpr std::string_view kPrefix = "CHANNEL_";
  const auto* value = events::v1::Channel_descriptor()->FindValueByNumber(channel);
  return value == nullptr ? std::string_view() : std::string_view(value->name()).substr(kPrefix.size());
}

}  // namespace

const FilterTable& ProductFields() {
  static const auto* table = new FilterTable{
      "products",
      {
          {"product_id", FieldType::kText,
           [](const Message& row, FieldValue* out) { SetText(ProductOf(row).product_id(), out); }},
          {"kind", FieldType::kEnum, [](const Message& row, FieldValue* out) { SetNumber(ProductOf(row).kind(), out); },
           events::v1::ProductKind_descriptor()},
          {"content_class", FieldType::kText,
           [](const Message& row, FieldValue* out) { SetText(ProductOf(row).content_class(), out); }},
          {"risk", FieldType::kEnum, [](const Message& row, FieldValue* out) { SetNumber(ProductOf(row).risk(), out); },
           events::v1::RiskLevel_descriptor()},
          {"withdrawn", FieldType::kBool,
           [](const Message& row, FieldValue* out) { SetBool(ProductOf(row).withdrawn(), out); }},
          {"channel", FieldType::kTexts,
           [](const Message& row, FieldValue* out) {
             for (const int channel : ProductOf(row).channels()) out->texts.push_back(WordOf(channel));
             out->present = !out->texts.empty();
           }},
          {"name", FieldType::kText, [](const Message& row, FieldValue* out) { SetText(ProductOf(row).name(), out); },
           nullptr, true},
      }};
  return *table;
}

const FilterTable& SubscriptionFields() {
  static const auto* table = new FilterTable{
      "subscriptions",
      {
          {"subscription_id", FieldType::kText,
           [](const Message& row, FieldValue* out) { SetText(SubscriptionOf(row).subscription_id(), out); }},
          {"product_id", FieldType::kText,
           [](const Message& row, FieldValue* out) { SetText(SubscriptionOf(row).product_id(), out); }},
          {"bundle_id", FieldType::kText,
           [](const Message& row, FieldValue* out) { SetText(SubscriptionOf(row).bundle_id(), out); }},
          {"state", FieldType::kEnum,
           [](const Message& row, FieldValue* out) { SetNumber(SubscriptionOf(row).state(), out); },
           query::v1::SubscriptionState_descriptor()},
          {"staff_id", FieldType::kText,
           [](const Message& row, FieldValue* out) { SetText(SubscriptionOf(row).staff_id(), out); }},
          {"branch_id", FieldType::kText,
           [](const Message& row, FieldValue* out) { SetText(SubscriptionOf(row).branch_id(), out); }},
          {"next_step_id", FieldType::kText,
           [](const Message& row, FieldValue* out) { SetText(SubscriptionOf(row).next_step_id(), out); }},
          {"overdue", FieldType::kBool,
           [](const Message& row, FieldValue* out) { SetBool(SubscriptionOf(row).overdue(), out); }},
          {"deviated", FieldType::kBool,
           [](const Message& row, FieldValue* out) { SetBool(SubscriptionOf(row).deviations() > 0, out); }},
          {"due_time", FieldType::kTime,
           [](const Message& row, FieldValue* out) {
             SetTime(SubscriptionOf(row).has_next_due_at(), SubscriptionOf(row).next_due_at(), out);
           }},
          {"subscribe_time", FieldType::kTime,
           [](const Message& row, FieldValue* out) {
             SetTime(SubscriptionOf(row).has_subscribed_at(), SubscriptionOf(row).subscribed_at(), out);
           }},
      }};
  return *table;
}

}  // namespace kefu::query
