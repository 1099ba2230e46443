#include "projections/statistics/durations.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace kefu::statistics {
namespace {

constexpr int kOctaveBits = 6;
constexpr int64_t kOctave = int64_t{1} << kOctaveBits;

// Values below two octaves' worth have a bucket each.
int32_t BucketOf(int64_t value) {
  if (value < kOctave) return static_cast<int32_t>(value);
  const int shift = std::bit_width(static_cast<uint64_t>(value)) - 1 - kOctaveBits;
  return static_cast<int32_t>(kOctave * (shift + 1) + ((value >> shift) & (kOctave - 1)));
}

int64_t MiddleOf(int32_t bucket) {
  if (bucket < kOctave) return bucket;
  const int64_t shift = bucket / kOctave - 1;
  const int64_t lowest = (kOctave + bucket % kOctave) << shift;
  return lowest + ((int64_t{1} << shift) - 1) / 2;
}

void AddToBucket(int32_t bucket, int64_t times, Durations* durations) {
  auto& buckets = *durations->mutable_buckets();
  auto& counts = *durations->mutable_counts();
  const auto at = std::lower_bound(buckets.begin(), buckets.end(), bucket) - buckets.begin();
  if (at < buckets.size() && buckets.Get(static_cast<int>(at)) == bucket) {
    counts[static_cast<int>(at)] += times;
    return;
  }
  buckets.Add(bucket);
  counts.Add(times);
  std::rotate(buckets.begin() + at, buckets.end() - 1, buckets.end());
  std::rotate(counts.begin() + at, counts.end() - 1, counts.end());
}

// Stops at the largest number there is; of durations, none below 0, that is the same in any order.
int64_t SumOf(int64_t a, int64_t b) {
  return a > std::numeric_limits<int64_t>::max() - b ? std::numeric_limits<int64_t>::max() : a + b;
}

}  // namespace

void AddDuration(int64_t milliseconds, Durations* durations) {
  const int64_t value = std::clamp<int64_t>(milliseconds, 0, kLongestMilliseconds);
  AddToBucket(BucketOf(value), 1, durations);
  durations->set_sum_milliseconds(SumOf(durations->sum_milliseconds(), value));
}

void Merge(const Durations& from, Durations* into) {
  for (int i = 0; i < from.buckets_size() && i < from.counts_size(); ++i)
    AddToBucket(from.buckets(i), from.counts(i), into);
  into->set_sum_milliseconds(SumOf(into->sum_milliseconds(), from.sum_milliseconds()));
}

int64_t CountOf(const Durations& durations) {
  int64_t count = 0;
  for (const int64_t one : durations.counts()) count += one;
  return count;
}

int64_t QuantileMilliseconds(const Durations& durations, int per_mille) {
  const int64_t count = CountOf(durations);
  if (count == 0) return 0;
  const int64_t wanted = std::clamp<int64_t>((count * per_mille + 999) / 1000, 1, count);
  int64_t seen = 0;
  for (int i = 0; i < durations.buckets_size(); ++i) {
    seen += durations.counts(i);
    if (seen >= wanted) return MiddleOf(durations.buckets(i));
  }
  return MiddleOf(*durations.buckets().rbegin());
}

}  // namespace kefu::statistics
