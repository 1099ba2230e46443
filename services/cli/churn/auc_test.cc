#include "services/cli/churn/auc.h"

#include <gtest/gtest.h>

#include <random>

namespace kefu::cli {
namespace {

// Every pair by itself.
int64_t Naive(const std::vector<int64_t>& scores, const std::vector<bool>& labels) {
  int64_t won_twice = 0, pairs = 0;
  for (size_t i = 0; i < scores.size(); ++i)
    for (size_t j = 0; j < scores.size(); ++j)
      if (labels[i] && !labels[j]) {
        ++pairs;
        won_twice += scores[i] > scores[j] ? 2 : scores[i] == scores[j] ? 1 : 0;
      }
  return pairs == 0 ? 500'000 : won_twice * 1'000'000 / (2 * pairs);
}

TEST(Auc, IsTheShareOfPairsInTheRightOrder) {
  EXPECT_EQ(AucMicros(std::vector<int64_t>{1, 2, 3, 4}, {false, false, true, true}), 1'000'000);
  EXPECT_EQ(AucMicros(std::vector<int64_t>{1, 2, 3, 4}, {true, true, false, false}), 0);
  EXPECT_EQ(AucMicros(std::vector<int64_t>{7, 7, 7}, {true, false, true}), 500'000);
  EXPECT_EQ(AucMicros(std::vector<int64_t>{1, 2}, {true, true}), 500'000);
  EXPECT_EQ(AucMicros({}, {}), 500'000);
  std::mt19937_64 random(3);
  for (int run = 0; run < 500; ++run) {
    std::vector<int64_t> scores;
    std::vector<bool> labels;
    for (size_t i = 0, n = random() % 40; i < n; ++i) {
      scores.push_back(static_cast<int64_t>(random() % 12) - 6);
      labels.push_back(random() % 3 == 0);
    }
    ASSERT_EQ(AucMicros(scores, labels), Naive(scores, labels)) << run;
  }
}

}  // namespace
}  // namespace kefu::cli
