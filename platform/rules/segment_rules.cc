#include "platform/rules/segment_rules.h"

#include <algorithm>

#include "platform/rules/expression.h"

namespace kefu::rules {
namespace {

RulesFault FaultOf(ExpressionFault fault) {
  switch (fault) {
    case ExpressionFault::kNone:
      return RulesFault::kNone;
    case ExpressionFault::kDividesByZero:
      return RulesFault::kDividesByZero;
    case ExpressionFault::kDivisionUnguarded:
      return RulesFault::kDivisionUnguarded;
    case ExpressionFault::kInvalid:
      break;
  }
  return RulesFault::kExpressionInvalid;
}

}  // namespace

std::string_view NameOf(RulesFault fault) {
  switch (fault) {
    case RulesFault::kNone:
      return "";
    case RulesFault::kDividesByZero:
      return "rule_divides_by_zero";
    case RulesFault::kDivisionUnguarded:
      return "rule_division_unguarded";
    case RulesFault::kExpressionInvalid:
      return "expression_invalid";
    case RulesFault::kSegmentTwice:
      return "segment_twice";
    case RulesFault::kWithoutSegment:
      return "rules_without_segment";
    case RulesFault::kModelScaleInvalid:
      return "model_scale_invalid";
    case RulesFault::kModelUsesScore:
      return "model_uses_score";
    case RulesFault::kTooManySegments:
      return "too_many_segments";
  }
  return "";
}

RulesFault CheckSegmentRules(const events::v1::SegmentRulesPublished& rules) {
  const auto& all = rules.rules();
  // One kind of fault after the other, over all rules, so that the order of the rules does not decide which is told.
  RulesFault worst = RulesFault::kNone;
  for (const auto& rule : all) {
    const RulesFault fault = FaultOf(CheckExpression(rule.condition()));
    if (fault != RulesFault::kNone && (worst == RulesFault::kNone || fault < worst)) worst = fault;
  }
  if (worst != RulesFault::kNone) return worst;
  for (int i = 0; i < all.size(); ++i)
    for (int j = 0; j < i; ++j)
      if (all[i].segment() == all[j].segment()) return RulesFault::kSegmentTwice;
  const bool named = std::none_of(all.begin(), all.end(), [](const auto& rule) { return rule.segment().empty(); });
  if (all.empty() || !named) return RulesFault::kWithoutSegment;
  return all.size() > kMostRules ? RulesFault::kTooManySegments : RulesFault::kNone;
}

std::optional<int> DecidingRule(const events::v1::SegmentRulesPublished& rules, std::span<const int64_t> facts) {
  for (int i = 0; i < rules.rules_size(); ++i)
    if (Evaluate(rules.rules(i).condition(), facts) != 0) return i;
  return std::nullopt;
}

}  // namespace kefu::rules
