#include "projections/client/client.h"

#include <google/protobuf/util/time_util.h>

#include "platform/codec/wire.h"
#include "projections/client/open_cases.h"
#include "projections/client/profile.h"
#include "projections/client/tallies.h"
#include "projections/client/told.h"
#include "projections/sdk/contact_rules.h"
#include "projections/sdk/identifiers.h"

namespace kefu::client {

using events::v1::CaseStatus;
using query::v1::Client;
using query::v1::ContactSummary;
using query::v1::OpenCase;
using Rows = ClientView::Rows;

namespace {

// The client's row. A client that was never registered has one, too: contacts come before registration.
ClientRow& RowOf(const events::v1::Event& event, Rows& view) {
  ClientRow& row = view.Edit<Clients>(event.client_id());
  // Before registration the first branch that met the client is the best guess.
  const bool takes_branch = !row.registered() && !row.has_branch() && !event.branch_id().empty();
  if (row.empty() || takes_branch) {
    row.ChangeIdentity([&](Client& identity) {
      identity.set_name("clients/" + event.client_id());
      identity.set_client_id(event.client_id());
      if (takes_branch) identity.set_branch_id(event.branch_id());
    });
  }
  return row;
}

// The same, with what every event leaves in it.
template <class Body>
ClientRow& Touch(const sdk::Recorded<Body>& recorded, Rows& view) {
  ClientRow& row = RowOf(recorded.event(), view);
  row.NoteTime(recorded.event().occurred_at());
  ++row.event_count;
  row.last_offset = recorded.record.offset.value();
  return row;
}

// What only says how often something happens.
template <class Body>
sdk::Outcome CountOne(std::string_view key, const sdk::Recorded<Body>& recorded, Rows& view) {
  Count(key, Touch(recorded, view));
  return sdk::Applied();
}

// The same for events that are about the client itself.
template <class Body>
ClientRow& TouchClient(const sdk::Recorded<Body>& recorded, Rows& view) {
  ClientRow& row = Touch(recorded, view);
  ++row.revision;
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

constexpr size_t kTypicalSummary = 160;

// As a ContactSummary serialises itself.
void Encode(const sdk::Recorded<events::v1::ContactRecorded>& contact, std::string* summary) {
  std::string time;
  contact.event().occurred_at().AppendToString(&time);
  codec::AppendTextField(summary, ContactSummary::kContactIdFieldNumber, contact.body.contact_id());
  codec::AppendVarintField(summary, ContactSummary::kChannelFieldNumber, static_cast<uint64_t>(contact.body.channel()));
  codec::AppendVarintField(summary, ContactSummary::kDirectionFieldNumber,
                           static_cast<uint64_t>(contact.body.direction()));
  codec::AppendBytesField(summary, ContactSummary::kOccurredAtFieldNumber, time);
  codec::AppendTextField(summary, ContactSummary::kTopicFieldNumber, contact.body.topic().value());
  codec::AppendTextField(summary, ContactSummary::kOutcomeFieldNumber, contact.body.outcome().value());
  codec::AppendTextField(summary, ContactSummary::kStaffIdFieldNumber, contact.body.staff_id());
  codec::AppendTextField(summary, ContactSummary::kEventIdFieldNumber, contact.event().event_id());
}

// The last ten by when they happened; of two at the same time the one recorded later is the newer.
void AddContact(const sdk::Recorded<events::v1::ContactRecorded>& contact, ClientRow& row) {
  const auto& time = contact.event().occurred_at();
  auto& list = row.contacts;
  size_t at = list.begin();
  for (; at < list.end() && time < OccurredAt(list.At(at).payload); at = list.At(at).end) {
  }
  if (at == list.end() && list.size() == kContactsKept) return;
  if (list.size() == kContactsKept) {
    auto last = list.At(list.begin());
    while (last.end < list.end()) last = list.At(last.end);
    list.Erase(last);
  }
  std::string summary;
  summary.reserve(kTypicalSummary);
  Encode(contact, &summary);
  list.Insert(at, summary);
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
  OpenCases open(Touch(recorded, view), recorded.event().client_id(), view);
  return open.SetStatus(recorded.body.case_id(), status) ? sdk::Applied() : WithoutCase();
}

}  // namespace

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::ClientRegistered>& registered, Rows& view) {
  TouchClient(registered, view).ChangeIdentity([&](Client& identity) {
    identity.set_registered(true);
    identity.set_kind(registered.body.kind());
    identity.set_status(events::v1::CLIENT_STATUS_ACTIVE);
    if (!registered.event().branch_id().empty()) identity.set_branch_id(registered.event().branch_id());
    *identity.mutable_registered_at() = registered.event().occurred_at();
    sdk::TakeIdentifiers(registered.body, identity);
    TakeProfile(registered, identity);
  });
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::ClientProfileChanged>& changed, Rows& view) {
  std::string wrong;
  TouchClient(changed, view).ChangeIdentity([&](Client& identity) { wrong = TakeProfile(changed, identity); });
  return wrong.empty() ? sdk::Applied() : sdk::Parked("unknown_field_path");
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::ClientIdentifiersChanged>& changed, Rows& view) {
  TouchClient(changed, view).ChangeIdentity([&](Client& identity) { sdk::TakeIdentifiers(changed.body, identity); });
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::ServiceConfigurationChanged>& changed, Rows& view) {
  TouchClient(changed, view).ChangeIdentity(
      [&](Client& identity) { TakeConfiguration(changed, *identity.mutable_service_configuration()); });
  return sdk::Applied();
}

// The event is the book's: no revision. Who is in charge is shown where the configuration names it; told last, it counts.
sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::ClientAssignedToBroker>& assigned, Rows& view) {
  ClientRow& row = Touch(assigned, view);
  if (assigned.body.role() != events::v1::BROKER_ROLE_PRIMARY) return sdk::Applied();
  row.ChangeIdentity([&](Client& identity) {
    identity.mutable_service_configuration()->set_broker_id(assigned.body.staff_id());
  });
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::ClientStatusChanged>& changed, Rows& view) {
  TouchClient(changed, view).ChangeIdentity([&](Client& identity) { identity.set_status(changed.body.status()); });
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::ChannelIdentityLinked>& linked, Rows& view) {
  TouchClient(linked, view).ChangeTail([&](Client& tail) { TakeIdentity(linked, tail); });
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::ChannelIdentityUnlinked>& unlinked, Rows& view) {
  TouchClient(unlinked, view).ChangeTail([&](Client& tail) { DropIdentity(unlinked.body, tail); });
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::ConsentChanged>& changed, Rows& view) {
  TouchClient(changed, view).ChangeIdentity([&](Client& identity) {
    sdk::TakeConsent(changed.body.consent(), changed.event().occurred_at(), identity.mutable_service_configuration());
  });
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::TradingDaySummarised>& told, Rows& view) {
  Touch(told, view).ChangeTail([&](Client& tail) { TakeTrading(told, tail); });
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::AssetsValued>& told, Rows& view) {
  Touch(told, view).ChangeTail([&](Client& tail) { TakeAssets(told, tail); });
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::ContactRecorded>& contact, Rows& view) {
  ClientRow& row = Touch(contact, view);
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

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::PromiseMade>& promise, Rows& view) {
  return CountOne("promise.made", promise, view);
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::PromiseKept>& promise, Rows& view) {
  return CountOne("promise.kept", promise, view);
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::PromiseReleased>& promise, Rows& view) {
  return CountOne("promise.released", promise, view);
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::CallBackPlanned>& call_back, Rows& view) {
  return CountOne("call_back.planned", call_back, view);
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::CallBackDone>& call_back, Rows& view) {
  return CountOne("call_back.done", call_back, view);
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::CallBackCancelled>& call_back, Rows& view) {
  return CountOne("call_back.cancelled", call_back, view);
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::SatisfactionRated>& rated, Rows& view) {
  return CountOne(rated.body.scale() == events::v1::SATISFACTION_SCALE_NPS ? "rating.nps" : "rating.csat", rated, view);
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::ComplaintReceived>& received, Rows& view) {
  ClientRow& row = Touch(received, view);
  OpenCase entry = EntryOf(received, events::v1::CASE_KIND_COMPLAINT);
  BringForward(received.body.external(), entry);
  OpenCases(row, received.event().client_id(), view).Open(entry);
  Count("complaint.opened", row);
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::ServiceRequestOpened>& opened, Rows& view) {
  ClientRow& row = Touch(opened, view);
  OpenCases(row, opened.event().client_id(), view).Open(EntryOf(opened, events::v1::CASE_KIND_SERVICE_REQUEST));
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
  ClientRow& row = Touch(reclassified, view);
  return OpenCases(row, reclassified.event().client_id(), view).Reclassify(reclassified.body) ? sdk::Applied() : WithoutCase();
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
  ClientRow& row = Touch(resolved, view);
  const auto kind = OpenCases(row, resolved.event().client_id(), view).Settle(resolved.body.case_id());
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
  ClientRow& row = Touch(reopened, view);
  const auto kind = OpenCases(row, reopened.event().client_id(), view).Reopen(reopened.body.case_id());
  if (!kind.has_value()) return WithoutCase();
  CountCode(Word(*kind), ".reopened", "", row);
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::CaseWithdrawn>& withdrawn, Rows& view) {
  ClientRow& row = Touch(withdrawn, view);
  const auto kind = OpenCases(row, withdrawn.event().client_id(), view).Settle(withdrawn.body.case_id());
  if (!kind.has_value()) return WithoutCase();
  CountCode(Word(*kind), ".withdrawn", "", row);
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::CaseNextActionSet>& set, Rows& view) {
  Touch(set, view);
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::CaseResponseSent>& sent, Rows& view) {
  Touch(sent, view);
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::CaseMatterSet>& set, Rows& view) {
  Touch(set, view);
  return sdk::Applied();
}

sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::CaseReferred>& referred, Rows& view) {
  ClientRow& row = Touch(referred, view);
  return OpenCases(row, referred.event().client_id(), view).Refer(referred.body) ? sdk::Applied() : WithoutCase();
}

// Concluded by a service: no event of the client's own, so nothing is counted and no time moves.
sdk::Outcome ClientView::Apply(const sdk::Recorded<events::v1::ClientClassified>& classified, Rows& view) {
  ClientRow& row = RowOf(classified.event(), view);
  row.ChangeTail([&](Client& tail) { TakeSegment(classified, tail); });
  row.last_offset = classified.record.offset.value();
  return sdk::Applied();
}

}  // namespace kefu::client
