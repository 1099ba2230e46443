#include "projections/cases/cases.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <string>

#include "platform/base/time.h"
#include "projections/cases/next_action.h"

namespace kefu::cases {

using events::v1::CaseStatus;
using query::v1::CaseStep;
using Rows = CasesView::Rows;

bool IsOpen(CaseStatus status) {
  return status >= events::v1::CASE_STATUS_OPEN && status <= events::v1::CASE_STATUS_PROPOSED;
}

namespace {

// An empty step at the end; the oldest makes room.
CaseStep& AddStep(Case& row) {
  row.set_step_count(row.step_count() + 1);
  auto& steps = *row.mutable_steps();
  if (steps.size() < kStepsKept) return *steps.Add();
  for (int i = 1; i < steps.size(); ++i) steps.SwapElements(i - 1, i);
  CaseStep& last = *steps.Mutable(steps.size() - 1);
  last.Clear();
  return last;
}

// The case an event is about, or nothing if it was never opened here.
template <class Body>
Case* FindCase(const sdk::Recorded<Body>& recorded, Rows& view) {
  Case& row = view.Edit<Cases>(recorded.body.case_id());
  return row.case_id().empty() ? nullptr : &row;
}

// What admission lets through has a case; a view without it has lost something, and says so.
sdk::Outcome WithoutCase() { return sdk::Parked("case_unknown"); }

// Where the status is another one, what was set to be done next is over.
template <class Body>
void MoveTo(const sdk::Recorded<Body>& recorded, CaseStatus status, Case& row) {
  if (status != events::v1::CASE_STATUS_WAITING) {
    row.clear_waiting_on();
    row.clear_waiting_until();
  }
  if (row.status() == status) return;
  row.set_status(status);
  *row.mutable_status_since() = recorded.event().occurred_at();
  ForgetSetAction(row);
}

// What an event about the case that is none of its own leaves in the row: no revision.
template <class Body>
CaseStep& NoteFact(const sdk::Recorded<Body>& recorded, const char* kind, Case& row) {
  const auto& event = recorded.event();
  if (!row.has_updated_at() || row.updated_at() < event.occurred_at()) *row.mutable_updated_at() = event.occurred_at();
  EndFold(recorded.record, row);
  CaseStep& step = AddStep(row);
  step.set_kind(kind);
  *step.mutable_occurred_at() = event.occurred_at();
  step.set_actor_id(event.actor().id());
  step.set_status(row.status());
  step.set_event_id(event.event_id());
  return step;
}

// What every event leaves in the row. The fold has set the status before; it adds to the step after.
template <class Body>
CaseStep& Note(const sdk::Recorded<Body>& recorded, const char* kind, Case& row) {
  row.set_revision(row.revision() + 1);
  return NoteFact(recorded, kind, row);
}

template <class Body>
Case& Open(const sdk::Recorded<Body>& opened, events::v1::CaseKind kind, Rows& view) {
  const auto& event = opened.event();
  const auto& opening = opened.body.opening();
  Case& row = view.Edit<Cases>(opened.body.case_id());
  row.set_name("clients/" + event.client_id() + "/cases/" + opened.body.case_id());
  row.set_case_id(opened.body.case_id());
  row.set_client_id(event.client_id());
  row.set_kind(kind);
  MoveTo(opened, events::v1::CASE_STATUS_OPEN, row);
  row.set_channel(opening.channel());
  if (opening.has_category()) *row.mutable_category() = opening.category();
  if (opening.has_subcategory()) *row.mutable_subcategory() = opening.subcategory();
  row.set_priority(opening.priority());
  row.set_subject(opening.subject());
  row.set_description(opening.description());
  row.set_branch_id(event.branch_id());
  row.set_source(event.source());
  row.set_team(opening.team());
  row.set_product_id(opening.product_id());
  *row.mutable_opened_at() = event.occurred_at();
  if (opening.has_due_at()) *row.mutable_due_at() = opening.due_at();
  return row;
}

// The first date by which any of those who have the case too want an answer.
void SetExternalDue(Case& row) {
  row.clear_external_due_at();
  for (const auto& reference : row.external_references()) {
    if (!reference.has_due_at()) continue;
    if (!row.has_external_due_at() || reference.due_at() < row.external_due_at())
      *row.mutable_external_due_at() = reference.due_at();
  }
}

// A number elsewhere, and what follows for the due time: a date from there binds where it is earlier than the firm's
// own, or the only one; where one bound before, the new one takes its place.
void Refer(const events::v1::ExternalReference& reference, Case& row) {
  auto& all = *row.mutable_external_references();
  const auto is_same = [&](const auto& each) { return each.scheme() == reference.scheme(); };
  const auto same = std::find_if(all.begin(), all.end(), is_same);
  if (same != all.end()) {
    *same = reference;
  } else {
    // The first one stays, for `external` shows it; the oldest after it makes room.
    if (all.size() == kReferencesKept) all.erase(all.begin() + 1);
    *all.Add() = reference;
  }
  *row.mutable_external() = all.Get(0);
  const bool bound = row.has_due_at() && row.has_external_due_at() && row.due_at() == row.external_due_at();
  SetExternalDue(row);
  if (!row.has_external_due_at()) return;
  if (bound || !row.has_due_at() || row.external_due_at() < row.due_at())
    *row.mutable_due_at() = row.external_due_at();
}

const char* Word(events::v1::CaseResponseKind kind) {
  switch (kind) {
    case events::v1::CASE_RESPONSE_KIND_HOLDING:
      return "holding";
    case events::v1::CASE_RESPONSE_KIND_FINAL:
      return "final";
    case events::v1::CASE_RESPONSE_KIND_SUMMARY:
      return "summary";
    default:
      return "";
  }
}

const char* Word(events::v1::WaitingOn on) {
  switch (on) {
    case events::v1::WAITING_ON_CLIENT:
      return "client";
    case events::v1::WAITING_ON_VENDOR:
      return "vendor";
    case events::v1::WAITING_ON_INTERNAL:
      return "internal";
    case events::v1::WAITING_ON_EVIDENCE:
      return "evidence";
    case events::v1::WAITING_ON_EXCHANGE:
      return "exchange";
    default:
      return "";
  }
}

const char* Word(events::v1::CaseOutcome outcome) {
  switch (outcome) {
    case events::v1::CASE_OUTCOME_FULFILLED:
      return "fulfilled";
    case events::v1::CASE_OUTCOME_PARTLY:
      return "partly";
    case events::v1::CASE_OUTCOME_DECLINED:
      return "declined";
    default:
      return "";
  }
}

const char* Word(events::v1::CasePriority priority) {
  switch (priority) {
    case events::v1::CASE_PRIORITY_CRITICAL:
      return "critical";
    case events::v1::CASE_PRIORITY_HIGH:
      return "high";
    case events::v1::CASE_PRIORITY_MODERATE:
      return "moderate";
    case events::v1::CASE_PRIORITY_LOW:
      return "low";
    default:
      return "";
  }
}

const char* Word(events::v1::WorkPhase phase) {
  switch (phase) {
    case events::v1::WORK_PHASE_SCHEDULED:
      return " scheduled";
    case events::v1::WORK_PHASE_STARTED:
      return " started";
    case events::v1::WORK_PHASE_COMPLETED:
      return " completed";
    default:
      return "";
  }
}

}  // namespace

void EndFold(const sdk::RecordedEvent& record, Case& row) {
  *row.mutable_recorded_at() = ToProto(record.recorded_at);
  row.set_last_offset(record.offset.value());
  CompleteNextAction(row);
}

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::ComplaintReceived>& received, Rows& view) {
  const auto& body = received.body;
  Case& row = Open(received, events::v1::CASE_KIND_COMPLAINT, view);
  row.set_form(body.form());
  if (body.has_disputed_amount()) *row.mutable_disputed_amount() = body.disputed_amount();
  *row.mutable_associated_staff_ids() = body.associated_staff_ids();
  row.set_matter_id(body.matter_id());
  row.set_alleges_theft_or_forgery(body.alleges_theft_or_forgery());
  if (body.has_external()) Refer(body.external(), row);
  Note(received, "complaint_received", row).set_channel(row.channel());
  return sdk::Applied();
}

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::ServiceRequestOpened>& opened, Rows& view) {
  Case& row = Open(opened, events::v1::CASE_KIND_SERVICE_REQUEST, view);
  if (opened.body.has_amount()) *row.mutable_amount() = opened.body.amount();
  Note(opened, "service_request_opened", row).set_channel(row.channel());
  return sdk::Applied();
}

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::CaseAcknowledged>& acknowledged, Rows& view) {
  Case* row = FindCase(acknowledged, view);
  if (row == nullptr) return WithoutCase();
  MoveTo(acknowledged, events::v1::CASE_STATUS_ACKNOWLEDGED, *row);
  *row->mutable_acknowledged_at() = acknowledged.event().occurred_at();
  Note(acknowledged, "case_acknowledged", *row).set_channel(acknowledged.body.channel());
  return sdk::Applied();
}

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::CaseAssigned>& assigned, Rows& view) {
  Case* row = FindCase(assigned, view);
  if (row == nullptr) return WithoutCase();
  const auto& body = assigned.body;
  if (!body.assignee_id().empty()) row->set_assignee_id(body.assignee_id());
  if (!body.team().empty()) row->set_team(body.team());
  row->set_assignment_count(row->assignment_count() + 1);
  Note(assigned, "case_assigned", *row).set_detail(body.assignee_id().empty() ? body.team() : body.assignee_id());
  return sdk::Applied();
}

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::CaseStarted>& started, Rows& view) {
  Case* row = FindCase(started, view);
  if (row == nullptr) return WithoutCase();
  MoveTo(started, events::v1::CASE_STATUS_IN_PROGRESS, *row);
  Note(started, "case_started", *row);
  return sdk::Applied();
}

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::CaseWaitStarted>& waiting, Rows& view) {
  Case* row = FindCase(waiting, view);
  if (row == nullptr) return WithoutCase();
  MoveTo(waiting, events::v1::CASE_STATUS_WAITING, *row);
  row->set_waiting_on(waiting.body.waiting_on());
  if (waiting.body.has_until())
    *row->mutable_waiting_until() = waiting.body.until();
  else
    row->clear_waiting_until();
  Note(waiting, "case_wait_started", *row).set_detail(Word(waiting.body.waiting_on()));
  return sdk::Applied();
}

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::CaseResumed>& resumed, Rows& view) {
  Case* row = FindCase(resumed, view);
  if (row == nullptr) return WithoutCase();
  MoveTo(resumed, events::v1::CASE_STATUS_IN_PROGRESS, *row);
  Note(resumed, "case_resumed", *row);
  return sdk::Applied();
}

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::CaseEscalated>& escalated, Rows& view) {
  Case* row = FindCase(escalated, view);
  if (row == nullptr) return WithoutCase();
  row->set_escalation_level(row->escalation_level() + 1);
  row->set_escalated_to(escalated.body.escalated_to());
  Note(escalated, "case_escalated", *row).set_detail(escalated.body.escalated_to());
  return sdk::Applied();
}

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::CaseReclassified>& reclassified, Rows& view) {
  Case* row = FindCase(reclassified, view);
  if (row == nullptr) return WithoutCase();
  const auto& body = reclassified.body;
  if (body.priority() != events::v1::CASE_PRIORITY_UNSPECIFIED) row->set_priority(body.priority());
  if (body.has_category()) *row->mutable_category() = body.category();
  if (body.has_subcategory()) *row->mutable_subcategory() = body.subcategory();
  if (body.has_due_at()) *row->mutable_due_at() = body.due_at();
  Note(reclassified, "case_reclassified", *row)
      .set_detail(body.has_category() ? body.category().value() : Word(body.priority()));
  return sdk::Applied();
}

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::CaseTimelinessReported>& reported, Rows& view) {
  Case* row = FindCase(reported, view);
  if (row == nullptr) return WithoutCase();
  row->set_in_time(reported.body.in_time());
  Note(reported, "case_timeliness_reported", *row).set_detail(reported.body.in_time() ? "in_time" : "late");
  return sdk::Applied();
}

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::CaseNoteAdded>& note, Rows& view) {
  Case* row = FindCase(note, view);
  if (row == nullptr) return WithoutCase();
  row->set_note_count(row->note_count() + 1);
  Note(note, "case_note_added", *row);
  return sdk::Applied();
}

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::CaseWorkRecorded>& work, Rows& view) {
  Case* row = FindCase(work, view);
  if (row == nullptr) return WithoutCase();
  Note(work, "case_work_recorded", *row).set_detail(work.body.activity().value() + Word(work.body.phase()));
  return sdk::Applied();
}

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::CaseResolutionProposed>& proposed, Rows& view) {
  Case* row = FindCase(proposed, view);
  if (row == nullptr) return WithoutCase();
  MoveTo(proposed, events::v1::CASE_STATUS_PROPOSED, *row);
  if (proposed.body.has_redress()) *row->mutable_redress() = proposed.body.redress();
  Note(proposed, "case_resolution_proposed", *row);
  return sdk::Applied();
}

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::CaseResolved>& resolved, Rows& view) {
  Case* row = FindCase(resolved, view);
  if (row == nullptr) return WithoutCase();
  const auto& body = resolved.body;
  MoveTo(resolved, events::v1::CASE_STATUS_RESOLVED, *row);
  *row->mutable_resolved_at() = resolved.event().occurred_at();
  row->set_outcome(body.outcome());
  if (body.has_root_cause()) *row->mutable_root_cause() = body.root_cause();
  if (body.has_redress()) *row->mutable_redress() = body.redress();
  row->set_resolver_id(body.resolver_id().empty() ? resolved.event().actor().id() : body.resolver_id());
  Note(resolved, "case_resolved", *row).set_detail(Word(body.outcome()));
  return sdk::Applied();
}

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::CaseClosed>& closed, Rows& view) {
  Case* row = FindCase(closed, view);
  if (row == nullptr) return WithoutCase();
  MoveTo(closed, events::v1::CASE_STATUS_CLOSED, *row);
  *row->mutable_closed_at() = closed.event().occurred_at();
  Note(closed, "case_closed", *row).set_detail(closed.body.cause().value());
  return sdk::Applied();
}

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::CaseReopened>& reopened, Rows& view) {
  Case* row = FindCase(reopened, view);
  if (row == nullptr) return WithoutCase();
  MoveTo(reopened, events::v1::CASE_STATUS_OPEN, *row);
  // The settlement no longer holds; the steps and the timeline keep it.
  row->clear_resolved_at();
  row->clear_closed_at();
  row->clear_outcome();
  row->clear_root_cause();
  row->clear_redress();
  row->clear_resolver_id();
  row->clear_final_response_at();
  // It does not come back to who leaves, or has left.
  const auto leaver = view.FindRaw<Leavers>(row->assignee_id());
  if (leaver.has_value() && !leaver->empty()) row->clear_assignee_id();
  row->set_reopen_count(row->reopen_count() + 1);
  Note(reopened, "case_reopened", *row).set_detail(reopened.body.cause().value());
  return sdk::Applied();
}

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::CaseWithdrawn>& withdrawn, Rows& view) {
  Case* row = FindCase(withdrawn, view);
  if (row == nullptr) return WithoutCase();
  MoveTo(withdrawn, events::v1::CASE_STATUS_WITHDRAWN, *row);
  *row->mutable_closed_at() = withdrawn.event().occurred_at();
  Note(withdrawn, "case_withdrawn", *row).set_detail(withdrawn.body.cause().value());
  return sdk::Applied();
}

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::CaseNextActionSet>& set, Rows& view) {
  Case* row = FindCase(set, view);
  if (row == nullptr) return WithoutCase();
  const auto& body = set.body;
  const std::string& action = body.action().value();
  if (!action.empty()) {
    *row->mutable_next_action() = body.action();
    row->set_next_action_is_set(true);
  }
  if (!body.owner_id().empty()) row->set_set_action_owner_id(body.owner_id());
  if (body.has_due_at()) *row->mutable_set_action_due_at() = body.due_at();
  Note(set, "case_next_action_set", *row).set_detail(action.empty() ? body.owner_id() : action);
  return sdk::Applied();
}

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::CaseResponseSent>& sent, Rows& view) {
  Case* row = FindCase(sent, view);
  if (row == nullptr) return WithoutCase();
  const auto& body = sent.body;
  // A summary is the short form of a final response.
  const bool is_final =
      body.kind() == events::v1::CASE_RESPONSE_KIND_FINAL || body.kind() == events::v1::CASE_RESPONSE_KIND_SUMMARY;
  if (is_final && !row->has_final_response_at()) *row->mutable_final_response_at() = sent.event().occurred_at();
  CaseStep& step = Note(sent, "case_response_sent", *row);
  step.set_detail(Word(body.kind()));
  step.set_channel(body.channel());
  return sdk::Applied();
}

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::CaseMatterSet>& set, Rows& view) {
  Case* row = FindCase(set, view);
  if (row == nullptr) return WithoutCase();
  row->set_matter_id(set.body.matter_id());
  Note(set, "case_matter_set", *row).set_detail(set.body.matter_id());
  return sdk::Applied();
}

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::CaseReferred>& referred, Rows& view) {
  Case* row = FindCase(referred, view);
  if (row == nullptr) return WithoutCase();
  Refer(referred.body.external(), *row);
  Note(referred, "case_referred", *row).set_detail(referred.body.external().scheme());
  return sdk::Applied();
}

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::WorkReassigned>& reassigned, Rows& view) {
  if (reassigned.body.kind() != events::v1::WORK_KIND_CASE) return sdk::Ignored();
  Case& row = view.Edit<Cases>(reassigned.body.work_id());
  if (row.case_id().empty()) return WithoutCase();
  row.set_assignee_id(reassigned.body.to_staff_id());
  row.set_assignment_count(row.assignment_count() + 1);
  NoteFact(reassigned, "work_reassigned", row).set_detail(reassigned.body.to_staff_id());
  return sdk::Applied();
}

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::HandoverOpened>& opened, Rows& view) {
  view.PutRaw<Leavers>(opened.body.handover_id(), opened.body.from_staff_id());
  view.PutRaw<Leaving>(opened.body.from_staff_id(), opened.body.handover_id());
  return sdk::Applied();
}

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::HandoverCancelled>& cancelled, Rows& view) {
  const auto found = view.FindRaw<Leaving>(cancelled.body.handover_id());
  if (!found.has_value()) return sdk::Parked("handover_unknown");
  const std::string staff_id(*found);
  // Bytes are never taken away: empty ones say that it stays.
  view.PutRaw<Leavers>("", staff_id);
  return sdk::Applied();
}

}  // namespace kefu::cases
