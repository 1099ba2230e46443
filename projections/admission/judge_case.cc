#include <string>

#include "projections/admission/judges.h"
#include "projections/admission/lifecycle.h"
#include "projections/admission/staff_rules.h"
#include "projections/sdk/case_id.h"

namespace kefu::admission {

namespace {

using events::v1::Event;

Rule JudgeContent(const Event& event, Memory& memory) {
  if (event.body_case() == Event::kCaseAssigned)
    return JudgeHolderIfPublished(event.case_assigned().assignee_id(), memory);
  if (event.body_case() != Event::kCaseNextActionSet) return Rule::kNone;
  const auto& next = event.case_next_action_set();
  const Rule rule = CheckNextAction(next);
  return rule != Rule::kNone ? rule : JudgeHolderIfPublished(next.owner_id(), memory);
}

void KeepAssignee(const Event& event, CaseState& state, Memory& memory) {
  if (event.body_case() == Event::kCaseAssigned && !event.case_assigned().assignee_id().empty())
    state.set_assignee_id(event.case_assigned().assignee_id());
  // It comes back to nobody where it would come back to someone who is leaving.
  if (event.body_case() == Event::kCaseReopened &&
      JudgeHolderIfPublished(state.assignee_id(), memory) != Rule::kNone)
    state.clear_assignee_id();
}

}  // namespace

Rule CheckNextAction(const events::v1::CaseNextActionSet& next) {
  const bool empty = next.action().value().empty() && next.owner_id().empty() && !next.has_due_at();
  return empty ? Rule::kNextActionEmpty : Rule::kNone;
}

Decision JudgeCase(const Event& event, Memory& memory) {
  const std::string& case_id = sdk::CaseIdOf(event);
  if (case_id.empty()) return {Rule::kCaseIdMissing, 0};
  const CaseState* found = memory.Find<Cases>(case_id);
  const CaseState& now = found != nullptr ? *found : CaseState::default_instance();
  const auto move = MoveCase(event.body_case(), now.status());
  const bool opens =
      event.body_case() == Event::kComplaintReceived || event.body_case() == Event::kServiceRequestOpened;
  Rule rule = move.refusal;
  if (found != nullptr && !opens && now.client_id() != event.client_id()) rule = Rule::kCaseOfOtherClient;
  if (rule == Rule::kNone) rule = JudgeContent(event, memory);
  if (rule == Rule::kNone && RevisionMoved(event, now.revision())) rule = Rule::kRevisionMoved;
  if (rule != Rule::kNone) return {rule, now.revision()};

  CaseState& changed = memory.Edit<Cases>(case_id);
  changed.set_status(move.next);
  changed.set_revision(changed.revision() + 1);
  KeepAssignee(event, changed, memory);
  if (opens) {
    changed.set_client_id(event.client_id());
    changed.set_kind(event.body_case() == Event::kComplaintReceived ? events::v1::CASE_KIND_COMPLAINT
                                                                    : events::v1::CASE_KIND_SERVICE_REQUEST);
  }
  return {Rule::kNone, changed.revision()};
}

Decision JudgeClock(const Event& event, Memory& memory) {
  const std::string& case_id = sdk::CaseIdOf(event);
  if (case_id.empty()) return {Rule::kCaseIdMissing, 0};
  const CaseState* found = memory.Find<Cases>(case_id);
  if (found == nullptr) return {Rule::kCaseUnknown, 0};
  if (found->client_id() != event.client_id()) return {Rule::kCaseOfOtherClient, 0};
  return {OrPrecondition(Rule::kNone, event), 0};
}

}  // namespace kefu::admission
