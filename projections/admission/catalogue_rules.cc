#include "projections/admission/catalogue_rules.h"

#include <algorithm>
#include <set>
#include <utility>

#include "platform/rules/expression.h"
#include "platform/unicode/fold.h"
#include "projections/admission/reference_rules.h"

namespace kefu::admission {

namespace {

using events::v1::SuitabilityRow;

constexpr size_t kLongestId = 24;

bool IsClass(int value) {
  return value != events::v1::INVESTOR_CLASS_UNSPECIFIED && events::v1::InvestorClass_IsValid(value);
}

bool RowFits(const SuitabilityRow& row) {
  if (!IsClass(row.investor_class())) return false;
  if (row.lowest() && row.investor_class() != events::v1::INVESTOR_CLASS_C1) return false;
  if (row.highest_risk() == events::v1::RISK_LEVEL_UNSPECIFIED) return false;
  if (!events::v1::RiskLevel_IsValid(row.highest_risk())) return false;
  if (row.highest_insisted_risk() == events::v1::RISK_LEVEL_UNSPECIFIED) return true;
  return events::v1::RiskLevel_IsValid(row.highest_insisted_risk()) &&
         row.highest_insisted_risk() >= row.highest_risk();
}

Rule RuleOf(rules::ExpressionFault fault) {
  switch (fault) {
    case rules::ExpressionFault::kNone:
      return Rule::kNone;
    case rules::ExpressionFault::kDividesByZero:
      return Rule::kRuleDividesByZero;
    case rules::ExpressionFault::kDivisionUnguarded:
      return Rule::kRuleDivisionUnguarded;
    case rules::ExpressionFault::kInvalid:
      break;
  }
  return Rule::kExpressionInvalid;
}

}  // namespace

std::string FoldedName(std::string_view name) {
  icu::UnicodeString folded = unicode::Simplify(unicode::FoldCase(unicode::FromUtf8(name)));
  folded.trim();
  return unicode::ToUtf8(folded);
}

Rule CheckProduct(const events::v1::ServiceProductPublished& product) {
  if (!IsUnitId(product.product_id()) || FoldedName(product.name()).empty()) return Rule::kReferenceIdInvalid;
  std::set<std::string_view> ids;
  bool twice = false;
  for (const auto& step : product.steps()) {
    if (!IsReferenceId(step.step_id(), kLongestId)) return Rule::kReferenceIdInvalid;
    twice |= !ids.insert(step.step_id()).second;
  }
  if (product.steps().empty() && product.kind() != events::v1::PRODUCT_KIND_INSTRUMENT)
    return Rule::kProductWithoutSteps;
  return twice ? Rule::kStepTwice : Rule::kNone;
}

Rule CheckSuitabilityPack(const events::v1::SuitabilityPackPublished& pack) {
  if (!IsReferenceId(pack.pack_id(), kLongestId)) return Rule::kReferenceIdInvalid;
  std::set<std::pair<int, bool>> rows;
  for (const SuitabilityRow& row : pack.rows())
    if (!RowFits(row) || !rows.emplace(row.investor_class(), row.lowest()).second) return Rule::kMatrixInvalid;
  return Rule::kNone;
}

Rule CheckServiceLevels(const events::v1::ServiceLevelsPublished& levels) {
  if (!IsReferenceId(levels.pack_id(), kLongestId)) return Rule::kReferenceIdInvalid;
  std::set<std::string_view> tiers;
  for (const auto& level : levels.levels())
    if (level.contact_every_days() < 0 || !tiers.insert(level.tier()).second) return Rule::kLevelsInvalid;
  return Rule::kNone;
}

Rule CheckNextActions(const events::v1::NextActionRulesPublished& published) {
  std::set<std::string_view> ids;
  for (const auto& rule : published.rules())
    if (!IsReferenceId(rule.action_id(), kLongestId) || !ids.insert(rule.action_id()).second)
      return Rule::kReferenceIdInvalid;
  Rule first = Rule::kNone;
  const auto take = [&first](const events::v1::Expression& expression) {
    const Rule rule = RuleOf(rules::CheckExpression(expression));
    if (rule != Rule::kNone && (first == Rule::kNone || rule < first)) first = rule;
  };
  for (const auto& rule : published.rules()) {
    take(rule.condition());
    // Without a priority an action comes last.
    if (rule.has_priority()) take(rule.priority());
  }
  return first;
}

}  // namespace kefu::admission
