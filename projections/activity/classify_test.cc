#include "projections/activity/classify.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "platform/base/time.h"
#include "platform/rules/segment_rules.h"
#include "projections/activity/activity_testing.h"
#include "projections/activity/months.h"

namespace kefu::activity {
namespace {

using namespace events::v1;  // NOLINT: facts and operators by their names
using absl::CivilDay;

Expression Less(ClientFact fact, int64_t limit) {
  Expression less;
  less.mutable_operation()->set_operator_(OPERATOR_LESS);
  less.mutable_operation()->add_operands()->set_fact(fact);
  less.mutable_operation()->add_operands()->set_constant(limit);
  return less;
}

Expression And(const Expression& a, const Expression& b) {
  Expression both;
  both.mutable_operation()->set_operator_(OPERATOR_AND);
  *both.mutable_operation()->add_operands() = a;
  *both.mutable_operation()->add_operands() = b;
  return both;
}

void AddRule(SegmentRulesPublished& rules, const std::string& segment, const Expression& condition) {
  rules.add_rules()->set_segment(segment);
  *rules.mutable_rules(rules.rules_size() - 1)->mutable_condition() = condition;
}

SegmentRulesPublished Frequency() {
  SegmentRulesPublished rules;
  rules.set_scheme("trading_frequency");
  rules.set_version(3);
  AddRule(rules, "none", And(Less(CLIENT_FACT_TRADES_12M, 1), Less(CLIENT_FACT_ASSETS, 1000)));
  AddRule(rules, "rare", Less(CLIENT_FACT_TRADES_3M, 4));
  AddRule(rules, "often", Less(CLIENT_FACT_TRADES_3M, 100));
  return rules;
}

query::v1::ClientActivity Trader(int32_t trades_in_may, int64_t assets) {
  query::v1::ClientActivity row;
  row.set_client_id("C-1");
  const auto slot = SlotOf(MonthOf(CivilDay(2026, 5, 1)), row);
  row.set_trades(*slot, trades_in_may);
  row.set_assets(*slot, assets);
  row.set_last_trade_day(NumberOf(CivilDay(2026, 5, 20)));
  return row;
}

const absl::Time kAsOf = Noon(CivilDay(2026, 8, 3));

TEST(Classify, SaysTheSegmentAndTheFactsThatDecided) {
  const auto facts = FactsAt(Trader(7, 5000), nullptr, kAsOf);
  const ClientClassified classified = Classify(Frequency(), nullptr, facts, kAsOf);
  EXPECT_EQ(classified.scheme(), "trading_frequency");
  EXPECT_EQ(classified.rules_version(), 3);
  EXPECT_EQ(classified.segment(), "often");
  EXPECT_EQ(FromProto(classified.as_of()), kAsOf);
  EXPECT_EQ(classified.model_version(), 0);
  ASSERT_EQ(classified.reasons_size(), 1);
  EXPECT_EQ(classified.reasons(0).fact(), CLIENT_FACT_TRADES_3M);
  EXPECT_EQ(classified.reasons(0).value(), 7);
  EXPECT_EQ(classified.reasons(0).timeline_filter(),
            "kind = \"trading_day_summarised\" AND occurred_time >= \"2026-05-01T00:00:00+08:00\" AND "
            "occurred_time <= \"2026-08-03T12:00:00+08:00\"");
}

TEST(Classify, WhereNoRuleHoldsAllThatWasLookedAtIsTheReason) {
  const ClientClassified classified = Classify(Frequency(), nullptr, FactsAt(Trader(500, 5000), nullptr, kAsOf), kAsOf);
  EXPECT_EQ(classified.segment(), "");
  ASSERT_EQ(classified.reasons_size(), 3);
  EXPECT_EQ(classified.reasons(0).fact(), CLIENT_FACT_TRADES_12M);
  EXPECT_EQ(classified.reasons(1).fact(), CLIENT_FACT_ASSETS);
  EXPECT_EQ(classified.reasons(2).fact(), CLIENT_FACT_TRADES_3M);
}

TEST(Classify, TheModelLooksAtWholeMonthsAndIsNamedOnlyWhereItCounts) {
  ChurnModelPublished model;
  model.set_version(4);
  model.set_intercept_micros(100);
  auto& term = *model.add_terms();
  term.set_fact(CLIENT_FACT_TRADES_3M);
  term.set_coefficient_micros(10);
  term.set_scale(1);
  term.set_lower_bound(0);
  term.set_upper_bound(1000);
  SegmentRulesPublished churn;
  churn.set_scheme("churn_risk");
  churn.set_version(1);
  AddRule(churn, "low", Less(CLIENT_FACT_CHURN_SCORE, 171));
  auto row = Trader(7, 5000);
  const auto slot = SlotOf(MonthOf(CivilDay(2026, 8, 1)), row);
  row.set_trades(*slot, 50);
  const Facts facts = FactsAt(row, &model, kAsOf);
  EXPECT_EQ(facts[CLIENT_FACT_TRADES_3M], 57);
  EXPECT_EQ(facts[CLIENT_FACT_CHURN_SCORE], 170) << "May to July; August is not over";
  EXPECT_EQ(Classify(churn, &model, facts, kAsOf).segment(), "low");
  EXPECT_EQ(Classify(churn, &model, facts, kAsOf).model_version(), 4);
  EXPECT_EQ(Classify(churn, &model, facts, kAsOf).reasons(0).timeline_filter(), "") << "no events but a computation";
  EXPECT_EQ(Classify(Frequency(), &model, facts, kAsOf).model_version(), 0);
  EXPECT_EQ(FactsAt(row, nullptr, kAsOf)[CLIENT_FACT_CHURN_SCORE], 0);
}

// Reasons hold what the deciding rule looked at: given nothing else, it decides the same.
TEST(Classify, ReasonsReproduceTheSegment) {
  const char* given = std::getenv("KEFU_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 20260501;
  SCOPED_TRACE("KEFU_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  int decided = 0;
  for (int i = 0; i < 20'000; ++i) {
    SegmentRulesPublished rules;
    rules.set_scheme("x");
    const auto fact = [&] { return static_cast<ClientFact>(1 + random() % (rules::kFacts - 1)); };
    const auto limit = [&] { return static_cast<int64_t>(random() % 100); };
    for (int rule = 0; rule < 4; ++rule)
      AddRule(rules, "s" + std::to_string(rule),
              And(Less(fact(), limit()), And(Less(fact(), limit()), Less(fact(), limit()))));
    Facts facts{};
    for (size_t number = 1; number < facts.size(); ++number) facts[number] = limit();
    const ClientClassified classified = Classify(rules, nullptr, facts, kAsOf);
    // What was not a reason is garbage.
    Facts reasons{};
    reasons.fill(limit());
    for (const auto& reason : classified.reasons()) reasons[static_cast<size_t>(reason.fact())] = reason.value();
    for (const auto& rule : rules.rules()) {
      if (rule.segment() != classified.segment()) continue;
      EXPECT_NE(rules::Evaluate(rule.condition(), reasons), 0);
      ++decided;
    }
    ASSERT_EQ(SegmentOf(rules, facts), classified.segment());
  }
  EXPECT_GT(decided, 2'000);
}

TEST(Classify, TheLongestEventIdFits) {
  ClientClassified classified;
  classified.set_scheme(std::string(24, 's'));
  classified.set_rules_version(std::numeric_limits<int32_t>::max());
  classified.set_model_version(std::numeric_limits<int32_t>::max());
  classified.mutable_as_of()->set_seconds(9'999'999'999);
  EXPECT_LE(EventIdOf(classified, std::string(64, 'c')).size(), 128u);
}

TEST(TimelineFilters, EveryFactThatEventsMakeHasOneAndTheRecordsOwnHaveNone) {
  for (int number = 1; number < static_cast<int>(rules::kFacts); ++number) {
    const auto fact = static_cast<ClientFact>(number);
    const bool of_record = fact == CLIENT_FACT_STATUS || fact == CLIENT_FACT_KIND || fact == CLIENT_FACT_CHURN_SCORE ||
                           fact == CLIENT_FACT_DAYS_SINCE_REGISTRATION;
    EXPECT_EQ(TimelineFilterOf(fact, kAsOf).empty(), of_record) << ClientFact_Name(fact);
  }
}

}  // namespace
}  // namespace kefu::activity
