#include "projections/lead/credits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <numeric>
#include <random>

namespace kefu::lead {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

google::protobuf::RepeatedPtrField<events::v1::LeadCredit> Shares(const std::vector<int32_t>& shares) {
  google::protobuf::RepeatedPtrField<events::v1::LeadCredit> credits;
  for (const int32_t share : shares) credits.Add()->set_share_bp(share);
  return credits;
}

TEST(SplitAmount, WhatIsLeftOverGoesToTheFirst) {
  EXPECT_THAT(SplitAmount(100, Shares({10'000})), ElementsAre(100));
  EXPECT_THAT(SplitAmount(100, Shares({3'333, 3'333, 3'334})), ElementsAre(34, 33, 33));
  EXPECT_THAT(SplitAmount(1, Shares({5'000, 5'000})), ElementsAre(1, 0));
  EXPECT_THAT(SplitAmount(1, Shares({1, 9'999})), ElementsAre(1, 0));
  EXPECT_THAT(SplitAmount(0, Shares({5'000, 5'000})), ElementsAre(0, 0));
  EXPECT_THAT(SplitAmount(-100, Shares({3'333, 3'333, 3'334})), ElementsAre(-34, -33, -33)) << "a reversal mirrors it";
  EXPECT_THAT(SplitAmount(77, Shares({})), IsEmpty());
}

TEST(SplitAmount, NeitherTheLargestNorTheSmallestAmountOverflows) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max(), kLeast = std::numeric_limits<int64_t>::min();
  EXPECT_THAT(SplitAmount(kMost, Shares({10'000})), ElementsAre(kMost));
  EXPECT_THAT(SplitAmount(kLeast, Shares({0, 10'000})), ElementsAre(0, kLeast));
  const auto parts = SplitAmount(kMost, Shares({5'000, 5'000}));
  EXPECT_THAT(parts, ElementsAre(kMost / 2 + 1, kMost / 2));
}

TEST(SplitAmount, AddsUpExactlyAndNobodyButTheFirstGetsMoreThanItsShare) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<int32_t> shares;
    int32_t left = 10'000;
    while (left > 0 && shares.size() < 9) {
      shares.push_back(static_cast<int32_t>(1 + random() % static_cast<uint64_t>(left)));
      left -= shares.back();
    }
    shares.back() += left;
    const auto amount = static_cast<int64_t>(random() % 1'000'000'000'000);
    const auto parts = SplitAmount(amount, Shares(shares));
    ASSERT_EQ(parts.size(), shares.size());
    ASSERT_EQ(std::accumulate(parts.begin(), parts.end(), int64_t{0}), amount);
    for (size_t i = 1; i < parts.size(); ++i) ASSERT_EQ(parts[i], amount * shares[i] / 10'000);
    ASSERT_LT(parts[0] - amount * shares[0] / 10'000, static_cast<int64_t>(shares.size()));
  }
}

}  // namespace
}  // namespace kefu::lead
