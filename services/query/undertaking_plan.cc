#include "services/query/undertaking_plan.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "kefu/query/v1/contact.pb.h"
#include "platform/base/hash.h"
#include "platform/codec/key.h"

namespace kefu::query {
namespace {

bool AsksForOverdue(const Filter& filter) {
  const auto overdue = filter.MustBeOneOf("overdue");
  return overdue.size() == 1 && overdue.front().number != 0;
}

// Those that a passing row may have.
std::vector<int32_t> States(const Filter& filter) {
  if (AsksForOverdue(filter)) return {query::v1::UNDERTAKING_STATE_OPEN};
  const auto wanted = filter.MustBeOneOf("state");
  std::vector<int32_t> states;
  for (const int32_t state : {query::v1::UNDERTAKING_STATE_OPEN, query::v1::UNDERTAKING_STATE_DONE,
                              query::v1::UNDERTAKING_STATE_VOID}) {
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

UndertakingPlan PlanUndertakings(std::string_view client_id, const Filter& filter, absl::Time as_of,
                                 int32_t partitions) {
  UndertakingPlan plan;
  ScanPlan& scan = plan.scan;
  scan.view = "undertaking";
  scan.rows = "undertakings";
  const auto named = filter.MustBeOneOf("client_id");
  const std::string client = !client_id.empty() ? std::string(client_id) : named.size() == 1 ? named.front().text : "";
  if (!client.empty()) plan.only = Partition(PartitionForKey(client, partitions));

  if (const auto ids = filter.MustBeOneOf("undertaking_id"); ids.size() == 1) {
    scan.table = scan.rows;
    scan.ranges.push_back({codec::Key(ids.front().text), 0});
    return plan;
  }
  // What stands before state and date in the keys of the index.
  std::string head;
  auto owner = filter.MustBeOneOf("owner_id");
  if (owner.empty()) owner = filter.MustBeOneOf("team");
  if (!client.empty()) {
    scan.table = "by_client";
    head = codec::Key(client);
  } else if (owner.size() == 1 && !owner.front().text.empty()) {
    scan.table = "by_owner";
    head = codec::Key(owner.front().text);
  } else {
    scan.table = "by_due";
  }
  const absl::Time before = Before(filter, as_of);
  for (const int32_t state : States(filter)) {
    ScanPlan::Range range{head + codec::Key(state), 0};
    range.skip = range.prefix.size();
    // A key has whole microseconds; the row's time may lie a little behind it.
    if (before != absl::InfiniteFuture()) range.below = range.prefix + codec::Key(before + absl::Microseconds(1));
    scan.ranges.push_back(std::move(range));
  }
  return plan;
}

UndertakingPlan PlanUndertakings(const Union& records, const Filter& filter, absl::Time as_of, int32_t partitions) {
  UndertakingPlan plan = PlanUndertakings(records.root, filter, as_of, partitions);
  if (records.alone()) return plan;
  plan.only.reset();
  if (plan.scan.table != "by_client") return plan;
  for (size_t m = 1; m < records.members.size(); ++m) {
    ScanPlan more = PlanUndertakings(records.members[m], filter, as_of, partitions).scan;
    std::move(more.ranges.begin(), more.ranges.end(), std::back_inserter(plan.scan.ranges));
  }
  return plan;
}

}  // namespace kefu::query
