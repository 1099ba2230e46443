#pragma once

// Chooses how a list of subscriptions is read.

#include <absl/time/time.h>

#include "services/query/filter.h"
#include "services/query/merged_scan.h"
#include "services/query/union.h"

namespace kefu::query {

// Always in the order of dates: of one client's records (null: of all clients), of one product, or of all, in the states
// that a passing row may have, up to the date that the filter names ("overdue" names `as_of`). Rows that are walked may
// be of others.
ScanPlan PlanSubscriptions(const Union* records, const Filter& filter, absl::Time as_of);

}  // namespace kefu::query
