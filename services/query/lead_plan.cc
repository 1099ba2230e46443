#include "services/query/lead_plan.h"

#include <string>
#include <vector>

#include "platform/base/hash.h"
#include "platform/codec/key.h"
#include "projections/lead/lead.h"

namespace kefu::query {

ListPlan PlanLeads(std::string_view client_id, const Filter& filter, absl::Time as_of, int32_t partitions) {
  ListPlan plan;
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
  // Only an open one is overdue.
  const bool only_open = Demands(filter, "overdue") || Demands(filter, "open");
  std::vector<int32_t> states;
  for (int32_t state = v1::LEAD_STATE_RAISED; state < v1::LeadState_ARRAYSIZE; ++state)
    if (!only_open || lead::IsOpen(static_cast<v1::LeadState>(state))) states.push_back(state);
  AddDueRanges(head, StatesAsked(filter, states), DueBefore(filter, as_of), &scan);
  return plan;
}

ListPlan PlanLeads(const Union& records, const Filter& filter, absl::Time as_of, int32_t partitions) {
  return OverRecords(records, [&](std::string_view client_id) {
    return PlanLeads(client_id, filter, as_of, partitions);
  });
}

}  // namespace kefu::query
