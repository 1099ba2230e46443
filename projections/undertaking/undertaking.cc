#include "projections/undertaking/undertaking.h"

#include "platform/base/time.h"

namespace kefu::undertaking {

using Rows = UndertakingView::Rows;

absl::Time DateOf(const Undertaking& row) { return FromProto(row.has_due_at() ? row.due_at() : row.made_at()); }

void UndertakingsByClient::Keys(const Undertaking& row, sdk::IndexKeys& out) {
  out.AddEncoded(
      Key::Encode(row.client_id(), static_cast<int32_t>(row.state()), DateOf(row), row.undertaking_id()));
}

void UndertakingsByDue::Keys(const Undertaking& row, sdk::IndexKeys& out) {
  out.AddEncoded(Key::Encode(static_cast<int32_t>(row.state()), DateOf(row), row.undertaking_id()));
}

void UndertakingsByOwner::Keys(const Undertaking& row, sdk::IndexKeys& out) {
  const auto add = [&](const std::string& who) {
    out.AddEncoded(Key::Encode(who, static_cast<int32_t>(row.state()), DateOf(row), row.undertaking_id()));
  };
  if (!row.owner_id().empty()) add(row.owner_id());
  if (!row.team().empty() && row.team() != row.owner_id()) add(row.team());
}

namespace {

// An open one as its first event tells it.
template <class Body>
Undertaking& Make(const sdk::Recorded<Body>& made, const std::string& id, query::v1::UndertakingKind kind, Rows& view) {
  const auto& event = made.event();
  const auto& body = made.body;
  Undertaking& row = view.Edit<Undertakings>(id);
  row.set_name("clients/" + event.client_id() + "/undertakings/" + id);
  row.set_undertaking_id(id);
  row.set_client_id(event.client_id());
  row.set_kind(kind);
  row.set_state(query::v1::UNDERTAKING_STATE_OPEN);
  row.set_contact_id(body.contact_id());
  row.set_case_id(body.case_id());
  row.set_owner_id(body.owner_id());
  row.set_branch_id(event.branch_id());
  *row.mutable_made_at() = event.occurred_at();
  if (body.has_due_at()) *row.mutable_due_at() = body.due_at();
  row.set_event_id(event.event_id());
  row.set_last_offset(made.record.offset.value());
  return row;
}

// The one an event settles, settled. Admission lets only open ones through; a view without it has lost something, and
// says so: null, for the caller to park.
template <class Body>
Undertaking* Settle(const sdk::Recorded<Body>& settled, const std::string& id, query::v1::UndertakingState state,
                    Rows& view) {
  Undertaking& row = view.Edit<Undertakings>(id);
  if (row.undertaking_id().empty()) return nullptr;
  row.set_state(state);
  *row.mutable_settled_at() = settled.event().occurred_at();
  row.set_last_offset(settled.record.offset.value());
  return &row;
}

// When it was done decides, not when that was told: news may come late of what was done in time.
void SetLate(absl::Time done, Undertaking& row) { row.set_late(row.has_due_at() && done > FromProto(row.due_at())); }

sdk::Outcome Unknown() { return sdk::Parked("undertaking_unknown"); }

}  // namespace

sdk::Outcome UndertakingView::Apply(const sdk::Recorded<events::v1::PromiseMade>& made, Rows& view) {
  Undertaking& row = Make(made, made.body.promise_id(), query::v1::UNDERTAKING_KIND_PROMISE, view);
  row.set_text(made.body.text());
  return sdk::Applied();
}

sdk::Outcome UndertakingView::Apply(const sdk::Recorded<events::v1::PromiseKept>& kept, Rows& view) {
  Undertaking* row = Settle(kept, kept.body.promise_id(), query::v1::UNDERTAKING_STATE_DONE, view);
  if (row == nullptr) return Unknown();
  SetLate(kept.occurred_at(), *row);
  row->set_settled_in_contact_id(kept.body.contact_id());
  return sdk::Applied();
}

sdk::Outcome UndertakingView::Apply(const sdk::Recorded<events::v1::PromiseReleased>& released, Rows& view) {
  Undertaking* row = Settle(released, released.body.promise_id(), query::v1::UNDERTAKING_STATE_VOID, view);
  if (row == nullptr) return Unknown();
  if (released.body.has_cause()) *row->mutable_outcome() = released.body.cause();
  return sdk::Applied();
}

sdk::Outcome UndertakingView::Apply(const sdk::Recorded<events::v1::CallBackPlanned>& planned, Rows& view) {
  const auto& body = planned.body;
  Undertaking& row = Make(planned, body.call_back_id(), query::v1::UNDERTAKING_KIND_CALL_BACK, view);
  row.set_team(body.team());
  if (body.has_programme()) *row.mutable_programme() = body.programme();
  *row.mutable_questions() = body.questions();
  return sdk::Applied();
}

sdk::Outcome UndertakingView::Apply(const sdk::Recorded<events::v1::CallBackDone>& done, Rows& view) {
  const auto& body = done.body;
  Undertaking* row = Settle(done, body.call_back_id(), query::v1::UNDERTAKING_STATE_DONE, view);
  if (row == nullptr) return Unknown();
  SetLate(done.occurred_at(), *row);
  row->set_settled_in_contact_id(body.contact_id());
  row->set_caller_id(body.caller_id());
  row->set_caller_is_independent(body.caller_is_independent());
  *row->mutable_answers() = body.answers();
  if (body.has_outcome()) *row->mutable_outcome() = body.outcome();
  return sdk::Applied();
}

sdk::Outcome UndertakingView::Apply(const sdk::Recorded<events::v1::CallBackCancelled>& cancelled, Rows& view) {
  Undertaking* row = Settle(cancelled, cancelled.body.call_back_id(), query::v1::UNDERTAKING_STATE_VOID, view);
  if (row == nullptr) return Unknown();
  if (cancelled.body.has_cause()) *row->mutable_outcome() = cancelled.body.cause();
  return sdk::Applied();
}

sdk::Outcome UndertakingView::Apply(const sdk::Recorded<events::v1::WorkReassigned>& reassigned, Rows& view) {
  const auto& body = reassigned.body;
  if (body.kind() != events::v1::WORK_KIND_PROMISE && body.kind() != events::v1::WORK_KIND_CALL_BACK)
    return sdk::Ignored();
  Undertaking& row = view.Edit<Undertakings>(body.work_id());
  if (row.undertaking_id().empty()) return Unknown();
  row.set_owner_id(body.to_staff_id());
  row.set_last_offset(reassigned.record.offset.value());
  return sdk::Applied();
}

}  // namespace kefu::undertaking
