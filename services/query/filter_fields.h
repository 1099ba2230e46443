#pragma once

// The fields a filter may name, by resource. docs/FILTERS.md lists the same; filter_fields_test.cc compares.

#include <vector>

#include "services/query/filter.h"

namespace kefu::query {

// Over query.v1.Case.
const FilterTable& CaseFields();
// Over query.v1.Client.
const FilterTable& ClientFields();
// Over query.v1.TimelineEntry.
const FilterTable& TimelineFields();
// Over query.v1.Clock, with `overdue` computed before.
const FilterTable& ClockFields();
// Over query.v1.Undertaking, with `overdue` computed before.
const FilterTable& UndertakingFields();
// Over query.v1.BookClient, with `neglected` computed before.
const FilterTable& BookFields();
// Over query.v1.BookItem.
const FilterTable& WorkFields();
// Over query.v1.StaffMember, with `permitted_acts` and `expires_at` computed before.
const FilterTable& StaffFields();
// Over query.v1.Handover.
const FilterTable& HandoverFields();
// Over query.v1.HandoverItem.
const FilterTable& HandoverItemFields();
// Over query.v1.Lead, with `overdue` computed before.
const FilterTable& LeadFields();
// Over query.v1.Recommendation.
const FilterTable& RecommendationFields();

std::vector<const FilterTable*> AllFilterTables();

}  // namespace kefu::query
