#include "platform/rules/segment_rules.h"

#include <gtest/gtest.h>

#include <array>

#include "platform/rules/expression.h"

namespace kefu::rules {
namespace {

using events::v1::SegmentRulesPublished;

// "segment if trades of three months are below `limit`".
void AddRule(SegmentRulesPublished& rules, const std::string& segment, int64_t limit) {
  auto& rule = *rules.add_rules();
  rule.set_segment(segment);
  auto& less = *rule.mutable_condition()->mutable_operation();
  less.set_operator_(events::v1::OPERATOR_LESS);
  less.add_operands()->set_fact(events::v1::CLIENT_FACT_TRADES_3M);
  less.add_operands()->set_constant(limit);
}

void AddDivision(SegmentRulesPublished& rules, const std::string& segment, int64_t divisor, int operands) {
  auto& rule = *rules.add_rules();
  rule.set_segment(segment);
  auto& division = *rule.mutable_condition()->mutable_operation();
  division.set_operator_(events::v1::OPERATOR_DIVIDE);
  division.add_operands()->set_fact(events::v1::CLIENT_FACT_ASSETS);
  division.add_operands()->set_constant(divisor);
  if (operands == 3) division.add_operands()->set_constant(1);
}

TEST(SegmentRules, FaultsAreNamedAsVerdictsNameThem) {
  SegmentRulesPublished good;
  AddRule(good, "rare", 3);
  AddRule(good, "often", 50);
  EXPECT_EQ(NameOf(CheckSegmentRules(good)), "");

  EXPECT_EQ(NameOf(CheckSegmentRules({})), "rules_without_segment");

  SegmentRulesPublished unnamed = good;
  AddRule(unnamed, "", 70);
  EXPECT_EQ(NameOf(CheckSegmentRules(unnamed)), "rules_without_segment");

  SegmentRulesPublished twice = good;
  AddRule(twice, "rare", 100);
  EXPECT_EQ(NameOf(CheckSegmentRules(twice)), "segment_twice");

  SegmentRulesPublished unguarded = good;
  AddDivision(unguarded, "x", 5, 2);
  EXPECT_EQ(NameOf(CheckSegmentRules(unguarded)), "rule_division_unguarded");

  // What comes first in the table of rules is told, not what comes first among these.
  SegmentRulesPublished zero = unguarded;
  AddDivision(zero, "y", 0, 3);
  EXPECT_EQ(NameOf(CheckSegmentRules(zero)), "rule_divides_by_zero");

  SegmentRulesPublished empty = twice;
  empty.add_rules()->set_segment("z");
  EXPECT_EQ(NameOf(CheckSegmentRules(empty)), "expression_invalid");

  SegmentRulesPublished most;
  for (int i = 0; i < kMostRules; ++i) AddRule(most, "s" + std::to_string(i), i);
  EXPECT_EQ(NameOf(CheckSegmentRules(most)), "");
  AddRule(most, "one-too-many", 1);
  EXPECT_EQ(NameOf(CheckSegmentRules(most)), "too_many_segments");
}

TEST(SegmentRules, TheFirstThatHoldsDecides) {
  SegmentRulesPublished rules;
  AddRule(rules, "rare", 3);
  AddRule(rules, "often", 50);
  std::array<int64_t, kFacts> facts{};
  const auto with = [&](int64_t trades) {
    facts[events::v1::CLIENT_FACT_TRADES_3M] = trades;
    return DecidingRule(rules, facts);
  };
  EXPECT_EQ(with(0), 0);
  EXPECT_EQ(with(3), 1);
  EXPECT_EQ(with(49), 1);
  EXPECT_EQ(with(50), std::nullopt);
}

}  // namespace
}  // namespace kefu::rules
