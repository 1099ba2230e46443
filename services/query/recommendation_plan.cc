#include "services/query/recommendation_plan.h"

#include <string>

#include "platform/base/hash.h"
#include "platform/codec/key.h"
#include "projections/suitability/suitability.h"

namespace kefu::query {
namespace {

using namespace suitability;

void Walk(std::string_view table, const std::string& head, ScanPlan* scan) {
  scan->table = table;
  scan->ranges.push_back({head, head.size()});
}

}  // namespace

ListPlan PlanRecommendations(std::string_view client_id, const Filter& filter, int32_t partitions) {
  ListPlan plan;
  ScanPlan& scan = plan.scan;
  scan.view = SuitabilityView::kName;
  scan.rows = Recommendations::kName;
  const std::string client = client_id.empty() ? OnlyText(filter, "client_id") : std::string(client_id);
  if (!client.empty()) plan.only = Partition(PartitionForKey(client, partitions));
  std::string staff = OnlyText(filter, "owner_id");
  if (staff.empty()) staff = OnlyText(filter, "staff_id");

  if (const std::string id = OnlyText(filter, "recommendation_id"); !id.empty()) {
    scan.table = scan.rows;
    scan.ranges.push_back({codec::Key(id), 0});
  } else if (!client.empty()) {
    Walk(Demands(filter, "open") ? OpenRecommendationsByClient::kName : RecommendationsByClient::kName,
         codec::Key(client), &scan);
  } else if (!staff.empty()) {
    Walk(RecommendationsByStaff::kName, codec::Key(staff), &scan);
  } else if (const std::string product = OnlyText(filter, "product_id"); !product.empty()) {
    Walk(RecommendationsByProduct::kName, codec::Key(product), &scan);
  } else {
    Walk(RecommendationsByTime::kName, {}, &scan);
  }
  return plan;
}

ListPlan PlanRecommendations(const Union& records, const Filter& filter, int32_t partitions) {
  return OverRecords(records, [&](std::string_view client_id) {
    return PlanRecommendations(client_id, filter, partitions);
  });
}

}  // namespace kefu::query
