#include "kefu/query/v1/suitability.pb.h"
#include "services/query/filter_fields.h"
#include "services/query/filter_readers.h"

namespace kefu::query {
namespace {

using namespace fields;
using query::v1::Recommendation;

void ReadOpen(const Message& row, FieldValue* out) {
  out->number = !static_cast<const Recommendation&>(row).has_ended_at();
  out->present = true;
}

}  // namespace

const FilterTable& RecommendationFields() {
  static const auto* table =
      new FilterTable{"recommendations",
                      {
                          Text<&Recommendation::recommendation_id>("recommendation_id"),
                          Text<&Recommendation::client_id>("client_id"),
                          Text<&Recommendation::staff_id>("staff_id"),
                          Text<&Recommendation::owner_id>("owner_id"),
                          Text<&Recommendation::product_id>("product_id"),
                          Enum<&Recommendation::risk>("risk"),
                          Bool<&Recommendation::has_insisted>("insisted"),
                          {"open", FieldType::kBool, &ReadOpen},
                          Enum<&Recommendation::result>("result"),
                          CodeValue<&Recommendation::cause>("cause"),
                          Text<&Recommendation::assessment_id>("assessment_id"),
                          Text<&Recommendation::contact_id>("contact_id"),
                          Text<&Recommendation::branch_id>("branch_id"),
                          Time<&Recommendation::has_made_at, &Recommendation::made_at>("made_time"),
                          Time<&Recommendation::has_ended_at, &Recommendation::ended_at>("end_time"),
                      }};
  return *table;
}

}  // namespace kefu::query
