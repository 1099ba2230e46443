#include "services/cli/churn/regression.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace kefu::cli {
namespace {

// Samples drawn from known odds.
struct Drawn {
  std::vector<double> features;
  std::vector<bool> labels;
};
Drawn Draw(const std::vector<double>& coefficients, double intercept, int count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  Drawn drawn;
  for (int i = 0; i < count; ++i) {
    double score = intercept;
    for (const double coefficient : coefficients) {
      const double x = normal(random);
      drawn.features.push_back(x);
      score += coefficient * x;
    }
    drawn.labels.push_back(uniform(random) < 1 / (1 + std::exp(-score)));
  }
  return drawn;
}

TEST(Regression, FindsTheOddsThatSamplesWereDrawnFrom) {
  const std::vector<double> planted = {1.5, -0.8, 0, 0.3};
  const Drawn drawn = Draw(planted, -1, 20'000, 17);
  const auto fitted = FitLogistic(drawn.features, drawn.labels, 1e-6);
  ASSERT_TRUE(fitted.ok()) << ToString(fitted.status());
  EXPECT_NEAR(fitted->intercept, -1, 0.1);
  for (size_t i = 0; i < planted.size(); ++i) EXPECT_NEAR(fitted->coefficients[i], planted[i], 0.1) << i;
  EXPECT_LT(fitted->steps, 15);
}

// At the minimum the slope is nothing, whatever way the fit went there.
TEST(Regression, EndsWhereTheSlopeIsNothing) {
  constexpr double kPenalty = 3;
  const Drawn drawn = Draw({2, -2}, 0.5, 500, 5);
  const auto fitted = FitLogistic(drawn.features, drawn.labels, kPenalty);
  ASSERT_TRUE(fitted.ok());
  std::vector<double> slope = {kPenalty * fitted->coefficients[0], kPenalty * fitted->coefficients[1], 0};
  for (size_t row = 0; row < drawn.labels.size(); ++row) {
    const double x0 = drawn.features[2 * row], x1 = drawn.features[2 * row + 1];
    const double score = fitted->intercept + fitted->coefficients[0] * x0 + fitted->coefficients[1] * x1;
    const double error = 1 / (1 + std::exp(-score)) - (drawn.labels[row] ? 1 : 0);
    slope[0] += error * x0;
    slope[1] += error * x1;
    slope[2] += error;
  }
  for (const double each : slope) EXPECT_NEAR(each, 0, 1e-4);
}

TEST(Regression, FeaturesThatHangTogetherOrSeparateAreHeldByThePenalty) {
  // One feature twice, and it tells the labels apart without fail.
  std::vector<double> features;
  std::vector<bool> labels;
  for (int i = -20; i < 20; ++i) {
    features.insert(features.end(), {i + 0.5, i + 0.5});
    labels.push_back(i >= 0);
  }
  const auto fitted = FitLogistic(features, labels, 1);
  ASSERT_TRUE(fitted.ok());
  EXPECT_NEAR(fitted->coefficients[0], fitted->coefficients[1], 1e-9);
  EXPECT_GT(fitted->coefficients[0], 0.1);
  EXPECT_LT(fitted->coefficients[0], 10);
}

TEST(Regression, RefusesWhatCannotBeLearnt) {
  EXPECT_FALSE(FitLogistic(std::vector<double>{1, 2}, {true, true}, 1).ok());
  EXPECT_FALSE(FitLogistic(std::vector<double>{1, 2, 3}, {true, false}, 1).ok());
  EXPECT_FALSE(FitLogistic({}, {}, 1).ok());
}

}  // namespace
}  // namespace kefu::cli
