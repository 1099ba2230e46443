#pragma once

// What the plans of lists of rows about clients have in common.

#include <absl/time/time.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/ids.h"
#include "services/query/filter.h"
#include "services/query/merged_scan.h"
#include "services/query/union.h"

namespace kefu::query {

// How a list is read.
struct ListPlan {
  ScanPlan scan;
  // All rows are in this partition: those of one client.
  std::optional<Partition> only;
};

// Must this yes-or-no field be true in every row that passes?
bool Demands(const Filter& filter, std::string_view field);

// The one text that `field` has in every row that passes; empty if the filter does not say.
std::string OnlyText(const Filter& filter, std::string_view field);

// Of `states` those that a row that passes may have.
std::vector<int32_t> StatesAsked(const Filter& filter, const std::vector<int32_t>& states);

// A time that "due_time" of every row that passes is before; "overdue" names `as_of`. Infinite future if the filter does
// not say.
absl::Time DueBefore(const Filter& filter, absl::Time as_of);

// Of an index whose keys are `head`, state, due time, id: each of the states in the order of due times, up to `before`.
void AddDueRanges(const std::string& head, const std::vector<int32_t>& states, absl::Time before, ScanPlan* scan);

// Of records that were merged: where the plan for one client walks an index (which then begins with the client's id),
// the ranges of each record, in all partitions. Rows that are walked may be of others.
ListPlan OverRecords(const Union& records, const std::function<ListPlan(std::string_view client_id)>& plan_of);

}  // namespace kefu::query
