#include "platform/base/time.h"
#include "projections/book/holdings.h"

namespace kefu::book {

using Rows = BookView::Rows;
using events::v1::WorkKind;
using google::protobuf::Timestamp;

namespace {

// What begins a piece of work: nobody, or somebody, has it.
struct Beginning {
  WorkKind kind;
  const std::string& work_id;
  const std::string& owner_id;
  // Null: no date.
  const Timestamp* due_at;
};

const Timestamp* DueOf(bool has, const Timestamp& due_at) { return has ? &due_at : nullptr; }

sdk::Outcome Begin(const sdk::RecordedEvent& record, const Beginning& beginning, Rows& view) {
  BookItem& item = view.Edit<Items>(static_cast<int32_t>(beginning.kind), beginning.work_id);
  item.set_kind(beginning.kind);
  item.set_work_id(beginning.work_id);
  item.set_client_id(record.event->client_id());
  item.set_owner_id(beginning.owner_id);
  *item.mutable_since() = record.event->occurred_at();
  if (beginning.due_at != nullptr) *item.mutable_due_at() = *beginning.due_at;
  Gain(beginning.owner_id, beginning.kind, view);
  return sdk::Applied();
}

const BookItem* Find(WorkKind kind, const std::string& work_id, Rows& view) {
  return view.Find<Items>(static_cast<int32_t>(kind), work_id);
}

// What admission lets through was begun; a view without it has lost something, and says so.
sdk::Outcome Unknown() { return sdk::Parked("work_unknown"); }

void Give(const std::string& owner_id, const Timestamp& since, BookItem& item, Rows& view) {
  Gain(owner_id, item.kind(), view);
  Lose(item.owner_id(), item.kind(), view);
  item.set_owner_id(owner_id);
  *item.mutable_since() = since;
}

// Work that cannot begin again leaves no trace here.
sdk::Outcome End(WorkKind kind, const std::string& work_id, Rows& view) {
  const BookItem* item = Find(kind, work_id, view);
  if (item == nullptr) return Unknown();
  const std::string owner_id = item->owner_id();
  view.Erase<Items>(static_cast<int32_t>(kind), work_id);
  Lose(owner_id, kind, view);
  return sdk::Applied();
}

// The date that binds: what comes from outside where it is earlier, or the only one.
const Timestamp* EarlierOf(const Timestamp* a, const Timestamp* b) {
  if (a == nullptr || b == nullptr) return a == nullptr ? b : a;
  return FromProto(*b) < FromProto(*a) ? b : a;
}

// A case that is opened lies with a team first. Its date has to be kept for whoever gets it; without one there is nothing
// to keep yet.
sdk::Outcome OpenCase(const sdk::RecordedEvent& record, const std::string& case_id, const Timestamp* due_at,
                      Rows& view) {
  if (due_at == nullptr) return sdk::Ignored();
  static const std::string nobody;
  return Begin(record, {events::v1::WORK_KIND_CASE, case_id, nobody, due_at}, view);
}

sdk::Outcome EndCase(const std::string& case_id, Rows& view) {
  const BookItem* found = Find(events::v1::WORK_KIND_CASE, case_id, view);
  if (found == nullptr || found->ended()) return sdk::Ignored();
  BookItem& item = view.Edit<Items>(static_cast<int32_t>(events::v1::WORK_KIND_CASE), case_id);
  item.set_ended(true);
  Lose(item.owner_id(), item.kind(), view);
  return sdk::Applied();
}

}  // namespace

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::WorkReassigned>& reassigned, Rows& view) {
  const auto& body = reassigned.body;
  const BookItem* found = Find(body.kind(), body.work_id(), view);
  // A case without a date that nobody had.
  if (found == nullptr && body.kind() != events::v1::WORK_KIND_CASE) return Unknown();
  if (found == nullptr)
    return Begin(reassigned.record, {body.kind(), body.work_id(), body.to_staff_id(), nullptr}, view);
  BookItem& item = view.Edit<Items>(static_cast<int32_t>(body.kind()), body.work_id());
  if (item.ended()) {
    // Whoever has it when it is reopened.
    item.set_owner_id(body.to_staff_id());
    return sdk::Applied();
  }
  const std::string handover_id = OpenHandoverOf(item.owner_id(), view);
  if (!handover_id.empty() && item.owner_id() != body.to_staff_id())
    Moved(handover_id, reassigned.record, body.kind(), body.work_id(), body.to_staff_id(), view);
  Give(body.to_staff_id(), reassigned.event().occurred_at(), item, view);
  return sdk::Applied();
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::ComplaintReceived>& received, Rows& view) {
  const auto& opening = received.body.opening();
  const auto& external = received.body.external();
  return OpenCase(received.record, received.body.case_id(),
                  EarlierOf(DueOf(opening.has_due_at(), opening.due_at()),
                            DueOf(external.has_due_at(), external.due_at())),
                  view);
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::ServiceRequestOpened>& opened, Rows& view) {
  const auto& opening = opened.body.opening();
  return OpenCase(opened.record, opened.body.case_id(), DueOf(opening.has_due_at(), opening.due_at()), view);
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::CaseAssigned>& assigned, Rows& view) {
  const auto& body = assigned.body;
  if (body.assignee_id().empty()) return sdk::Ignored();
  const BookItem* found = Find(events::v1::WORK_KIND_CASE, body.case_id(), view);
  if (found == nullptr)
    return Begin(assigned.record, {events::v1::WORK_KIND_CASE, body.case_id(), body.assignee_id(), nullptr}, view);
  if (found->owner_id() == body.assignee_id()) return sdk::Ignored();
  BookItem& item = view.Edit<Items>(static_cast<int32_t>(events::v1::WORK_KIND_CASE), body.case_id());
  if (item.ended()) {
    item.set_owner_id(body.assignee_id());
    return sdk::Applied();
  }
  // Someone may take a leaver's case before the handover gets to it.
  if (const std::string handover_id = OpenHandoverOf(item.owner_id(), view); !handover_id.empty())
    Moved(handover_id, assigned.record, item.kind(), body.case_id(), body.assignee_id(), view);
  Give(body.assignee_id(), assigned.event().occurred_at(), item, view);
  return sdk::Applied();
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::CaseReclassified>& reclassified, Rows& view) {
  const auto& body = reclassified.body;
  if (!body.has_due_at()) return sdk::Ignored();
  if (Find(events::v1::WORK_KIND_CASE, body.case_id(), view) == nullptr)
    return OpenCase(reclassified.record, body.case_id(), &body.due_at(), view);
  BookItem& item = view.Edit<Items>(static_cast<int32_t>(events::v1::WORK_KIND_CASE), body.case_id());
  *item.mutable_due_at() = body.due_at();
  return sdk::Applied();
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::CaseReferred>& referred, Rows& view) {
  const auto& external = referred.body.external();
  if (!external.has_due_at()) return sdk::Ignored();
  const BookItem* found = Find(events::v1::WORK_KIND_CASE, referred.body.case_id(), view);
  if (found == nullptr) return OpenCase(referred.record, referred.body.case_id(), &external.due_at(), view);
  if (EarlierOf(DueOf(found->has_due_at(), found->due_at()), &external.due_at()) != &external.due_at())
    return sdk::Ignored();
  BookItem& item = view.Edit<Items>(static_cast<int32_t>(events::v1::WORK_KIND_CASE), referred.body.case_id());
  *item.mutable_due_at() = external.due_at();
  return sdk::Applied();
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::CaseResolved>& resolved, Rows& view) {
  return EndCase(resolved.body.case_id(), view);
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::CaseClosed>& closed, Rows& view) {
  return EndCase(closed.body.case_id(), view);
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::CaseWithdrawn>& withdrawn, Rows& view) {
  return EndCase(withdrawn.body.case_id(), view);
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::CaseReopened>& reopened, Rows& view) {
  const BookItem* found = Find(events::v1::WORK_KIND_CASE, reopened.body.case_id(), view);
  if (found == nullptr || !found->ended()) return sdk::Ignored();
  BookItem& item = view.Edit<Items>(static_cast<int32_t>(events::v1::WORK_KIND_CASE), reopened.body.case_id());
  item.clear_ended();
  *item.mutable_since() = reopened.event().occurred_at();
  // It does not come back to who leaves, or has left.
  const StaffMember* owner = item.owner_id().empty() ? nullptr : view.Find<Staff>(item.owner_id());
  if (owner != nullptr && owner->status() != query::v1::STAFF_STATUS_ACTIVE) item.clear_owner_id();
  Gain(item.owner_id(), item.kind(), view);
  return sdk::Applied();
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::PromiseMade>& made, Rows& view) {
  const auto& body = made.body;
  return Begin(made.record,
               {events::v1::WORK_KIND_PROMISE, body.promise_id(), body.owner_id(),
                DueOf(body.has_due_at(), body.due_at())},
               view);
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::PromiseKept>& kept, Rows& view) {
  return End(events::v1::WORK_KIND_PROMISE, kept.body.promise_id(), view);
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::PromiseReleased>& released, Rows& view) {
  return End(events::v1::WORK_KIND_PROMISE, released.body.promise_id(), view);
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::CallBackPlanned>& planned, Rows& view) {
  const auto& body = planned.body;
  return Begin(planned.record,
               {events::v1::WORK_KIND_CALL_BACK, body.call_back_id(), body.owner_id(),
                DueOf(body.has_due_at(), body.due_at())},
               view);
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::CallBackDone>& done, Rows& view) {
  return End(events::v1::WORK_KIND_CALL_BACK, done.body.call_back_id(), view);
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::CallBackCancelled>& cancelled, Rows& view) {
  return End(events::v1::WORK_KIND_CALL_BACK, cancelled.body.call_back_id(), view);
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::LeadRaised>& raised, Rows& view) {
  const auto& body = raised.body;
  return Begin(
      raised.record,
      {events::v1::WORK_KIND_LEAD, body.lead_id(), body.owner_id(), DueOf(body.has_due_at(), body.due_at())}, view);
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::LeadAccepted>& accepted, Rows& view) {
  const auto& body = accepted.body;
  if (Find(events::v1::WORK_KIND_LEAD, body.lead_id(), view) == nullptr) return Unknown();
  BookItem& item = view.Edit<Items>(static_cast<int32_t>(events::v1::WORK_KIND_LEAD), body.lead_id());
  // The date by which it was to be accepted is over; the new one is that of its end.
  item.clear_due_at();
  if (body.has_due_at()) *item.mutable_due_at() = body.due_at();
  if (item.owner_id() == body.staff_id()) return sdk::Applied();
  if (const std::string handover_id = OpenHandoverOf(item.owner_id(), view); !handover_id.empty())
    Moved(handover_id, accepted.record, item.kind(), body.lead_id(), body.staff_id(), view);
  Give(body.staff_id(), accepted.event().occurred_at(), item, view);
  return sdk::Applied();
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::LeadDeclined>& declined, Rows& view) {
  return End(events::v1::WORK_KIND_LEAD, declined.body.lead_id(), view);
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::LeadWon>& won, Rows& view) {
  return End(events::v1::WORK_KIND_LEAD, won.body.lead_id(), view);
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::LeadLost>& lost, Rows& view) {
  return End(events::v1::WORK_KIND_LEAD, lost.body.lead_id(), view);
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::RecommendationMade>& made, Rows& view) {
  return Begin(made.record,
               {events::v1::WORK_KIND_RECOMMENDATION, made.body.recommendation_id(), made.body.staff_id(), nullptr},
               view);
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::RecommendationFollowedUp>& followed, Rows& view) {
  const auto result = followed.body.result();
  const bool ends = result == events::v1::RECOMMENDATION_RESULT_TAKEN ||
                    result == events::v1::RECOMMENDATION_RESULT_DECLINED ||
                    result == events::v1::RECOMMENDATION_RESULT_WITHDRAWN;
  // Reviews come while it is open, and after.
  if (!ends) return sdk::Ignored();
  return End(events::v1::WORK_KIND_RECOMMENDATION, followed.body.recommendation_id(), view);
}

}  // namespace kefu::book
