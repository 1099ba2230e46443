#include "platform/rules/churn_model.h"

#include <algorithm>
#include <limits>

#include "platform/rules/expression.h"

namespace kefu::rules {
namespace {

using events::v1::ModelTerm;

// Two 64-bit numbers multiplied always fit.
__extension__ typedef __int128 Wide;

int64_t TermOf(const ModelTerm& term, std::span<const int64_t> facts) {
  const auto number = static_cast<size_t>(term.fact());
  if (term.scale() <= 0 || term.lower_bound() > term.upper_bound() || number >= facts.size()) return 0;
  const int64_t value = std::clamp(facts[number], term.lower_bound(), term.upper_bound());
  const Wide product = Wide{term.coefficient_micros()} * SubtractSaturating(value, term.mean());
  const Wide quotient = product / term.scale();
  return static_cast<int64_t>(
      std::clamp(quotient, Wide{std::numeric_limits<int64_t>::min()}, Wide{std::numeric_limits<int64_t>::max()}));
}

}  // namespace

RulesFault CheckModel(const events::v1::ChurnModelPublished& model) {
  const auto& terms = model.terms();
  const auto any = [&](auto is_at_fault) { return std::any_of(terms.begin(), terms.end(), is_at_fault); };
  if (any([](const ModelTerm& term) {
        return term.fact() == events::v1::CLIENT_FACT_UNSPECIFIED || !events::v1::ClientFact_IsValid(term.fact());
      }))
    return RulesFault::kExpressionInvalid;
  if (any([](const ModelTerm& term) { return term.scale() <= 0 || term.lower_bound() > term.upper_bound(); }))
    return RulesFault::kModelScaleInvalid;
  if (any([](const ModelTerm& term) { return term.fact() == events::v1::CLIENT_FACT_CHURN_SCORE; }))
    return RulesFault::kModelUsesScore;
  return RulesFault::kNone;
}

int64_t ScoreOf(const events::v1::ChurnModelPublished& model, std::span<const int64_t> facts) {
  int64_t score = model.intercept_micros();
  for (const ModelTerm& term : model.terms()) score = AddSaturating(score, TermOf(term, facts));
  return score;
}

}  // namespace kefu::rules
