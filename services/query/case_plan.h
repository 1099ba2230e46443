#pragma once

// Chooses how a list of cases is read.

#include <optional>
#include <string>
#include <string_view>

#include "platform/base/ids.h"
#include "services/query/filter.h"
#include "services/query/merged_scan.h"
#include "services/query/union.h"

namespace kefu::query {

enum class CaseOrder { kCaseId, kDueTime, kNextActionTime, kUpdateTimeDesc };
// kInvalidArgument (ORDER_BY_INVALID) with what there is. Empty is by case id.
StatusOr<CaseOrder> ReadCaseOrder(std::string_view order_by);
// The one way to write it, for page tokens.
std::string_view NameOf(CaseOrder order);

struct CasePlan {
  ScanPlan scan;
  // All rows are in this partition: those of one client.
  std::optional<Partition> only;
  // Every row that is walked passes the filter.
  bool exact = false;
};

// By equality terms that every row must meet: the client, the case, then matter, number elsewhere, assignee, team,
// category, branch, kind, status ("open" counts as its statuses); else everything is walked. By due time and by next
// action the open cases are walked, up to the time that the filter names. `client_id` empty means of all clients.
CasePlan PlanCases(std::string_view client_id, const Filter& filter, CaseOrder order, int32_t partitions);

// Of records that were merged: a range each. Rows that are walked may be of others, unless the plan is exact.
CasePlan PlanCases(const Union& records, const Filter& filter, CaseOrder order, int32_t partitions);

}  // namespace kefu::query
