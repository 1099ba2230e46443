#pragma once

// Chooses how a list of recommendations is read.

#include <string_view>

#include "services/query/list_plan.h"

namespace kefu::query {

// One by its id; else always newest first: of one client (only the open ones, if the filter asks for those), of one
// member of staff who made it or has it, of one product, or of all. `client_id` empty means of all clients.
ListPlan PlanRecommendations(std::string_view client_id, const Filter& filter, int32_t partitions);

// Of records that were merged: ranges of each. Rows that are walked may be of others.
ListPlan PlanRecommendations(const Union& records, const Filter& filter, int32_t partitions);

}  // namespace kefu::query
