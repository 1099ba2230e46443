#include "projections/lead/lead.h"

#include "platform/base/time.h"
#include "projections/lead/answers.h"

namespace kefu::lead {

using Rows = LeadView::Rows;

void LeadsByClient::Keys(const Lead& row, sdk::IndexKeys& out) {
  out.AddEncoded(
      Key::Encode(row.client_id(), static_cast<int32_t>(row.state()), FromProto(row.due_at()), row.lead_id()));
}

void LeadsByDue::Keys(const Lead& row, sdk::IndexKeys& out) {
  if (!IsOpen(row.state()) || row.imported()) return;
  const absl::Time due = FromProto(row.due_at());
  if (row.has_escalated_due_at() && FromProto(row.escalated_due_at()) == due) return;
  out.AddEncoded(Key::Encode(due, row.lead_id()));
}

void LeadsByOwner::Keys(const Lead& row, sdk::IndexKeys& out) {
  const auto add = [&](const std::string& who) {
    out.AddEncoded(Key::Encode(who, static_cast<int32_t>(row.state()), FromProto(row.due_at()), row.lead_id()));
  };
  if (!row.owner_id().empty()) add(row.owner_id());
  if (!row.team().empty() && row.team() != row.owner_id()) add(row.team());
}

void LeadsByState::Keys(const Lead& row, sdk::IndexKeys& out) {
  out.AddEncoded(Key::Encode(static_cast<int32_t>(row.state()), FromProto(row.due_at()), row.lead_id()));
}

void LeadsByWon::Keys(const Lead& row, sdk::IndexKeys& out) {
  if (row.state() == query::v1::LEAD_STATE_WON) out.AddEncoded(Key::Encode(FromProto(row.ended_at()), row.lead_id()));
}

namespace {

// The lead an event is about. Admission lets only events about known ones through; a view without it has lost
// something, and says so: null, for the caller to park.
template <class Body>
Lead* Take(const sdk::Recorded<Body>& recorded, const std::string& lead_id, Rows& view) {
  Lead& row = view.Edit<Leads>(lead_id);
  if (row.lead_id().empty()) return nullptr;
  row.set_last_offset(recorded.record.offset.value());
  return &row;
}

template <class Body>
Lead* End(const sdk::Recorded<Body>& recorded, query::v1::LeadState state, Rows& view) {
  Lead* row = Take(recorded, recorded.body.lead_id(), view);
  if (row == nullptr) return nullptr;
  row->set_state(state);
  *row->mutable_ended_at() = recorded.event().occurred_at();
  return row;
}

sdk::Outcome Unknown() { return sdk::Parked("lead_unknown"); }

}  // namespace

sdk::Outcome LeadView::Apply(const sdk::Recorded<events::v1::LeadRaised>& raised, Rows& view) {
  const auto& event = raised.event();
  const auto& body = raised.body;
  Lead& row = view.Edit<Leads>(body.lead_id());
  row.set_name("clients/" + event.client_id() + "/leads/" + body.lead_id());
  row.set_lead_id(body.lead_id());
  row.set_client_id(event.client_id());
  row.set_direction(body.direction());
  row.set_state(query::v1::LEAD_STATE_RAISED);
  if (body.has_need()) *row.mutable_need() = body.need();
  row.set_product_id(body.product_id());
  row.set_contact_id(body.contact_id());
  row.set_promise_id(body.promise_id());
  row.set_raised_by(body.raised_by());
  *row.mutable_raised_at() = event.occurred_at();
  row.set_raised_by_event_id(event.event_id());
  row.set_owner_id(body.owner_id());
  row.set_team(body.team());
  *row.mutable_due_at() = body.due_at();
  row.set_imported(event.imported());
  row.set_note(body.note());
  row.set_branch_id(event.branch_id());
  row.set_last_offset(raised.record.offset.value());
  return sdk::Applied();
}

sdk::Outcome LeadView::Apply(const sdk::Recorded<events::v1::LeadAccepted>& accepted, Rows& view) {
  Lead* row = Take(accepted, accepted.body.lead_id(), view);
  if (row == nullptr) return Unknown();
  row->set_state(query::v1::LEAD_STATE_ACCEPTED);
  row->set_owner_id(accepted.body.staff_id());
  *row->mutable_accepted_at() = accepted.event().occurred_at();
  // Who names no time by which it has to end keeps the first one: a lead is never open without a time at which somebody
  // looks after it.
  if (accepted.body.has_due_at()) {
    *row->mutable_due_at() = accepted.body.due_at();
    row->set_imported(accepted.event().imported());
  }
  return sdk::Applied();
}

sdk::Outcome LeadView::Apply(const sdk::Recorded<events::v1::LeadDeclined>& declined, Rows& view) {
  Lead* row = End(declined, query::v1::LEAD_STATE_DECLINED, view);
  if (row == nullptr) return Unknown();
  if (declined.body.has_cause()) *row->mutable_cause() = declined.body.cause();
  return sdk::Applied();
}

sdk::Outcome LeadView::Apply(const sdk::Recorded<events::v1::LeadWorked>& worked, Rows& view) {
  Lead* row = Take(worked, worked.body.lead_id(), view);
  if (row == nullptr) return Unknown();
  row->set_worked(row->worked() + 1);
  // News may come late.
  if (!row->has_last_worked_at() || worked.occurred_at() > FromProto(row->last_worked_at()))
    *row->mutable_last_worked_at() = worked.event().occurred_at();
  return sdk::Applied();
}

sdk::Outcome LeadView::Apply(const sdk::Recorded<events::v1::LeadWon>& won, Rows& view) {
  const auto& body = won.body;
  Lead* row = End(won, query::v1::LEAD_STATE_WON, view);
  if (row == nullptr) return Unknown();
  if (!body.product_id().empty()) row->set_product_id(body.product_id());
  if (body.has_amount()) *row->mutable_amount() = body.amount();
  *row->mutable_credits() = body.credits();
  return sdk::Applied();
}

sdk::Outcome LeadView::Apply(const sdk::Recorded<events::v1::LeadLost>& lost, Rows& view) {
  Lead* row = End(lost, query::v1::LEAD_STATE_LOST, view);
  if (row == nullptr) return Unknown();
  if (lost.body.has_cause()) *row->mutable_cause() = lost.body.cause();
  return sdk::Applied();
}

sdk::Outcome LeadView::Apply(const sdk::Recorded<events::v1::LeadEscalated>& escalated, Rows& view) {
  Lead* row = Take(escalated, escalated.body.lead_id(), view);
  if (row == nullptr) return Unknown();
  row->set_escalations(row->escalations() + 1);
  *row->mutable_escalated_due_at() = escalated.body.due_at();
  return sdk::Applied();
}

sdk::Outcome LeadView::Apply(const sdk::Recorded<events::v1::WorkReassigned>& reassigned, Rows& view) {
  if (reassigned.body.kind() != events::v1::WORK_KIND_LEAD) return sdk::Ignored();
  Lead* row = Take(reassigned, reassigned.body.work_id(), view);
  if (row == nullptr) return Unknown();
  row->set_owner_id(reassigned.body.to_staff_id());
  return sdk::Applied();
}

sdk::Outcome LeadView::Apply(const sdk::Recorded<events::v1::NextActionAnswered>& answered, Rows& view) {
  AnsweredActions& row = view.Edit<Answers>(answered.event().client_id());
  row.set_client_id(answered.event().client_id());
  TakeAnswer(answered, row);
  return sdk::Applied();
}

}  // namespace kefu::lead
