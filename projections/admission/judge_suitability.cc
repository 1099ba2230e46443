#include <string>
#include <vector>

#include "platform/base/time.h"
#include "projections/admission/judges.h"
#include "projections/admission/lifecycle.h"
#include "projections/admission/staff_rules.h"
#include "projections/sdk/suitability_rules.h"

namespace kefu::admission {

namespace {

using events::v1::Event;
using events::v1::RecommendationMade;
using events::v1::SuitabilityPackPublished;

Rule RuleOf(sdk::SuitabilityRefusal refusal) {
  using sdk::SuitabilityRefusal;
  switch (refusal) {
    case SuitabilityRefusal::kNone:
      return Rule::kNone;
    case SuitabilityRefusal::kPackMissing:
      return Rule::kSuitabilityPackMissing;
    case SuitabilityRefusal::kAssessmentMissing:
      return Rule::kAssessmentMissing;
    case SuitabilityRefusal::kAssessmentExpired:
      return Rule::kAssessmentExpired;
    case SuitabilityRefusal::kUnsuitable:
      return Rule::kUnsuitable;
    case SuitabilityRefusal::kInsistingNotAllowed:
      return Rule::kInsistingNotAllowed;
    case SuitabilityRefusal::kWarningWithoutEvidence:
      return Rule::kWarningWithoutEvidence;
  }
  return Rule::kUnsuitable;
}

// The version of each pack that holds at `at`.
std::vector<const SuitabilityPackPublished*> PacksInForce(absl::Time at, Memory& memory) {
  std::vector<const SuitabilityPackPublished*> in_force;
  const SuitabilityPacksState* all = memory.Find<SuitabilityPacks>(kSuitabilityPacksKey);
  if (all == nullptr) return in_force;
  for (const SuitabilityPackVersions& pack : all->packs())
    if (const auto* version = sdk::InForceAt(pack.versions(), at)) in_force.push_back(version);
  return in_force;
}

// Whoever makes a recommendation has it in hand, so a leaver makes none.
Rule JudgeRecommender(const Event& event, const std::string& staff_id, Memory& memory) {
  const Rule rule = JudgeHolder(staff_id, memory);
  return rule != Rule::kNone ? rule : JudgeAct(event, staff_id, events::v1::STAFF_ACT_RECOMMEND, memory);
}

Rule JudgeMade(const Event& event, const RecommendationMade& made, Memory& memory) {
  Rule rule = JudgeIsClient(event.client_id(), memory);
  if (rule == Rule::kNone) rule = JudgeRecommender(event, made.staff_id(), memory);
  if (rule != Rule::kNone) return rule;
  const ProductState* product = memory.Find<Products>(made.product_id());
  if (product == nullptr) return Rule::kProductUnknown;
  if (product->withdrawn()) return Rule::kProductWithdrawn;
  const absl::Time at = FromProto(event.occurred_at());
  const auto packs = PacksInForce(at, memory);
  const auto& investor = memory.Find<Clients>(event.client_id())->investor();
  return RuleOf(sdk::JudgeSuitability(investor, product->risk(), packs, at,
                                      made.has_insisted() ? &made.insisted() : nullptr)
                    .refusal);
}

// An assessment that no member of staff made (a questionnaire in the app) names none.
Rule JudgeAssessor(const Event& event, const std::string& staff_id, Memory& memory) {
  const Rule rule = JudgeIsStaff(staff_id, memory);
  return rule != Rule::kNone ? rule : JudgeAct(event, staff_id, events::v1::STAFF_ACT_ASSESS, memory);
}

Rule JudgeInvestor(const Event& event, Memory& memory) {
  const Rule rule = JudgeIsClient(event.client_id(), memory);
  if (rule != Rule::kNone) return rule;
  if (event.body_case() == Event::kNeedsAssessed)
    return JudgeAssessor(event, event.needs_assessed().staff_id(), memory);
  if (event.body_case() == Event::kRiskAssessed && !event.risk_assessed().staff_id().empty())
    return JudgeAssessor(event, event.risk_assessed().staff_id(), memory);
  return Rule::kNone;
}

void KeepInvestor(const Event& event, Memory& memory) {
  const absl::Time at = FromProto(event.occurred_at());
  auto& investor = *memory.Edit<Clients>(event.client_id()).mutable_investor();
  if (event.body_case() == Event::kRiskAssessed)
    sdk::TakeAssessment(event.risk_assessed(), event.event_id(), at, &investor);
  else
    sdk::TakeClassification(event.investor_classified(), event.event_id(), at, &investor);
}

Decision JudgeRecommendation(const Event& event, Memory& memory) {
  const bool makes = event.body_case() == Event::kRecommendationMade;
  const std::string& id = makes ? event.recommendation_made().recommendation_id()
                                : event.recommendation_followed_up().recommendation_id();
  const RecommendationState* found = memory.Find<Recommendations>(id);
  const RecommendationState& now = found != nullptr ? *found : RecommendationState::default_instance();
  const auto move = MoveRecommendation(event.body_case(), now.status(), event.recommendation_followed_up().result());
  Rule rule = move.refusal;
  if (found != nullptr && !makes && now.client_id() != event.client_id()) rule = Rule::kRecommendationOfOtherClient;
  if (rule == Rule::kNone && makes) rule = JudgeMade(event, event.recommendation_made(), memory);
  rule = OrPrecondition(rule, event);
  if (rule != Rule::kNone) return {rule, 0};

  RecommendationState& changed = memory.Edit<Recommendations>(id);
  changed.set_status(move.next);
  if (makes) {
    changed.set_client_id(event.client_id());
    changed.set_owner_id(event.recommendation_made().staff_id());
  }
  return {};
}

}  // namespace

Decision JudgeSuitability(const Event& event, Memory& memory) {
  const Event::BodyCase body = event.body_case();
  if (body == Event::kRecommendationMade || body == Event::kRecommendationFollowedUp)
    return JudgeRecommendation(event, memory);
  const Rule rule = OrPrecondition(JudgeInvestor(event, memory), event);
  if (rule == Rule::kNone && body != Event::kNeedsAssessed) KeepInvestor(event, memory);
  return {rule, 0};
}

}  // namespace kefu::admission
