#pragma once

#include "platform/base/status.h"
#include "services/query/match.h"
#include "services/query/union.h"

namespace kefu::query {

// What the views say of a client: its segments and tier, assets, class, and what it has. Of merged records the assets
// are those of all together, segments and subscriptions those of any, tier and class those of the first that has one,
// beginning with the record that survives. kNotFound (CLIENT_NOT_FOUND) if no record is known.
StatusOr<MatchedClient> ReadMatchedClient(const Union& records, absl::Time at);

}  // namespace kefu::query
