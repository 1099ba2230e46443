#include "services/cli/churn/training.h"

#include <absl/time/civil_time.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "platform/rules/churn_model.h"
#include "platform/testkit/memory_stage.h"
#include "projections/activity/activity.h"
#include "projections/activity/activity_testing.h"
#include "projections/activity/facts.h"
#include "projections/activity/months.h"

namespace kefu::cli {
namespace {

using absl::CivilDay;
using events::v1::Event;
using query::v1::ClientFacts;
using testing::HasSubstr;

uint64_t Seed() {
  const char* given = std::getenv("KEFU_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 20260601;
}

// A branch from January 2025 on. Each month some clients begin to sour: for three months they trade less, take money
// out and complain more often than others; then they leave. Quiet months and complaints happen to everyone.
class Branch {
 public:
  static constexpr int kMonths = 20;
  static constexpr int kClients = 2500;

  explicit Branch(uint64_t seed) : random_(seed), stage_(sdk::Describe<activity::ActivityView>()) {}

  // The log, folded.
  void Live() {
    for (int client = 0; client < kClients; ++client) LiveOne("C-" + std::to_string(client));
  }

  // What the server would export.
  std::vector<ClientFacts> Export(int32_t from, int32_t to) const {
    std::vector<ClientFacts> facts;
    for (const auto& [key, row] : stage_.Rows("clients"))
      for (int32_t month = from; month <= to; ++month)
        if (auto told = activity::FactsOfMonth(static_cast<const query::v1::ClientActivity&>(*row), month, 3, 1000))
          facts.push_back(*std::move(told));
    return facts;
  }

 private:
  double Uniform() { return std::uniform_real_distribution<double>()(random_); }
  bool Chance(double p) { return Uniform() < p; }

  void Tell(const std::string& client, testkit::Draft draft) {
    const Event event = testkit::Finish(draft.Client(client), ++told_);
    const sdk::RecordedEvent record{&event, {}, Partition(0), Offset(told_), absl::UnixEpoch()};
    stage_.Begin();
    EXPECT_EQ(sdk::Describe<activity::ActivityView>().Apply(record, stage_).kind(), sdk::Outcome::Kind::kApplied);
  }

  void LiveOne(const std::string& client) {
    Tell(client, testkit::Registered("x").At(activity::Noon(CivilDay(2024, 6, 1))));
    const double busy = 2 + 10 * Uniform();
    double assets = 1e6 * (1 + 20 * Uniform());
    int sour = 0;  // months since it began
    for (int m = 0; m < kMonths; ++m) {
      const CivilDay day = CivilDay(absl::CivilMonth(2025, 1) + m) + 14;
      if (sour > 0 || Chance(0.03)) ++sour;
      if (sour > 3) {
        if (sour == 4) Tell(client, activity::Valued(day, 0, -static_cast<int64_t>(assets)));
        continue;
      }
      const double mood = sour > 0 ? 0.7 - 0.15 * sour : Chance(0.1) ? 0.4 : 1;
      const auto trades = static_cast<int32_t>(busy * mood * (0.5 + Uniform()));
      Tell(client, activity::Traded(day, trades, 10'000 * trades));
      const double inflow = assets * (sour > 0 ? -0.12 : 0.04 * (Uniform() - 0.45));
      assets += inflow;
      Tell(client, activity::Valued(day + 10, static_cast<int64_t>(assets), static_cast<int64_t>(inflow)));
      if (Chance(sour > 0 ? 0.25 : 0.05))
        Tell(client, testkit::Complained("K-" + std::to_string(told_)).At(activity::Noon(day)));
      if (Chance(0.3))
        Tell(client,
             testkit::Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND).At(activity::Noon(day)));
    }
  }

  std::mt19937_64 random_;
  testkit::MemoryStage stage_;
  int64_t told_ = 0;
};

TEST(Training, PlantedChurnIsLearntAndShuffledLabelsAreNot) {
  const uint64_t seed = Seed();
  SCOPED_TRACE("KEFU_SEED=" + std::to_string(seed));
  Branch branch(seed);
  branch.Live();
  // The window has 25 months: a year before each month, three after it.
  const int32_t last = activity::MonthOf(CivilDay(2026, 8, 1)) - 3;
  std::vector<ClientFacts> facts = branch.Export(last - 8, last);
  const auto trained = TrainChurnModel(facts, {.hold_out_months = 3});
  ASSERT_TRUE(trained.ok()) << ToString(trained.status());
  EXPECT_GT(trained->held_out_churned, 200);
  EXPECT_GE(trained->model.auc_micros(), 800'000);
  EXPECT_LE(std::abs(trained->training_auc_micros - trained->model.auc_micros()), 60'000) << "learnt by heart";
  EXPECT_EQ(rules::CheckModel(trained->model), rules::RulesFault::kNone) << "it could not be published";
  EXPECT_EQ(trained->model.trained_from().month(), 9);
  EXPECT_EQ(trained->model.trained_until().ShortDebugString(), "year: 2026 month: 2 day: 28");
  EXPECT_EQ(trained->model.held_out_until().ShortDebugString(), "year: 2026 month: 5 day: 31");
  EXPECT_GT(trained->model.trained_on_clients(), 1500);
  EXPECT_GT(trained->model.churned_clients(), 200);
  EXPECT_LT(trained->model.churned_clients(), trained->model.trained_on_clients());

  // Control: with labels dealt at random there is nothing to learn, and the measure must say so.
  std::vector<bool> labels;
  for (const ClientFacts& each : facts) labels.push_back(each.churned());
  std::mt19937_64 random(seed);
  std::shuffle(labels.begin(), labels.end(), random);
  for (size_t i = 0; i < facts.size(); ++i) facts[i].set_churned(labels[i]);
  const auto shuffled = TrainChurnModel(facts, {.hold_out_months = 3});
  ASSERT_TRUE(shuffled.ok()) << ToString(shuffled.status());
  EXPECT_GE(shuffled->model.auc_micros(), 450'000);
  EXPECT_LE(shuffled->model.auc_micros(), 550'000);
}

// Nothing of the months held out may reach the model but its figure.
TEST(Training, MonthsHeldOutDoNotTouchTheModel) {
  std::mt19937_64 random(23);
  std::vector<ClientFacts> facts;
  for (int i = 0; i < 3000; ++i) {
    ClientFacts sample;
    sample.set_client_id("C-" + std::to_string(i % 500));
    sample.set_month(600 + i / 500);
    for (size_t fact = 0; fact < rules::kFacts; ++fact) sample.add_values(static_cast<int64_t>(random() % 50));
    sample.set_churned(sample.values(events::v1::CLIENT_FACT_TRADES_3M) + static_cast<int64_t>(random() % 20) < 20);
    facts.push_back(sample);
  }
  const auto before = TrainChurnModel(facts, {.hold_out_months = 2});
  for (ClientFacts& sample : facts)
    if (sample.month() >= 604) sample.set_values(events::v1::CLIENT_FACT_TRADES_3M, 1'000'000);
  const auto after = TrainChurnModel(facts, {.hold_out_months = 2});
  ASSERT_TRUE(before.ok() && after.ok());
  EXPECT_GT(before->model.auc_micros(), 800'000);
  EXPECT_NEAR(static_cast<double>(after->model.auc_micros()), 500'000, 60'000) << "nothing is left to tell them by";
  auto same = after->model;
  same.set_auc_micros(before->model.auc_micros());
  EXPECT_EQ(same.SerializeAsString(), before->model.SerializeAsString());
  for (const auto& term : before->model.terms()) {
    EXPECT_NE(term.fact(), events::v1::CLIENT_FACT_STATUS) << "a month cannot tell it";
    EXPECT_NE(term.fact(), events::v1::CLIENT_FACT_CHURN_SCORE);
  }
}

TEST(Training, SaysWhatIsMissing) {
  std::vector<ClientFacts> facts;
  const auto add = [&](int32_t month, int count, bool churned) {
    for (int i = 0; i < count; ++i) {
      ClientFacts sample;
      sample.set_client_id("C-" + std::to_string(facts.size()));
      sample.set_month(month);
      for (size_t fact = 0; fact < rules::kFacts; ++fact) sample.add_values(static_cast<int64_t>(facts.size()));
      sample.set_churned(churned);
      facts.push_back(sample);
    }
  };
  EXPECT_THAT(ToString(TrainChurnModel(facts, {}).status()), HasSubstr("0 months"));
  add(600, 20, true);
  add(600, 20, false);
  EXPECT_THAT(ToString(TrainChurnModel(facts, {.hold_out_months = 1}).status()), HasSubstr("none is left to train on"));
  add(601, 20, false);
  EXPECT_THAT(ToString(TrainChurnModel(facts, {.hold_out_months = 1}).status()),
              HasSubstr("months held out: 0 clients left and 20 stayed"));
  add(601, 20, true);
  EXPECT_TRUE(TrainChurnModel(facts, {.hold_out_months = 1}).ok());
}

TEST(Months, AreWrittenAsOneSaysThem) {
  EXPECT_EQ(*ParseMonth("1970-01"), 0);
  EXPECT_EQ(*ParseMonth("2026-03"), 674);
  EXPECT_EQ(MonthText(674), "2026-03");
  for (const char* text : {"", "2026", "2026-", "2026-13", "2026-00", "2026-03-01", "26-3x", "-2026-03", "1969-12"})
    EXPECT_FALSE(ParseMonth(text).ok()) << text;
}

}  // namespace
}  // namespace kefu::cli
