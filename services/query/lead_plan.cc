#include "services/query/lead_plan.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "platform/base/hash.h"
#include "platform/codec/key.h"
#include "projections/lead/lead.h"

namespace kefu::query {
namespace {

bool AsksFor(std::string_view field, const Filter& filter) {
  const auto wanted = filter.MustBeOneOf(field);
  return wanted.size() == 1 && wanted.front().number != 0;
}

// Those that a passing row may have.
std::vector<int32_t> States(const Filter& filter) {
  const bool only_open = AsksFor("overdue", filter) || AsksFor("open", filter);
  const auto wanted = filter.MustBeOneOf("state");
  std::vector<int32_t> states;
  for (int32_t number = query::v1::LEAD_STATE_RAISED; number < query::v1::LeadState_ARRAYSIZE; ++number) {
    if (only_open && !lead::IsOpen(static_cast<query::v1::LeadState>(number))) continue;
    const auto is_state = [&](const FilterLiteral& literal) { return literal.number == number; };
    if (wanted.empty() || std::any_of(wanted.begin(), wanted.end(), is_state)) states.push_back(number);
  }
  return states;
}

// A time that all passing rows are due before, if the filter says one.
absl::Time Before(const Filter& filter, absl::Time as_of) {
  const absl::Time before = filter.MustBeBefore("due_time");
  return AsksFor("overdue", filter) ? std::min(before, as_of) : before;
}

}  // namespace

LeadPlan PlanLeads(std::string_view client_id, const Filter& filter, absl::Time as_of, int32_t partitions) {
  LeadPlan plan;
  ScanPlan& scan = plan.scan;
  scan.view = lead::LeadView::kName;
  scan.rows = lead::Leads::kName;
  const auto named = filter.MustBeOneOf("client_id");
  const std::string client = !client_id.empty() ? std::string(client_id) : named.size() == 1 ? named.front().text : "";
  if (!client.empty()) plan.only = Partition(PartitionForKey(client, partitions));

  if (const auto ids = filter.MustBeOneOf("lead_id"); ids.size() == 1) {
    scan.table = scan.rows;
    scan.ranges.push_back({codec::Key(ids.front().text), 0});
    return plan;
  }
  // What stands before state and due time in the keys of the index.
  std::string head;
  auto owner = filter.MustBeOneOf("owner_id");
  if (owner.empty()) owner = filter.MustBeOneOf("team");
  if (!client.empty()) {
    scan.table = lead::LeadsByClient::kName;
    head = codec::Key(client);
  } else if (owner.size() == 1 && !owner.front().text.empty()) {
    scan.table = lead::LeadsByOwner::kName;
    head = codec::Key(owner.front().text);
  } else {
    scan.table = lead::LeadsByState::kName;
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

LeadPlan PlanLeads(const Union& records, const Filter& filter, absl::Time as_of, int32_t partitions) {
  LeadPlan plan = PlanLeads(records.root, filter, as_of, partitions);
  if (records.alone()) return plan;
  plan.only.reset();
  if (plan.scan.table != lead::LeadsByClient::kName) return plan;
  for (size_t m = 1; m < records.members.size(); ++m) {
    ScanPlan more = PlanLeads(records.members[m], filter, as_of, partitions).scan;
    std::move(more.ranges.begin(), more.ranges.end(), std::back_inserter(plan.scan.ranges));
  }
  return plan;
}

}  // namespace kefu::query
