#pragma once

// The fields that filters over the catalogue and over subscriptions may name; see filter_fields.h.

#include "services/query/filter.h"

namespace kefu::query {

// Over query.v1.Product.
const FilterTable& ProductFields();
// Over query.v1.Subscription, with `overdue` computed before.
const FilterTable& SubscriptionFields();

}  // namespace kefu::query
