#pragma once

// Chooses how a list of promises and call-backs is read.

#include <absl/time/time.h>

#include <string_view>

#include "services/query/list_plan.h"

namespace kefu::query {

// One by its id; else always in the order of dates: of one client, of one owner or team, or of all, in the states a
// passing row may have, up to the date that the filter names ("overdue" names `as_of`). `client_id` empty means of all
// clients.
ListPlan PlanUndertakings(std::string_view client_id, const Filter& filter, absl::Time as_of,
                                 int32_t partitions);

// Of records that were merged: ranges of each. Rows that are walked may be of others.
ListPlan PlanUndertakings(const Union& records, const Filter& filter, absl::Time as_of, int32_t partitions);

}  // namespace kefu::query
