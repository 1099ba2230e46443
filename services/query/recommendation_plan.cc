#include "services/query/recommendation_plan.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "platform/base/hash.h"
#include "platform/codec/key.h"
#include "projections/suitability/suitability.h"

namespace kefu::query {
namespace {

using namespace suitability;

// The one text that `field` of every passing row has; empty if the filter does not say.
std::string OnlyText(const Filter& filter, std::string_view field) {
  const auto named = filter.MustBeOneOf(field);
  return named.size() == 1 ? named.front().text : std::string();
}

bool AsksForOpen(const Filter& filter) {
  const auto open = filter.MustBeOneOf("open");
  return open.size() == 1 && open.front().number != 0;
}

void Walk(std::string_view table, const std::string& head, ScanPlan* scan) {
  scan->table = table;
  scan->ranges.push_back({head, head.size()});
}

}  // namespace

RecommendationPlan PlanRecommendations(std::string_view client_id, const Filter& filter, int32_t partitions) {
  RecommendationPlan plan;
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
    Walk(AsksForOpen(filter) ? OpenRecommendationsByClient::kName : RecommendationsByClient::kName, codec::Key(client),
         &scan);
  } else if (!staff.empty()) {
    Walk(RecommendationsByStaff::kName, codec::Key(staff), &scan);
  } else if (const std::string product = OnlyText(filter, "product_id"); !product.empty()) {
    Walk(RecommendationsByProduct::kName, codec::Key(product), &scan);
  } else {
    Walk(RecommendationsByTime::kName, {}, &scan);
  }
  return plan;
}

RecommendationPlan PlanRecommendations(const Union& records, const Filter& filter, int32_t partitions) {
  RecommendationPlan plan = PlanRecommendations(records.root, filter, partitions);
  if (records.alone()) return plan;
  plan.only.reset();
  if (plan.scan.table == plan.scan.rows) return plan;
  for (size_t m = 1; m < records.members.size(); ++m) {
    ScanPlan more = PlanRecommendations(records.members[m], filter, partitions).scan;
    std::move(more.ranges.begin(), more.ranges.end(), std::back_inserter(plan.scan.ranges));
  }
  return plan;
}

}  // namespace kefu::query
