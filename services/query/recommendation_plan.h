#pragma once

// Chooses how a list of recommendations is read.

#include <optional>
#include <string_view>

#include "platform/base/ids.h"
#include "services/query/filter.h"
#include "services/query/merged_scan.h"
#include "services/query/union.h"

namespace kefu::query {

struct RecommendationPlan {
  ScanPlan scan;
  // All rows are in this partition: those of one client.
  std::optional<Partition> only;
};

// One by its id; else always newest first: of one client (only the open ones, if the filter asks for those), of one
// member of staff who made it or has it, of one product, or of all. `client_id` empty means of all clients.
RecommendationPlan PlanRecommendations(std::string_view client_id, const Filter& filter, int32_t partitions);

// Of records that were merged: ranges of each. Rows that are walked may be of others.
RecommendationPlan PlanRecommendations(const Union& records, const Filter& filter, int32_t partitions);

}  // namespace kefu::query
