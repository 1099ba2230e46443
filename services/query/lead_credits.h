#pragma once

// Sums of what was won, by who has a part in it.

#include <cstdint>
#include <functional>

#include "kefu/query/v1/lead.pb.h"
#include "platform/base/status.h"
#include "services/query/reader.h"

namespace kefu::query {

// Days of one ListCredits at most.
inline constexpr int32_t kMostCreditDays = 3660;

// The days of a request, both included, as days since 1970-01-01. kInvalidArgument: DAY_INVALID; SPAN_INVALID if it
// ends before it begins, or is longer than kMostCreditDays.
struct CreditDays {
  int32_t from = 0;
  int32_t to = 0;
};
StatusOr<CreditDays> CreditDaysOf(const query::v1::ListCreditsRequest& request);

// By staff, then currency. Walks every lead won on these days, in the branches' zone.
Status ListCredits(const Moment& moment, CreditDays days, const std::function<Status()>& keeps_going,
                   query::v1::ListCreditsResponse* response);

}  // namespace kefu::query
