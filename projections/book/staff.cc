#include <algorithm>

#include "platform/base/time.h"
#include "projections/book/holdings.h"
#include "projections/sdk/home.h"

namespace kefu::book {

using Rows = BookView::Rows;
using query::v1::TrainingYear;

namespace {

// What admission lets through was published, or opened; a view without it has lost something, and says so.
sdk::Outcome StaffUnknown() { return sdk::Parked("staff_unknown"); }
sdk::Outcome HandoverUnknown() { return sdk::Parked("handover_unknown"); }

StaffMember* FindStaff(const std::string& staff_id, const sdk::RecordedEvent& record, Rows& view) {
  if (view.Find<Staff>(staff_id) == nullptr) return nullptr;
  StaffMember& row = view.Edit<Staff>(staff_id);
  row.set_last_offset(record.offset.value());
  return &row;
}

Handover* FindHandover(const std::string& handover_id, const sdk::RecordedEvent& record, Rows& view) {
  if (view.Find<Handovers>(handover_id) == nullptr) return nullptr;
  Handover& row = view.Edit<Handovers>(handover_id);
  row.set_last_offset(record.offset.value());
  return &row;
}

// The year of a training, in order.
TrainingYear& YearOf(int32_t year, StaffMember& row) {
  auto& years = *row.mutable_training();
  const auto place = std::lower_bound(years.begin(), years.end(), year,
                                      [](const TrainingYear& a, int32_t wanted) { return a.year() < wanted; });
  const int at = static_cast<int>(place - years.begin());
  if (at < years.size() && years.Get(at).year() == year) return years[at];
  years.Add()->set_year(year);
  for (int i = years.size() - 1; i > at; --i) years.SwapElements(i, i - 1);
  return years[at];
}

}  // namespace

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::StaffPublished>& published, Rows& view) {
  const auto& body = published.body;
  StaffMember& row = view.Edit<Staff>(body.staff_id());
  row.set_staff_id(body.staff_id());
  row.set_name(body.name());
  row.set_unit_id(body.unit_id());
  *row.mutable_roles() = body.roles();
  row.set_contract(body.contract());
  if (body.has_joined())
    *row.mutable_joined() = body.joined();
  else
    row.clear_joined();
  // Leaving is no matter of this record.
  if (row.status() == query::v1::STAFF_STATUS_UNSPECIFIED) row.set_status(query::v1::STAFF_STATUS_ACTIVE);
  row.set_last_offset(published.record.offset.value());
  return sdk::Applied();
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::QualificationRecorded>& recorded, Rows& view) {
  const auto& body = recorded.body;
  StaffMember* row = FindStaff(body.staff_id(), recorded.record, view);
  if (row == nullptr) return StaffUnknown();
  auto& all = *row->mutable_qualifications();
  const auto is_same = [&](const events::v1::QualificationRecorded& each) {
    return each.qualification().scheme() == body.qualification().scheme() &&
           each.qualification().value() == body.qualification().value();
  };
  all.erase(std::remove_if(all.begin(), all.end(), is_same), all.end());
  if (all.size() >= kQualificationsKept) all.erase(all.begin());
  *all.Add() = body;
  return sdk::Applied();
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::TrainingRecorded>& recorded, Rows& view) {
  const auto& body = recorded.body;
  StaffMember* row = FindStaff(body.staff_id(), recorded.record, view);
  if (row == nullptr) return StaffUnknown();
  TrainingYear& year = YearOf(body.completed().year(), *row);
  year.set_minutes(year.minutes() + body.minutes());
  year.set_law_and_ethics_minutes(year.law_and_ethics_minutes() + body.law_and_ethics_minutes());
  auto& years = *row->mutable_training();
  if (years.size() > kTrainingYearsKept) years.erase(years.begin());
  return sdk::Applied();
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::HandoverOpened>& opened, Rows& view) {
  const auto& body = opened.body;
  StaffMember* staff = FindStaff(body.from_staff_id(), opened.record, view);
  if (staff == nullptr) return StaffUnknown();
  staff->set_status(query::v1::STAFF_STATUS_LEAVING);
  staff->set_handover_id(body.handover_id());
  if (body.has_last_day()) *staff->mutable_last_day() = body.last_day();
  Handover& row = view.Edit<Handovers>(body.handover_id());
  row.set_name("handovers/" + body.handover_id());
  row.set_handover_id(body.handover_id());
  row.set_from_staff_id(body.from_staff_id());
  if (body.has_last_day()) *row.mutable_last_day() = body.last_day();
  if (body.has_cause()) *row.mutable_cause() = body.cause();
  row.set_state(query::v1::HANDOVER_STATE_OPEN);
  *row.mutable_opened_at() = opened.event().occurred_at();
  const Workload* load = view.Find<Owners>(body.from_staff_id());
  *row.mutable_opened_with() = load == nullptr ? Workload() : *load;
  row.mutable_moved();
  row.set_last_offset(opened.record.offset.value());
  return sdk::Applied();
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::HandoverSuccessorNamed>& named, Rows& view) {
  const auto& body = named.body;
  const Handover* handover = view.Find<Handovers>(body.handover_id());
  if (handover == nullptr) return HandoverUnknown();
  // Nothing left to move here.
  if (view.Find<Owners>(handover->from_staff_id()) == nullptr) return sdk::Ignored();
  Order order;
  for (const std::string& client_id : body.client_ids())
    if (sdk::IsHome(named.event(), client_id, named.record.partition)) order.add_client_ids(client_id);
  if (!body.client_ids().empty() && order.client_ids().empty()) return sdk::Ignored();
  order.set_handover_id(body.handover_id());
  order.set_offset(named.record.offset.value());
  order.set_event_id(named.event().event_id());
  order.set_from_staff_id(handover->from_staff_id());
  order.set_to_staff_id(body.to_staff_id());
  *order.mutable_named_at() = named.event().occurred_at();
  view.Edit<Orders>(body.handover_id(), named.record.offset) = std::move(order);
  view.Edit<OrderLists>(body.handover_id()).add_offsets(named.record.offset.value());
  return sdk::Applied();
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::HandoverCancelled>& cancelled, Rows& view) {
  Handover* row = FindHandover(cancelled.body.handover_id(), cancelled.record, view);
  if (row == nullptr) return HandoverUnknown();
  row->set_state(query::v1::HANDOVER_STATE_CANCELLED);
  *row->mutable_ended_at() = cancelled.event().occurred_at();
  DropOrders(row->handover_id(), view);
  StaffMember* staff = FindStaff(row->from_staff_id(), cancelled.record, view);
  if (staff == nullptr) return StaffUnknown();
  staff->set_status(query::v1::STAFF_STATUS_ACTIVE);
  staff->clear_handover_id();
  staff->clear_last_day();
  return sdk::Applied();
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::HandoverShareSettled>& settled, Rows& view) {
  Handover* row = FindHandover(settled.body.handover_id(), settled.record, view);
  if (row == nullptr) return HandoverUnknown();
  auto& partitions = *row->mutable_settled_partitions();
  const int32_t partition = settled.body.partition();
  const auto place = std::lower_bound(partitions.begin(), partitions.end(), partition);
  if (place != partitions.end() && *place == partition) return sdk::Applied();
  const int at = static_cast<int>(place - partitions.begin());
  Share& share = view.Edit<Shares>(row->handover_id(), partition);
  *share.mutable_share() = settled.body;
  *share.mutable_settled_at() = settled.event().occurred_at();
  partitions.Add(partition);
  for (int i = partitions.size() - 1; i > at; --i) partitions.SwapElements(i, i - 1);
  return sdk::Applied();
}

sdk::Outcome BookView::Apply(const sdk::Recorded<events::v1::HandoverCompleted>& completed, Rows& view) {
  const auto& body = completed.body;
  Handover* row = FindHandover(body.handover_id(), completed.record, view);
  if (row == nullptr) return HandoverUnknown();
  row->set_state(query::v1::HANDOVER_STATE_COMPLETED);
  *row->mutable_ended_at() = completed.event().occurred_at();
  row->set_digest(body.digest());
  row->set_completed_by_event_id(completed.event().event_id());
  for (const int32_t partition : row->settled_partitions()) view.Erase<Shares>(row->handover_id(), partition);
  DropOrders(body.handover_id(), view);
  StaffMember* staff = FindStaff(row->from_staff_id(), completed.record, view);
  if (staff == nullptr) return StaffUnknown();
  staff->set_status(query::v1::STAFF_STATUS_LEFT);
  return sdk::Applied();
}

}  // namespace kefu::book
