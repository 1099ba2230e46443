#include "services/query/undertaking_plan.h"

#include <string>
#include <vector>

#include "kefu/query/v1/contact.pb.h"
#include "platform/base/hash.h"
#include "platform/codec/key.h"

namespace kefu::query {

ListPlan PlanUndertakings(std::string_view client_id, const Filter& filter, absl::Time as_of,
                                 int32_t partitions) {
  ListPlan plan;
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
  std::vector<int32_t> states = {v1::UNDERTAKING_STATE_OPEN};
  // Only an open one is overdue.
  if (!Demands(filter, "overdue"))
    states = StatesAsked(filter, {v1::UNDERTAKING_STATE_OPEN, v1::UNDERTAKING_STATE_DONE, v1::UNDERTAKING_STATE_VOID});
  AddDueRanges(head, states, DueBefore(filter, as_of), &scan);
  return plan;
}

ListPlan PlanUndertakings(const Union& records, const Filter& filter, absl::Time as_of, int32_t partitions) {
  return OverRecords(records, [&](std::string_view client_id) {
    return PlanUndertakings(client_id, filter, as_of, partitions);
  });
}

}  // namespace kefu::query
