#include "projections/kept/thinning.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace kefu::kept {
namespace {

// What is kept after `rounds` were taken, a step apart.
std::vector<int64_t> After(int rounds, size_t most, int64_t step) {
  std::vector<int64_t> places;
  for (int round = 1; round <= rounds; ++round) {
    places.push_back(round * step);
    if (const auto goes = WhichGoes(places, most, step))
      places.erase(places.begin() + static_cast<std::ptrdiff_t>(*goes));
  }
  return places;
}

// How many times as far back as a moment the place lies from which it is folded, at worst.
double WorstOf(const std::vector<int64_t>& places, int64_t step) {
  double worst = 1;
  int64_t before = 0;
  for (const int64_t place : places) {
    worst = std::max(worst, static_cast<double>(places.back() - before) /
                                static_cast<double>(places.back() - place + step));
    before = place;
  }
  return worst;
}

TEST(Thinning, NothingGoesUntilThereAreMoreThanMayBe) {
  EXPECT_EQ(WhichGoes({}, 0, 1), std::nullopt);
  EXPECT_EQ(WhichGoes({10, 20, 30}, 3, 10), std::nullopt);
  EXPECT_TRUE(WhichGoes({10, 20, 30}, 2, 10).has_value());
  EXPECT_EQ(WhichGoes({10}, 0, 10), 0U);
}

TEST(Thinning, TheNewestStaysAndNoMoreThanMayBe) {
  for (const size_t most : {1, 2, 3, 8}) {
    std::vector<int64_t> places;
    for (int64_t round = 1; round <= 300; ++round) {
      places.push_back(round * 1'000);
      if (const auto goes = WhichGoes(places, most, 1'000)) {
        ASSERT_LT(*goes + 1, places.size());
        places.erase(places.begin() + static_cast<std::ptrdiff_t>(*goes));
      }
      ASSERT_LE(places.size(), most);
      ASSERT_EQ(places.back(), round * 1'000);
    }
  }
}

TEST(Thinning, DistancesGrowWithAge) {
  const auto places = After(1'000, 8, 1'000'000);
  ASSERT_EQ(places.size(), 8U);
  for (size_t i = 2; i < places.size(); ++i)
    EXPECT_LE(places[i] - places[i - 1], places[i - 1] - places[i - 2]) << i;
}

// A thousand steps in eight pieces: each must be some two and a half times the next at least; it is not much more.
TEST(Thinning, NoMomentIsFoldedFromManyTimesAsFarBack) {
  for (const int rounds : {8, 50, 333, 1'000}) EXPECT_LT(WorstOf(After(rounds, 8, 1'000'000), 1'000'000), 4) << rounds;
}

// The control: the newest eight alone would not do.
TEST(Thinning, TheNewestOnlyWouldBeFarFromEverythingElse) {
  std::vector<int64_t> newest;
  for (int64_t round = 993; round <= 1'000; ++round) newest.push_back(round);
  EXPECT_GT(WorstOf(newest, 1), 100);
}

TEST(Thinning, PlacesMayBeEqualOrFarApart) {
  EXPECT_EQ(WhichGoes({5, 5, 5}, 2, 1), 1U);
  EXPECT_EQ(WhichGoes({1, 1'000'000, 1'000'001}, 2, 1), 0U);
}

}  // namespace
}  // namespace kefu::kept
