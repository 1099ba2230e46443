#include "platform/rules/churn_model.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <random>

#include "platform/rules/expression.h"
#include "platform/testkit/golden.h"

namespace kefu::rules {
namespace {

using events::v1::ChurnModelPublished;
using events::v1::ClientFact;

constexpr int64_t kLowest = std::numeric_limits<int64_t>::min();
constexpr int64_t kHighest = std::numeric_limits<int64_t>::max();

void AddTerm(ChurnModelPublished& model, ClientFact fact, int64_t coefficient, int64_t mean, int64_t scale,
             int64_t lower = kLowest, int64_t upper = kHighest) {
  auto& term = *model.add_terms();
  term.set_fact(fact);
  term.set_coefficient_micros(coefficient);
  term.set_mean(mean);
  term.set_scale(scale);
  term.set_lower_bound(lower);
  term.set_upper_bound(upper);
}

TEST(ChurnModel, FaultsAreNamedAsVerdictsNameThem) {
  ChurnModelPublished good;
  AddTerm(good, events::v1::CLIENT_FACT_TRADES_3M, -900'000, 12, 5);
  EXPECT_EQ(NameOf(CheckModel(good)), "");
  EXPECT_EQ(NameOf(CheckModel({})), "") << "an intercept alone is a model";
  for (const int64_t scale : {int64_t{0}, int64_t{-1}, kLowest}) {
    ChurnModelPublished model = good;
    AddTerm(model, events::v1::CLIENT_FACT_ASSETS, 1, 0, scale);
    EXPECT_EQ(NameOf(CheckModel(model)), "model_scale_invalid") << scale;
  }
  ChurnModelPublished reversed = good;
  AddTerm(reversed, events::v1::CLIENT_FACT_ASSETS, 1, 0, 1, 5, 4);
  EXPECT_EQ(NameOf(CheckModel(reversed)), "model_scale_invalid");
  ChurnModelPublished circular = good;
  AddTerm(circular, events::v1::CLIENT_FACT_CHURN_SCORE, 1, 0, 1);
  EXPECT_EQ(NameOf(CheckModel(circular)), "model_uses_score");
  ChurnModelPublished later = good;
  AddTerm(later, static_cast<ClientFact>(999), 1, 0, 1);
  EXPECT_EQ(NameOf(CheckModel(later)), "expression_invalid");
}

TEST(ChurnModel, ScoresByHand) {
  ChurnModelPublished model;
  model.set_intercept_micros(-2'000'000);
  AddTerm(model, events::v1::CLIENT_FACT_TRADES_3M, -900'000, 12, 5);
  AddTerm(model, events::v1::CLIENT_FACT_COMPLAINTS_12M, 700'000, 0, 3, 0, 2);
  std::array<int64_t, kFacts> facts{};
  // −2 − 0.9 × (0 − 12) / 5
  EXPECT_EQ(ScoreOf(model, facts), -2'000'000 + 2'160'000);
  // Nine complaints count as two: 0.7 × 2 / 3, rounded towards zero.
  facts[events::v1::CLIENT_FACT_COMPLAINTS_12M] = 9;
  EXPECT_EQ(ScoreOf(model, facts), 160'000 + 466'666);
  // Towards zero below it as well: −0.9 × (13 − 12) × 10⁶ / 7 is −128,571.4.
  ChurnModelPublished down;
  AddTerm(down, events::v1::CLIENT_FACT_TRADES_3M, -900'000, 12, 7);
  facts[events::v1::CLIENT_FACT_TRADES_3M] = 13;
  EXPECT_EQ(ScoreOf(down, facts), -128'571);
}

TEST(ChurnModel, NothingOverflows) {
  std::array<int64_t, kFacts> facts{};
  facts[events::v1::CLIENT_FACT_ASSETS] = kHighest;
  facts[events::v1::CLIENT_FACT_NET_INFLOW_3M] = kLowest;
  ChurnModelPublished model;
  AddTerm(model, events::v1::CLIENT_FACT_ASSETS, kHighest, kLowest, 1);
  EXPECT_EQ(ScoreOf(model, facts), kHighest);
  AddTerm(model, events::v1::CLIENT_FACT_ASSETS, kHighest, 0, 1);
  EXPECT_EQ(ScoreOf(model, facts), kHighest);
  AddTerm(model, events::v1::CLIENT_FACT_NET_INFLOW_3M, kHighest, 0, 1);
  EXPECT_EQ(ScoreOf(model, facts), -1) << "each step saturates";
  AddTerm(model, events::v1::CLIENT_FACT_NET_INFLOW_3M, kLowest, kHighest, 1);
  EXPECT_EQ(ScoreOf(model, facts), kHighest - 1);
  // What no door lets through must not stop anybody either.
  AddTerm(model, static_cast<ClientFact>(-1), 1, 0, 1);
  AddTerm(model, events::v1::CLIENT_FACT_ASSETS, 1, 0, 0);
  EXPECT_EQ(ScoreOf(model, facts), kHighest - 1);
}

// Held to the golden file by every build, whatever the compiler.
TEST(ChurnModel, ScoresAreTheSameOnEveryBuild) {
  std::mt19937_64 random(7);
  const auto number = [&](int64_t below) { return static_cast<int64_t>(random() % static_cast<uint64_t>(below)); };
  std::string text;
  for (int i = 0; i < 50; ++i) {
    ChurnModelPublished model;
    model.set_intercept_micros(number(8'000'000) - 4'000'000);
    for (int fact = 1; fact < static_cast<int>(kFacts) - 1; ++fact) {
      if (fact == events::v1::CLIENT_FACT_CHURN_SCORE || number(3) == 0) continue;
      const int64_t mean = number(1'000'000);
      AddTerm(model, static_cast<ClientFact>(fact), number(4'000'000) - 2'000'000, mean, 1 + number(2'000'000),
              mean - number(5'000'000), mean + number(5'000'000));
    }
    std::array<int64_t, kFacts> facts{};
    for (int64_t& fact : facts) fact = number(20'000'000) - 10'000'000;
    text += fmt::format("{:2} {:3} terms {:12}\n", i, model.terms_size(), ScoreOf(model, facts));
  }
  testkit::ExpectGolden("platform/rules/testdata/scores.txt", text);
}

}  // namespace
}  // namespace kefu::rules
