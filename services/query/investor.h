#pragma once

// What a client can bear, and what may be recommended to it now.

#include <absl/time/time.h>

#include "kefu/query/v1/suitability.pb.h"
#include "platform/base/status.h"
#include "services/query/union.h"

namespace kefu::query {

// Of merged records the latest assessment and the latest classification of any count, and all their moments are told.
// kNotFound (INVESTOR_NOT_FOUND) if none was ever assessed or classified.
StatusOr<query::v1::Investor> ReadInvestor(const Union& records, const std::string& asked);

// Decides as admission would at `at`, with what is known now, by the record that is named: its state alone is what
// admission looks at. Rules about staff are not looked at. `moment` holds the client's partition, and partition 0 for
// names of products. kNotFound (PRODUCT_NOT_FOUND) if no product has this id, name or alias.
Status CheckSuitability(const Moment& moment, const std::string& client_id, const std::string& product, absl::Time at,
                        query::v1::CheckSuitabilityResponse* response);

}  // namespace kefu::query
