#include "projections/statistics/durations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace kefu::statistics {
namespace {

constexpr int kQuantiles[] = {0, 10, 250, 500, 750, 900, 990, 999, 1000};
constexpr double kDurationsError = kDurationsErrorPerMille / 1000.0;

// From milliseconds to months, as waiting times are.
std::vector<int64_t> Sample(uint64_t seed, int count) {
  std::mt19937_64 random(seed);
  std::vector<int64_t> values;
  for (int i = 0; i < count; ++i)
    values.push_back(static_cast<int64_t>(std::exp(22.0 * static_cast<double>(random() % 1'000'000) / 1e6)) - 1);
  return values;
}

Durations SketchOf(const std::vector<int64_t>& values) {
  Durations durations;
  for (const int64_t value : values) AddDuration(value, &durations);
  return durations;
}

TEST(Durations, NoneHaveNoQuantile) { EXPECT_EQ(QuantileMilliseconds({}, 500), 0); }

TEST(Durations, QuantilesOfAHundredThousandAreWithinTheStatedError) {
  for (const uint64_t seed : {1, 2, 3}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::vector<int64_t> values = Sample(seed, 100'000);
    const Durations durations = SketchOf(values);
    std::sort(values.begin(), values.end());
    EXPECT_EQ(CountOf(durations), 100'000);
    for (const int quantile : kQuantiles) {
      const auto rank = std::clamp<int64_t>(quantile * 100, 1, 100'000);
      const auto truth = static_cast<double>(values[static_cast<size_t>(rank - 1)]);
      EXPECT_NEAR(static_cast<double>(QuantileMilliseconds(durations, quantile)), truth, truth * kDurationsError)
          << quantile;
    }
  }
}

TEST(Durations, SmallOnesAreExact) {
  for (const int64_t value : {0, 1, 63, 64, 100, 127}) EXPECT_EQ(QuantileMilliseconds(SketchOf({value}), 500), value);
}

TEST(Durations, MergingIsTheSameAsAddingAllWhateverTheOrder) {
  std::mt19937_64 random(7);
  std::vector<int64_t> values = Sample(7, 5000);
  const std::string together = SketchOf(values).SerializeAsString();
  std::vector<Durations> parts(9);
  for (const int64_t value : values) AddDuration(value, &parts[random() % parts.size()]);
  std::shuffle(parts.begin(), parts.end(), random);
  Durations merged;
  for (const Durations& part : parts) Merge(part, &merged);
  EXPECT_EQ(merged.SerializeAsString(), together);
  std::shuffle(values.begin(), values.end(), random);
  EXPECT_EQ(SketchOf(values).SerializeAsString(), together);
}

TEST(Durations, WhatIsBeyondAllReasonIsHeldAndTheRowStaysSmall) {
  Durations durations;
  AddDuration(std::numeric_limits<int64_t>::max(), &durations);
  AddDuration(std::numeric_limits<int64_t>::min(), &durations);
  EXPECT_NEAR(static_cast<double>(QuantileMilliseconds(durations, 1000)), static_cast<double>(kLongestMilliseconds),
              static_cast<double>(kLongestMilliseconds) * kDurationsError);
  EXPECT_EQ(QuantileMilliseconds(durations, 0), 0);
  for (int64_t value = 1; value < 2 * kLongestMilliseconds; value += 1 + value / 200) AddDuration(value, &durations);
  EXPECT_LE(durations.buckets_size(), 2176);
  EXPECT_LT(durations.ByteSizeLong(), size_t{16} << 10);
}

TEST(Durations, ASumStopsAtTheLargestNumber) {
  Durations most;
  AddDuration(1, &most);
  most.set_sum_milliseconds(std::numeric_limits<int64_t>::max() - 5);
  AddDuration(100, &most);
  EXPECT_EQ(most.sum_milliseconds(), std::numeric_limits<int64_t>::max());
  Merge(SketchOf({100}), &most);
  EXPECT_EQ(most.sum_milliseconds(), std::numeric_limits<int64_t>::max());
}

}  // namespace
}  // namespace kefu::statistics
