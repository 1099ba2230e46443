#include "services/query/subscription_plan.h"

#include <string>
#include <vector>

#include "kefu/query/v1/product.pb.h"
#include "platform/codec/key.h"
#include "services/query/list_plan.h"

namespace kefu::query {
ScanPlan PlanSubscriptions(const Union* records, const Filter& filter, absl::Time as_of) {
  ScanPlan scan;
  scan.view = "subscription";
  scan.rows = "subscriptions";
  // What stands before state and date in the keys of the index.
  std::vector<std::string> heads;
  if (records != nullptr) {
    scan.table = "by_client";
    for (const std::string& member : records->members) heads.push_back(codec::Key(member));
  } else if (const auto product = filter.MustBeOneOf("product_id");
             product.size() == 1 && !product.front().text.empty()) {
    scan.table = "by_product";
    heads.push_back(codec::Key(product.front().text));
  } else {
    scan.table = "by_due";
    heads.emplace_back();
  }
  std::vector<int32_t> states = {v1::SUBSCRIPTION_STATE_ACTIVE};
  // Only an active one is overdue.
  if (!Demands(filter, "overdue"))
    states = StatesAsked(filter, {v1::SUBSCRIPTION_STATE_ACTIVE, v1::SUBSCRIPTION_STATE_ENDED});
  for (const std::string& head : heads) AddDueRanges(head, states, DueBefore(filter, as_of), &scan);
  return scan;
}

}  // namespace kefu::query
