#pragma once

#include <vector>

#include "projections/sdk/projection.h"

namespace kefu::projections {

// Every view there is, in the order of their names. The list is generated from the folders.
const std::vector<const sdk::Projection*>& Catalogue();

}  // namespace kefu::projections
