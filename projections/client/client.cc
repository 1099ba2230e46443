#include "projections/client/client.h"

#include <google/protobuf/util/time_util.h>

#include "projections/client/open_cases.h"
#include "projections/client/profile.h"
#include "projections/client/tallies.h"
#include "projections/sdk/identifiers.h"

namespace kefu::client {

using events::v1::CaseStatus;
using query::v1::Client;
using query::v1::ContactSummary;
using query::v1::OpenCase;
using Rows = ClientView::Rows;

namespace {

// The client's row, with what every event leaves in it. A client that was never registered has a row, too: contacts
// come before registration.
template <class Body>
Client& Touch(const sdk::Recorded<Body>& recorded, Rows& view) {
  const auto& event = recorded.event();
  Client& row = view.Edit<Clients>(event.client_id());
  if (row.client_id().empty()) {
    row.set_name("clients/" + event.client_id());
    row.set_client_id(event.client_id());
  }
  const auto& time = event.occurred_at();
  if (!row.has_first_seen_at() || time < row.first_seen_at()) *row.mutable_first_seen_at() = time;
  if (!row.has_last_event_at() || row.last_event_at() < time) *row.mutable_last_event_at() = time;
  // Before registration the first branch that met the client is the best guess.
  if (!row.registered() && row.branch_id().empty()) row.set_branch_id(event.branch_id());
  row.set_event_count(row.event_count() + 1);
  row.set_last_offset(recorded.record.offset.value());
  return row;
}

// The same for events that are about the client itself.
template <class Body>
Client& TouchClient(const sdk::Recorded<Body>& recorded, Rows& view) {
  Client& row = Touch(recorded, view);
  row.set_revision(row.revision() + 1);
  return row;
}

const char* Word(events::v1::CaseKind kind) {
  return kind == events::v1::CASE_KIND_COMPLAINT ? "complaint" : "request";
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

const char* Suffix(events::v1::WorkPhase phase) {
  switch (phase) {
    case events::v1::WORK_PHASE_SCHEDULED:
      return ".scheduled";
    case events::v1::WORK_PHASE_STARTED:
      return ".started";
    case events::v1::WORK_PHASE_COMPLETED:
      return ".completed";
    default:
      return ".other";
  }
}

// What admission lets through has a case; a view without it has lost something, and says so.
sdk::Outcome WithoutCase() { return sdk::Parked("case_unknown"); }

// The last ten by when they happened; of two at the same time the one recorded later is the newer.
void AddContact(const sdk::Recorded<events::v1::ContactRecorded>& contact, Client& row) {
  const auto& time = contact.event().occurred_at();
  auto& list = *row.mutable_last_contacts();
  int place = 0;
  while (place < list.size() && time < list.Get(place).occurred_at()) ++place;
  if (place == kContactsKept) return;
  // The eleventh entry's memory is used again.
  if (list.size() < kContactsKept) list.Add();
  for (int i = list.size() - 1; i > place; --i) list.SwapElements(i, i - 1);
  ContactSummary& summary = *list.Mutable(place);
  summary.set_contact_id(contact.body.contact_id());
  summary.set_channel(contact.body.channel());
  summary.set_direction(contact.body.direction());
  *summary.mutable_occurred_at() = time;
  summary.set_topic(contact.body.topic().value());
  summary.set_outcome(contact.body.outcome().value());
  summary.set_staff_id(contact.body.staff_id());
  summary.set_event_id(contact.event().event_id());
}

template <class Body>
OpenCase EntryOf(const sdk::Recorded<Body>& opened, events::v1::CaseKind kind) {
  OpenCase entry;
  entry.set_case_id(opened.body.case_id());
  entry.set_kind(kind);
  entry.set_status(events::v1::CASE_STATUS_OPEN);
  entry.set_category(opened.body.opening().category().value());
  *entry.mutable_opened_at() = opened.event().occurred_at();
  if (opened.body.opening().has_due_at()) *entry.mutable_due_at() = opened.body.opening().due_at();
  return entry;
}

// An open case has another status now.
template <class Body>
sdk::Outcome Move(const sdk::Recorded<Body>& recorded, CaseStatus status, Rows& view) {
  Client& row = Touch(recorded, view);
  OpenCase* entry = OpenCases(row, view).Find(recorded.body.case_id());
  if (entry == nullptr) return WithoutCase();
  entry->set_status(status);
  return sdk::Applied();
}

}  // namespace

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::ClientRegistered>& registered, Rows& view) {
  Client& row = TouchClient(registered, view);
  row.set_registered(true);
  row.set_kind(registered.body.kind());
  row.set_status(events::v1::CLIENT_STATUS_ACTIVE);
  if (!registered.event().branch_id().empty()) row.set_branch_id(registered.event().branch_id());
  *row.mutable_registered_at() = registered.event().occurred_at();
  sdk::TakeIdentifiers(registered.body, row);
  TakeProfile(registered, row);
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::ClientProfileChanged>& changed, Rows& view) {
  Client& row = TouchClient(changed, view);
  const std::string wrong = TakeProfile(changed, row);
  return wrong.empty() ? sdk::Applied() : sdk::Parked("unknown_field_path");
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::ClientIdentifiersChanged>& changed, Rows& view) {
  sdk::TakeIdentifiers(changed.body, TouchClient(changed, view));
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::ServiceConfigurationChanged>& changed, Rows& view) {
  *TouchClient(changed, view).mutable_service_configuration() = changed.body.configuration();
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::ClientStatusChanged>& changed, Rows& view) {
  TouchClient(changed, view).set_status(changed.body.status());
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::ContactRecorded>& contact, Rows& view) {
  Client& row = Touch(contact, view);
  AddContact(contact, row);
  Count("contact", row);
  Count(ContactKey(contact.body.channel(), contact.body.direction()), row);
  CountCode("topic.", contact.body.topic().value(), "", row);
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::OfferProgressed>& offer, Rows& view) {
  Count(OfferKey(offer.body.stage()), Touch(offer, view));
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::ComplaintReceived>& received, Rows& view) {
  Client& row = Touch(received, view);
  OpenCase entry = EntryOf(received, events::v1::CASE_KIND_COMPLAINT);
  // The regulator's date binds where it is earlier than the firm's own, or the only one.
  const auto& external = received.body.external();
  if (external.has_due_at() && (!entry.has_due_at() || external.due_at() < entry.due_at()))
    *entry.mutable_due_at() = external.due_at();
  OpenCases(row, view).Open(entry);
  Count("complaint.opened", row);
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::ServiceRequestOpened>& opened, Rows& view) {
  Client& row = Touch(opened, view);
  OpenCases(row, view).Open(EntryOf(opened, events::v1::CASE_KIND_SERVICE_REQUEST));
  Count("request.opened", row);
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::CaseAcknowledged>& acknowledged, Rows& view) {
  return Move(acknowledged, events::v1::CASE_STATUS_ACKNOWLEDGED, view);
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::CaseAssigned>& assigned, Rows& view) {
  Touch(assigned, view);
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::CaseStarted>& started, Rows& view) {
  return Move(started, events::v1::CASE_STATUS_IN_PROGRESS, view);
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::CaseWaitStarted>& waiting, Rows& view) {
  return Move(waiting, events::v1::CASE_STATUS_WAITING, view);
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::CaseResumed>& resumed, Rows& view) {
  return Move(resumed, events::v1::CASE_STATUS_IN_PROGRESS, view);
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::CaseEscalated>& escalated, Rows& view) {
  Count("case.escalated", Touch(escalated, view));
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::CaseReclassified>& reclassified, Rows& view) {
  Client& row = Touch(reclassified, view);
  return OpenCases(row, view).Reclassify(reclassified.body) ? sdk::Applied() : WithoutCase();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::CaseTimelinessReported>& reported, Rows& view) {
  Touch(reported, view);
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::CaseNoteAdded>& note, Rows& view) {
  Touch(note, view);
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::CaseWorkRecorded>& work, Rows& view) {
  CountCode("work.", work.body.activity().value(), Suffix(work.body.phase()), Touch(work, view));
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::CaseResolutionProposed>& proposed, Rows& view) {
  return Move(proposed, events::v1::CASE_STATUS_PROPOSED, view);
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::CaseResolved>& resolved, Rows& view) {
  Client& row = Touch(resolved, view);
  const auto kind = OpenCases(row, view).Settle(resolved.body.case_id());
  if (!kind.has_value()) return WithoutCase();
  CountCode(Word(*kind), ".resolved", "", row);
  CountCode(Word(*kind) + std::string("."), Word(resolved.body.outcome()), "", row);
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::CaseClosed>& closed, Rows& view) {
  Count("case.closed", Touch(closed, view));
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::CaseReopened>& reopened, Rows& view) {
  Client& row = Touch(reopened, view);
  const auto kind = OpenCases(row, view).Reopen(reopened.body.case_id());
  if (!kind.has_value()) return WithoutCase();
  CountCode(Word(*kind), ".reopened", "", row);
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::CaseWithdrawn>& withdrawn, Rows& view) {
  Client& row = Touch(withdrawn, view);
  const auto kind = OpenCases(row, view).Settle(withdrawn.body.case_id());
  if (!kind.has_value()) return WithoutCase();
  CountCode(Word(*kind), ".withdrawn", "", row);
  return sdk::Applied();
}

}  // namespace kefu::client
