#include <algorithm>

#include "platform/base/time.h"
#include "projections/book/holdings.h"

namespace kefu::book {

using Rows = BookView::Rows;
using events::v1::BrokerRole;
using events::v1::Channel;
using events::v1::HandoverChoice;
using events::v1::HandoverCounts;
using google::protobuf::RepeatedPtrField;
using google::protobuf::Timestamp;
using query::v1::Tenure;

namespace {

// A person of the firm spoke to the client, or the firm wrote.
bool IsServed(const events::v1::ContactRecorded& contact) {
  return contact.direction() == events::v1::DIRECTION_OUTBOUND ||
         (contact.direction() == events::v1::DIRECTION_INBOUND && contact.channel() != events::v1::CHANNEL_IVR &&
          contact.channel() != events::v1::CHANNEL_SELF_SERVICE);
}

// The later of what is there and `time`. False if nothing changed.
bool Advance(bool has, const Timestamp& now, const Timestamp& time) {
  return !has || FromProto(now) < FromProto(time);
}

void Remove(const std::string& staff_id, RepeatedPtrField<std::string>& list) {
  list.erase(std::remove(list.begin(), list.end(), staff_id), list.end());
}

// Last is newest.
void Append(const std::string& staff_id, RepeatedPtrField<std::string>& list) {
  Remove(staff_id, list);
  if (list.size() >= kRolesKept) list.erase(list.begin());
  *list.Add() = staff_id;
}

// From `from` on somebody else serves the client, or nobody: ends the tenure in force, and, where that began later, those
// before it as well. What never held is left with no time at all.
void EndTenures(const BookClient& client, const Timestamp& from, Rows& view) {
  absl::Time start = FromProto(client.since());
  Offset offset(client.assigned_offset());
  for (int i = 0; i < kTenuresFollowed; ++i) {
    TenureRow& row = view.Edit<Tenures>(client.client_id(), start, offset);
    const bool is_void = start >= FromProto(from);
    Tenure& tenure = *row.mutable_tenure();
    const Timestamp& until = is_void ? tenure.from() : from;
    if (!tenure.has_until() || FromProto(until) < FromProto(tenure.until())) *tenure.mutable_until() = Timestamp(until);
    if (!is_void || !row.has_previous()) return;
    start = FromProto(row.previous_from());
    offset = Offset(row.previous_offset());
  }
}

void AddTenure(const sdk::Recorded<events::v1::ClientAssignedToBroker>& assigned, const Timestamp& from,
               const std::string& handover_id, const BookClient& before, Rows& view) {
  const std::string& client_id = assigned.event().client_id();
  TenureRow& row = view.Edit<Tenures>(client_id, FromProto(from), assigned.record.offset);
  row.set_offset(assigned.record.offset.value());
  Tenure& tenure = *row.mutable_tenure();
  tenure.set_client_id(client_id);
  tenure.set_staff_id(assigned.body.staff_id());
  tenure.set_role(assigned.body.role());
  *tenure.mutable_from() = from;
  tenure.set_event_id(assigned.event().event_id());
  tenure.set_handover_id(handover_id);
  if (assigned.body.role() != events::v1::BROKER_ROLE_PRIMARY || before.broker_id().empty()) return;
  row.set_has_previous(true);
  *row.mutable_previous_from() = before.since();
  row.set_previous_offset(before.assigned_offset());
}

// The client passed on under its handover and was not told yet.
bool WaitsToBeTold(const BookClient& row) { return !row.handover_id().empty() && !row.has_informed_at(); }

void ChangeNotInformed(const std::string& handover_id, const sdk::RecordedEvent& record, int64_t change, Rows& view) {
  if (!IsOpen(handover_id, view)) return;
  Handover& handover = view.Edit<Handovers>(handover_id);
  handover.set_not_informed(handover.not_informed() + change);
  handover.set_last_offset(record.offset.value());
}

// What becomes of a row that leaves the book of somebody whose handover is open: `handover_id`.
void PassUnder(const std::string& handover_id, const sdk::RecordedEvent& record, const std::string& to_staff_id,
               BookClient& row, Rows& view) {
  // Who passes on again before it was told is told by the handover that moved it last.
  if (WaitsToBeTold(row)) ChangeNotInformed(row.handover_id(), record, -1, view);
  const HandoverItem item = Moved(handover_id, record, kClientKind, row.client_id(), to_staff_id, view);
  row.set_handover_id(handover_id);
  row.clear_informed_at();
  row.clear_choice();
  // It may have been told before.
  if (item.has_informed_at()) {
    *row.mutable_informed_at() = item.informed_at();
    row.set_choice(item.choice());
  } else {
    ChangeNotInformed(handover_id, record, 1, view);
  }
}

void CountChoice(HandoverCounts& counts, HandoverChoice choice, int64_t change) {
  switch (choice) {
    case events::v1::HANDOVER_CHOICE_STAY:
      return counts.set_stay(counts.stay() + change);
    case events::v1::HANDOVER_CHOICE_OTHER_BROKER:
      return counts.set_other_broker(counts.other_broker() + change);
    case events::v1::HANDOVER_CHOICE_TRANSFER:
      return counts.set_transfer(counts.transfer() + change);
    default:
      return counts.set_undecided(counts.undecided() + change);
  }
}

}  // namespace

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::ClientRegistered>& registered, Rows& view) {
  BookClient& row = view.Edit<Clients>(registered.event().client_id());
  row.set_client_id(registered.event().client_id());
  row.set_registered(true);
  row.set_branch_id(registered.event().branch_id());
  row.set_last_offset(registered.record.offset.value());
  return sdk::Applied();
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::ServiceConfigurationChanged>& changed, Rows& view) {
  const std::string& tier = changed.body.configuration().tier();
  const BookClient* found = view.Find<Clients>(changed.event().client_id());
  if (found == nullptr || found->tier() == tier) return sdk::Ignored();
  BookClient& row = view.Edit<Clients>(changed.event().client_id());
  row.set_tier(tier);
  row.set_last_offset(changed.record.offset.value());
  return sdk::Applied();
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::ClientStatusChanged>& changed, Rows& view) {
  if (changed.body.status() != events::v1::CLIENT_STATUS_CLOSED) return sdk::Ignored();
  const BookClient* found = view.Find<Clients>(changed.event().client_id());
  if (found == nullptr || found->closed()) return sdk::Ignored();
  BookClient& row = view.Edit<Clients>(changed.event().client_id());
  row.set_closed(true);
  row.set_last_offset(changed.record.offset.value());
  if (WaitsToBeTold(row) && IsOpen(row.handover_id(), view)) {
    ChangeNotInformed(row.handover_id(), changed.record, -1, view);
    view.Edit<HandoverItems>(row.handover_id(), kClientKind, row.client_id()).set_closed(true);
  }
  if (row.broker_id().empty()) return sdk::Applied();
  EndTenures(row, changed.event().occurred_at(), view);
  if (const std::string handover_id = OpenHandoverOf(row.broker_id(), view); !handover_id.empty()) {
    Handover& handover = view.Edit<Handovers>(handover_id);
    handover.mutable_moved()->set_closed(handover.moved().closed() + 1);
    handover.set_last_offset(changed.record.offset.value());
    HandoverItem& item = view.Edit<HandoverItems>(handover_id, kClientKind, row.client_id());
    item.set_client_id(row.client_id());
    item.set_closed(true);
  }
  Lose(row.broker_id(), kClientKind, view);
  return sdk::Applied();
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::ContactRecorded>& contact, Rows& view) {
  const BookClient* found = view.Find<Clients>(contact.event().client_id());
  if (found == nullptr) return sdk::Ignored();
  const Timestamp& at = contact.event().occurred_at();
  const bool is_inbound = contact.body.direction() == events::v1::DIRECTION_INBOUND;
  const bool is_outbound = contact.body.direction() == events::v1::DIRECTION_OUTBOUND;
  // News may come late of what is long past.
  const bool moves_inbound = is_inbound && Advance(found->has_last_inbound_at(), found->last_inbound_at(), at);
  const bool moves_outbound = is_outbound && Advance(found->has_last_outbound_at(), found->last_outbound_at(), at);
  const bool moves_served =
      IsServed(contact.body) && Advance(found->has_last_served_at(), found->last_served_at(), at);
  if (!moves_inbound && !moves_outbound && !moves_served) return sdk::Ignored();
  BookClient& row = view.Edit<Clients>(contact.event().client_id());
  if (moves_inbound) *row.mutable_last_inbound_at() = at;
  if (moves_outbound) *row.mutable_last_outbound_at() = at;
  if (moves_served) *row.mutable_last_served_at() = at;
  row.set_last_offset(contact.record.offset.value());
  return sdk::Applied();
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::ClientAssignedToBroker>& assigned, Rows& view) {
  const auto& body = assigned.body;
  const Timestamp& from = body.has_effective_from() ? body.effective_from() : assigned.event().occurred_at();
  BookClient& row = view.Edit<Clients>(assigned.event().client_id());
  row.set_client_id(assigned.event().client_id());
  row.set_last_offset(assigned.record.offset.value());
  if (body.role() != events::v1::BROKER_ROLE_PRIMARY) {
    auto& list = body.role() == events::v1::BROKER_ROLE_BACKUP ? *row.mutable_backups() : *row.mutable_specialists();
    // The leaver's place goes to the successor.
    const Handover* handover =
        body.handover_id().empty() ? nullptr : view.Find<Handovers>(body.handover_id());
    if (handover != nullptr) Remove(handover->from_staff_id(), list);
    Append(body.staff_id(), list);
    AddTenure(assigned, from, body.handover_id(), row, view);
    return sdk::Applied();
  }
  const std::string handover_id = OpenHandoverOf(row.broker_id(), view);
  AddTenure(assigned, from, handover_id.empty() ? body.handover_id() : handover_id, row, view);
  // Who was served never counts from the day on which somebody took it.
  const bool never_served =
      !row.has_last_served_at() || (row.has_since() && FromProto(row.since()) == FromProto(row.last_served_at()));
  if (!row.broker_id().empty()) EndTenures(row, from, view);
  if (!handover_id.empty()) {
    PassUnder(handover_id, assigned.record, body.staff_id(), row, view);
  } else if (!WaitsToBeTold(row)) {
    row.clear_handover_id();
    row.clear_informed_at();
    row.clear_choice();
  }
  if (!row.closed()) {
    Gain(body.staff_id(), kClientKind, view);
    Lose(row.broker_id(), kClientKind, view);
  }
  Remove(body.staff_id(), *row.mutable_backups());
  row.set_broker_id(body.staff_id());
  *row.mutable_since() = from;
  if (never_served) *row.mutable_last_served_at() = from;
  row.set_assigned_by_event_id(assigned.event().event_id());
  row.set_assigned_offset(assigned.record.offset.value());
  return sdk::Applied();
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::ClientInformedOfHandover>& informed, Rows& view) {
  const auto& body = informed.body;
  const std::string& client_id = informed.event().client_id();
  if (view.Find<Handovers>(body.handover_id()) == nullptr) return sdk::Parked("handover_unknown");
  Handover& handover = view.Edit<Handovers>(body.handover_id());
  HandoverItem& item = view.Edit<HandoverItems>(body.handover_id(), kClientKind, client_id);
  HandoverCounts& counts = *handover.mutable_moved();
  if (item.has_informed_at())
    CountChoice(counts, item.choice(), -1);
  else
    counts.set_informed(counts.informed() + 1);
  CountChoice(counts, body.choice(), 1);
  handover.set_last_offset(informed.record.offset.value());
  item.set_client_id(client_id);
  *item.mutable_informed_at() = informed.event().occurred_at();
  item.set_choice(body.choice());
  const BookClient* found = view.Find<Clients>(client_id);
  if (found == nullptr || found->handover_id() != body.handover_id()) return sdk::Applied();
  BookClient& row = view.Edit<Clients>(client_id);
  if (!row.has_informed_at() && !row.closed()) ChangeNotInformed(body.handover_id(), informed.record, -1, view);
  *row.mutable_informed_at() = informed.event().occurred_at();
  row.set_choice(body.choice());
  row.set_last_offset(informed.record.offset.value());
  return sdk::Applied();
}

}  // namespace kefu::book
