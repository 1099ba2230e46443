#pragma once

// Durations as a DDSketch: counts in buckets whose width grows with their value, so that every quantile is within a
// relative error. 64 buckets an octave, found by shifting (DDSketch's linearly interpolated mapping), so that no
// machine rounds another way. Merging adds counts: any order, same bytes.
//
// Source: Masson, Rim, Lee 2019, "DDSketch", arXiv:1908.10693.

#include <cstdint>

#include "projections/statistics/rows.pb.h"

namespace kefu::statistics {

// Half a bucket, at most: 1/128, rounded up.
inline constexpr int kDurationsErrorPerMille = 8;
// Ten years; longer durations count as this. There are thereby at most 2,176 buckets.
inline constexpr int64_t kLongestMilliseconds = int64_t{10} * 366 * 24 * 3600 * 1000;

// Durations below 0 count as 0.
void AddDuration(int64_t milliseconds, Durations* durations);
void Merge(const Durations& from, Durations* into);

int64_t CountOf(const Durations& durations);
// The duration that so many in a thousand (0 to 1,000) do not exceed; 0 if there are none. Within
// kDurationsErrorPerMille of the very one at that rank.
int64_t QuantileMilliseconds(const Durations& durations, int per_mille);

}  // namespace kefu::statistics
