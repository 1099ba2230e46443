#pragma once

// Numbers about one client at a moment (events.v1.ClientFact), from its row.

#include <absl/time/civil_time.h>

#include <array>
#include <cstdint>
#include <optional>

#include "kefu/query/v1/segment.pb.h"
#include "platform/rules/expression.h"

namespace kefu::activity {

// By the number of their ClientFact.
using Facts = std::array<int64_t, rules::kFacts>;

enum class Resolution {
  // "n months" are the month of `as_of`, as far as it has come, and the n before it. Days count to `as_of`.
  kDay,
  // "n months" are the n whole months before that of `as_of`; days count in whole months. What a row cannot tell of the
  // past (status, open complaints) is 0. So a month told a year later is what it was, but for events that came late: a
  // model is trained on past months and applied to the present one.
  kMonth,
};

// What never was: ten years and more.
inline constexpr int64_t kLongestDays = 3650;
// The same at month resolution, where only a year can be seen.
inline constexpr int64_t kLongestDaysOfMonths = 366;

// Months are months of the branches' zone. A fact that nothing is known of is 0, days since what never was are the
// longest. CLIENT_FACT_CHURN_SCORE is 0: see classify.h. Later events than `as_of` count if they are in its month.
Facts FactsOf(const query::v1::ClientActivity& row, absl::CivilDay as_of, Resolution resolution);

// A client at the beginning of a past month, and whether it churned within `horizon_months` from then: closed its
// accounts, or did not trade and had at the end no more than `assets_left_bp` / 10,000 of what it had at the beginning.
// Nothing for a client that was not registered yet or was closed, had neither assets nor trades in the three months
// before, or whose row does not reach back a year before the month.
std::optional<query::v1::ClientFacts> FactsOfMonth(const query::v1::ClientActivity& row, int32_t month,
                                                   int32_t horizon_months, int32_t assets_left_bp);

}  // namespace kefu::activity
