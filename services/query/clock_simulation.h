#pragma once

// What packs and calendars that are not published would make of the recorded cases.

#include <functional>
#include <string>
#include <vector>

#include "kefu/query/v1/clock.pb.h"
#include "services/query/clock_rows.h"
#include "services/query/reader.h"

namespace kefu::query {

// The most differences that one call sends.
inline constexpr int32_t kMostDifferences = 10'000;

// kInvalidArgument: POLICY_INVALID, CALENDAR_INVALID, with which and why.
Status CheckSimulation(const query::v1::SimulatePolicyRequest& request);

// One message a difference, by partition, case and clock, then one with the summary. Each case's life is gone through
// again, reclassifications at their time; a moment that neither was the first of its kind in an opening nor stopped a
// clock is not known any more. Clocks whose calendar is not replaced keep their version of it. Cost: every case of the
// span is computed anew.
StatusOr<std::vector<query::v1::SimulatePolicyResponse>> Simulate(const Moment& moment,
                                                                  const query::v1::SimulatePolicyRequest& request,
                                                                  absl::Time as_of,
                                                                  const std::function<Status()>& keeps_going);

}  // namespace kefu::query
