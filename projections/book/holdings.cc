#include "projections/book/holdings.h"

namespace kefu::book {

using Rows = BookView::Rows;
using events::v1::HandoverCounts;
using events::v1::WorkKind;

namespace {

void Add(Workload& load, int32_t kind, int64_t change) {
  switch (kind) {
    case kClientKind:
      return load.set_clients(load.clients() + change);
    case events::v1::WORK_KIND_CASE:
      return load.set_cases(load.cases() + change);
    case events::v1::WORK_KIND_PROMISE:
      return load.set_promises(load.promises() + change);
    case events::v1::WORK_KIND_CALL_BACK:
      return load.set_call_backs(load.call_backs() + change);
    case events::v1::WORK_KIND_LEAD:
      return load.set_leads(load.leads() + change);
    case events::v1::WORK_KIND_RECOMMENDATION:
      return load.set_recommendations(load.recommendations() + change);
    default:
      return;
  }
}

void CountOne(HandoverCounts& counts, int32_t kind) {
  switch (kind) {
    case kClientKind:
      return counts.set_clients(counts.clients() + 1);
    case events::v1::WORK_KIND_CASE:
      return counts.set_cases(counts.cases() + 1);
    case events::v1::WORK_KIND_PROMISE:
      return counts.set_promises(counts.promises() + 1);
    case events::v1::WORK_KIND_CALL_BACK:
      return counts.set_call_backs(counts.call_backs() + 1);
    case events::v1::WORK_KIND_LEAD:
      return counts.set_leads(counts.leads() + 1);
    case events::v1::WORK_KIND_RECOMMENDATION:
      return counts.set_recommendations(counts.recommendations() + 1);
    default:
      return;
  }
}

}  // namespace

void Gain(const std::string& staff_id, int32_t kind, Rows& view) {
  if (!staff_id.empty()) Add(view.Edit<Owners>(staff_id), kind, 1);
}

void Lose(const std::string& staff_id, int32_t kind, Rows& view) {
  if (staff_id.empty()) return;
  Workload& load = view.Edit<Owners>(staff_id);
  Add(load, kind, -1);
  if (!HoldsNothing(load)) return;
  view.Erase<Owners>(staff_id);
  if (const std::string handover_id = OpenHandoverOf(staff_id, view); !handover_id.empty())
    DropOrders(handover_id, view);
}

std::string OpenHandoverOf(const std::string& staff_id, Rows& view) {
  if (staff_id.empty()) return {};
  const StaffMember* staff = view.Find<Staff>(staff_id);
  const bool leaves = staff != nullptr && staff->status() == query::v1::STAFF_STATUS_LEAVING;
  return leaves ? staff->handover_id() : std::string();
}

bool IsOpen(const std::string& handover_id, Rows& view) {
  const Handover* handover = handover_id.empty() ? nullptr : view.Find<Handovers>(handover_id);
  return handover != nullptr && handover->state() == query::v1::HANDOVER_STATE_OPEN;
}

HandoverItem& Moved(const std::string& handover_id, const sdk::RecordedEvent& record, int32_t kind,
                    const std::string& work_id, const std::string& to_staff_id, Rows& view) {
  Handover& handover = view.Edit<Handovers>(handover_id);
  CountOne(*handover.mutable_moved(), kind);
  handover.set_last_offset(record.offset.value());
  HandoverItem& item = view.Edit<HandoverItems>(handover_id, kind, work_id);
  item.set_kind(static_cast<WorkKind>(kind));
  if (kind != kClientKind) item.set_work_id(work_id);
  item.set_client_id(record.event->client_id());
  item.set_to_staff_id(to_staff_id);
  *item.mutable_moved_at() = record.event->occurred_at();
  item.set_moved_by_event_id(record.event->event_id());
  return item;
}

void DropOrders(const std::string& handover_id, Rows& view) {
  const OrderList* found = view.Find<OrderLists>(handover_id);
  if (found == nullptr) return;
  const OrderList list = *found;
  for (const int64_t offset : list.offsets()) view.Erase<Orders>(handover_id, Offset(offset));
  view.Erase<OrderLists>(handover_id);
}

}  // namespace kefu::book
