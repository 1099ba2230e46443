#pragma once

// Which products fit a client, and why (客戶與產品匹配). Pure.

#include <absl/time/time.h>

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kefu/query/v1/product.pb.h"
#include "kefu/query/v1/suitability.pb.h"
#include "services/query/catalogue.h"

namespace kefu::query {

// A target segment of this scheme means the tier of the client's service configuration.
inline constexpr std::string_view kTierScheme = "tier";

// What of a client decides.
struct MatchedClient {
  // Scheme and segment, as classified now; the tier is there as one of kTierScheme.
  std::set<std::pair<std::string, std::string>> segments;
  // In minor units of the firm's currency; 0 if nothing was ever told.
  int64_t assets = 0;
  v1::InvestorMoment investor;
  // Products of active subscriptions.
  std::set<std::string> subscribed;
};

// Every product of the catalogue against the client, at `at`. Each has its five reasons, in this order:
//   segment      one of its target segments is the client's; it has none: for all
//   assets       the client has at least what it is from
//   suitability  it fits by all packs in force (projections/sdk/suitability_rules.h); to insist is not to fit
//   subscribed   the client does not have it yet
//   withdrawn    it is open for new clients
// It fits if all hold. `bundle_id` is the first bundle, by id, of a segment of the client that has the product.
// Order: those that fit first, of these those of bundles before others, then by product id.
// Cost: products × (their segments + rows of the packs in force).
std::vector<v1::ProductMatch> MatchProducts(const Catalogue& catalogue, const MatchedClient& client, absl::Time at);

}  // namespace kefu::query
