#include "services/query/subscription_plan.h"

#include <algorithm>
#include <string>
#include <vector>

#include "kefu/query/v1/product.pb.h"
#include "platform/codec/key.h"

namespace kefu::query {
namespace {

bool AsksForOverdue(const Filter& filter) {
  const auto overdue = filter.MustBeOneOf("overdue");
  return overdue.size() == 1 && overdue.front().number != 0;
}

// Those that a passing row may have.
std::vector<int32_t> States(const Filter& filter) {
  if (AsksForOverdue(filter)) return {v1::SUBSCRIPTION_STATE_ACTIVE};
  const auto wanted = filter.MustBeOneOf("state");
  std::vector<int32_t> states;
  for (const int32_t state : {v1::SUBSCRIPTION_STATE_ACTIVE, v1::SUBSCRIPTION_STATE_ENDED}) {
    const auto is_state = [&](const FilterLiteral& literal) { return literal.number == state; };
    if (wanted.empty() || std::any_of(wanted.begin(), wanted.end(), is_state)) states.push_back(state);
  }
  return states;
}

// A date that all passing rows stand before, if the filter says one. Rows without a due time pass no such filter.
absl::Time Before(const Filter& filter, absl::Time as_of) {
  const absl::Time before = filter.MustBeBefore("due_time");
  return AsksForOverdue(filter) ? std::min(before, as_of) : before;
}

}  // namespace

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
  const absl::Time before = Before(filter, as_of);
  for (const std::string& head : heads) {
    for (const int32_t state : States(filter)) {
      ScanPlan::Range range{head + codec::Key(state), 0};
      range.skip = range.prefix.size();
      // A key has whole microseconds; the row's time may lie a little behind it.
      if (before != absl::InfiniteFuture()) range.below = range.prefix + codec::Key(before + absl::Microseconds(1));
      scan.ranges.push_back(std::move(range));
    }
  }
  return scan;
}

}  // namespace kefu::query
