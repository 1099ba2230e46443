#include "services/query/list_plan.h"

#include <algorithm>
#include <iterator>

#include "platform/codec/key.h"

namespace kefu::query {

bool Demands(const Filter& filter, std::string_view field) {
  const auto wanted = filter.MustBeOneOf(field);
  return wanted.size() == 1 && wanted.front().number != 0;
}

std::string OnlyText(const Filter& filter, std::string_view field) {
  const auto named = filter.MustBeOneOf(field);
  return named.size() == 1 ? named.front().text : std::string();
}

std::vector<int32_t> StatesAsked(const Filter& filter, const std::vector<int32_t>& states) {
  const auto wanted = filter.MustBeOneOf("state");
  if (wanted.empty()) return states;
  std::vector<int32_t> asked;
  for (const int32_t state : states) {
    const auto is_state = [&](const FilterLiteral& literal) { return literal.number == state; };
    if (std::any_of(wanted.begin(), wanted.end(), is_state)) asked.push_back(state);
  }
  return asked;
}

absl::Time DueBefore(const Filter& filter, absl::Time as_of) {
  const absl::Time before = filter.MustBeBefore("due_time");
  return Demands(filter, "overdue") ? std::min(before, as_of) : before;
}

void AddDueRanges(const std::string& head, const std::vector<int32_t>& states, absl::Time before, ScanPlan* scan) {
  for (const int32_t state : states) {
    ScanPlan::Range range{head + codec::Key(state), 0};
    range.skip = range.prefix.size();
    // A key has whole microseconds; the row's time may lie a little behind it.
    if (before != absl::InfiniteFuture()) range.below = range.prefix + codec::Key(before + absl::Microseconds(1));
    scan->ranges.push_back(std::move(range));
  }
}

ListPlan OverRecords(const Union& records, const std::function<ListPlan(std::string_view client_id)>& plan_of) {
  ListPlan plan = plan_of(records.root);
  if (records.alone()) return plan;
  plan.only.reset();
  if (plan.scan.table == plan.scan.rows) return plan;
  for (size_t m = 1; m < records.members.size(); ++m) {
    ScanPlan more = plan_of(records.members[m]).scan;
    std::move(more.ranges.begin(), more.ranges.end(), std::back_inserter(plan.scan.ranges));
  }
  return plan;
}

}  // namespace kefu::query
