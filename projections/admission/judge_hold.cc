#include <string>

#include "projections/admission/judges.h"
#include "projections/admission/reference_rules.h"

namespace kefu::admission {

namespace {

using events::v1::Event;
using events::v1::LegalHoldPlaced;

Rule JudgePlaced(const Event& event, const LegalHoldPlaced& placed, Memory& memory) {
  if (!IsUnitId(placed.hold_id())) return Rule::kReferenceIdInvalid;
  if (memory.Find<Holds>(event.client_id(), placed.hold_id()) != nullptr) return Rule::kHoldExists;
  if (placed.case_id().empty()) return Rule::kNone;
  const CaseState* found = memory.Find<Cases>(placed.case_id());
  if (found == nullptr) return Rule::kCaseUnknown;
  return found->client_id() == event.client_id() ? Rule::kNone : Rule::kCaseOfOtherClient;
}

}  // namespace

Decision JudgeHold(const Event& event, Memory& memory) {
  const bool places = event.body_case() == Event::kLegalHoldPlaced;
  const std::string& hold_id = places ? event.legal_hold_placed().hold_id() : event.legal_hold_lifted().hold_id();
  Rule rule = Rule::kNone;
  if (places) {
    rule = JudgePlaced(event, event.legal_hold_placed(), memory);
  } else {
    const HoldState* hold = memory.Find<Holds>(event.client_id(), hold_id);
    if (hold == nullptr || hold->lifted()) rule = Rule::kHoldUnknown;
  }
  rule = OrPrecondition(rule, event);
  if (rule != Rule::kNone) return {rule, 0};
  memory.Edit<Holds>(event.client_id(), hold_id).set_lifted(!places);
  return {};
}

}  // namespace kefu::admission
