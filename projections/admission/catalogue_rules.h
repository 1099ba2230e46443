#pragma once

// What the catalogue and its packs have to be by themselves: versions, and names of other products, apart. Each gives
// the first rule of projections/admission/README.md that refuses it, or kNone.

#include <string>
#include <string_view>

#include "kefu/events/v1/product.pb.h"
#include "kefu/events/v1/suitability.pb.h"
#include "projections/admission/rules.h"

namespace kefu::admission {

// What names of products are compared by: case, width, script and accents folded, blanks at the ends off. Empty for a
// name with nothing to see in it.
std::string FoldedName(std::string_view name);

Rule CheckProduct(const events::v1::ServiceProductPublished& product);
Rule CheckSuitabilityPack(const events::v1::SuitabilityPackPublished& pack);
Rule CheckServiceLevels(const events::v1::ServiceLevelsPublished& levels);
// Actions have ids of their own; of conditions and priorities the first fault in the list of rules is told.
Rule CheckNextActions(const events::v1::NextActionRulesPublished& rules);

}  // namespace kefu::admission
