#include "projections/activity/activity.h"

#include <algorithm>
#include <limits>

#include "platform/rules/expression.h"
#include "projections/activity/months.h"
#include "projections/sdk/branch_time.h"

namespace kefu::activity {
namespace {

using events::v1::Event;
using google::protobuf::RepeatedField;
using Rows = ActivityView::Rows;

// The client's row, with what every event leaves in it. Contacts may come before registration.
template <class Body>
ClientActivity& Touch(const sdk::Recorded<Body>& recorded, Rows& view) {
  const Event& event = recorded.event();
  ClientActivity& row = view.Edit<Clients>(event.client_id());
  if (row.client_id().empty()) row.set_client_id(event.client_id());
  if (!event.branch_id().empty() && row.branch_id() != event.branch_id()) row.set_branch_id(event.branch_id());
  return row;
}

template <class Body>
absl::CivilDay DayOf(const sdk::Recorded<Body>& recorded) {
  return sdk::BranchDayOf(recorded.occurred_at());
}

void Add(int64_t number, int slot, RepeatedField<int32_t>* list) {
  const int64_t sum = list->Get(slot) + number;
  list->Set(slot, static_cast<int32_t>(std::min<int64_t>(sum, std::numeric_limits<int32_t>::max())));
}
void Add(int64_t number, int slot, RepeatedField<int64_t>* list) {
  list->Set(slot, rules::AddSaturating(list->Get(slot), number));
}

using Counts = RepeatedField<int32_t>* (ClientActivity::*)();

// One more in the month of the event. Of a month that is kept no more only the days of the row know.
template <class Body>
void Count(const sdk::Recorded<Body>& recorded, Counts counts, ClientActivity& row) {
  if (const auto slot = SlotOf(MonthOf(DayOf(recorded)), row)) Add(1, *slot, (row.*counts)());
}

absl::CivilDay CivilDayOf(const events::v1::CalendarDate& date) {
  return absl::CivilDay(date.year(), date.month(), date.day());
}

// Systems sum up a day when it is over, in some zone of the world. A day further ahead is a fault of its sender, and
// would push all that is known out of the window.
template <class Body>
bool IsAhead(const sdk::Recorded<Body>& recorded) {
  return CivilDayOf(recorded.body.day()) > DayOf(recorded) + 1;
}

template <class Body>
sdk::Outcome Settle(const sdk::Recorded<Body>& recorded, Rows& view) {
  const std::string& case_id = recorded.body.case_id();
  const Complaint* complaint = view.Find<Complaints>(case_id);
  if (complaint == nullptr || !complaint->open()) return sdk::Ignored();
  view.Edit<Complaints>(case_id).set_open(false);
  ClientActivity& row = Touch(recorded, view);
  row.set_open_complaints(row.open_complaints() - 1);
  return sdk::Applied();
}

}  // namespace

void ActivityView::Ahead(const Event& event, sdk::RowsAhead& rows) {
  switch (event.body_case()) {
    case Event::kClientRegistered:
    case Event::kServiceConfigurationChanged:
    case Event::kClientStatusChanged:
    case Event::kTradingDaySummarised:
    case Event::kAssetsValued:
    case Event::kContactRecorded:
    case Event::kSatisfactionRated:
    case Event::kServiceRequestOpened:
    case Event::kClockBreached:
      return rows.Add<Clients>(event.client_id());
    case Event::kComplaintReceived:
      rows.Add<Clients>(event.client_id());
      return rows.Add<Complaints>(event.complaint_received().case_id());
    case Event::kCaseResolved:
      return rows.Add<Complaints>(event.case_resolved().case_id());
    case Event::kCaseClosed:
      return rows.Add<Complaints>(event.case_closed().case_id());
    case Event::kCaseReopened:
      return rows.Add<Complaints>(event.case_reopened().case_id());
    case Event::kCaseWithdrawn:
      return rows.Add<Complaints>(event.case_withdrawn().case_id());
    default:
      return;
  }
}

sdk::Outcome ActivityView::Apply(const sdk::Recorded<events::v1::ClientRegistered>& registered, Rows& view) {
  ClientActivity& row = Touch(registered, view);
  row.set_kind(registered.body.kind());
  row.set_status(events::v1::CLIENT_STATUS_ACTIVE);
  row.set_registered_day(NumberOf(DayOf(registered)));
  return sdk::Applied();
}

sdk::Outcome ActivityView::Apply(const sdk::Recorded<events::v1::ServiceConfigurationChanged>& changed, Rows& view) {
  Touch(changed, view).set_tier(changed.body.configuration().tier());
  return sdk::Applied();
}

sdk::Outcome ActivityView::Apply(const sdk::Recorded<events::v1::ClientStatusChanged>& changed, Rows& view) {
  ClientActivity& row = Touch(changed, view);
  row.set_status(changed.body.status());
  if (changed.body.status() == events::v1::CLIENT_STATUS_CLOSED)
    row.set_closed_day(NumberOf(DayOf(changed)));
  else
    row.clear_closed_day();
  return sdk::Applied();
}

// Days come in order; the last one may be told again, and then replaces itself. What comes late is not known day by
// day: it counts if its month has nothing yet, for else it might count twice.
sdk::Outcome ActivityView::Apply(const sdk::Recorded<events::v1::TradingDaySummarised>& summary, Rows& view) {
  if (IsAhead(summary)) return sdk::Ignored();
  const absl::CivilDay day = CivilDayOf(summary.body.day());
  const int32_t number = NumberOf(day);
  ClientActivity& row = Touch(summary, view);
  const auto slot = SlotOf(MonthOf(day), row);
  if (!slot.has_value()) return sdk::Applied();
  const bool is_late = row.has_last_trading_day() && number < row.last_trading_day();
  if (is_late && (row.trades(*slot) != 0 || row.turnover(*slot) != 0)) return sdk::Applied();
  if (row.has_last_trading_day() && number == row.last_trading_day()) {
    Add(-int64_t{row.last_trading_day_trades()}, *slot, row.mutable_trades());
    row.set_turnover(*slot, rules::SubtractSaturating(row.turnover(*slot), row.last_trading_day_turnover()));
  }
  Add(summary.body.trades(), *slot, row.mutable_trades());
  Add(summary.body.turnover().minor_units(), *slot, row.mutable_turnover());
  if (!is_late) {
    row.set_last_trading_day(number);
    row.set_last_trading_day_trades(summary.body.trades());
    row.set_last_trading_day_turnover(summary.body.turnover().minor_units());
  }
  if (summary.body.trades() > 0 && (!row.has_last_trade_day() || number > row.last_trade_day()))
    row.set_last_trade_day(number);
  return sdk::Applied();
}

sdk::Outcome ActivityView::Apply(const sdk::Recorded<events::v1::AssetsValued>& valued, Rows& view) {
  if (IsAhead(valued)) return sdk::Ignored();
  const absl::CivilDay day = CivilDayOf(valued.body.day());
  const int32_t number = NumberOf(day);
  ClientActivity& row = Touch(valued, view);
  const auto slot = SlotOf(MonthOf(day), row);
  if (!slot.has_value()) return sdk::Applied();
  const bool is_late = row.has_last_assets_day() && number < row.last_assets_day();
  if (is_late && row.assets(*slot) >= 0) return sdk::Applied();
  if (row.has_last_assets_day() && number == row.last_assets_day())
    row.set_net_inflow(*slot, rules::SubtractSaturating(row.net_inflow(*slot), row.last_assets_day_inflow()));
  // Who owes more than he owns has no assets.
  row.set_assets(*slot, std::max<int64_t>(valued.body.assets().minor_units(), 0));
  Add(valued.body.net_inflow().minor_units(), *slot, row.mutable_net_inflow());
  if (!is_late) {
    row.set_last_assets_day(number);
    row.set_last_assets_day_inflow(valued.body.net_inflow().minor_units());
  }
  return sdk::Applied();
}

sdk::Outcome ActivityView::Apply(const sdk::Recorded<events::v1::ContactRecorded>& contact, Rows& view) {
  ClientActivity& row = Touch(contact, view);
  const bool outbound = contact.body.direction() == events::v1::DIRECTION_OUTBOUND;
  Count(contact, outbound ? &ClientActivity::mutable_contacts_out : &ClientActivity::mutable_contacts_in, row);
  const int32_t day = NumberOf(DayOf(contact));
  if (!row.has_last_contact_day() || day > row.last_contact_day()) row.set_last_contact_day(day);
  return sdk::Applied();
}

// How likely a client would recommend the firm is another question.
sdk::Outcome ActivityView::Apply(const sdk::Recorded<events::v1::SatisfactionRated>& rated, Rows& view) {
  if (rated.body.scale() != events::v1::SATISFACTION_SCALE_CSAT) return sdk::Ignored();
  ClientActivity& row = Touch(rated, view);
  const auto slot = SlotOf(MonthOf(DayOf(rated)), row);
  if (!slot.has_value()) return sdk::Applied();
  Add(rated.body.score(), *slot, row.mutable_rating_sum());
  Add(1, *slot, row.mutable_ratings());
  return sdk::Applied();
}

sdk::Outcome ActivityView::Apply(const sdk::Recorded<events::v1::ComplaintReceived>& received, Rows& view) {
  view.Edit<Complaints>(received.body.case_id()).set_open(true);
  ClientActivity& row = Touch(received, view);
  Count(received, &ClientActivity::mutable_complaints, row);
  row.set_open_complaints(row.open_complaints() + 1);
  return sdk::Applied();
}

sdk::Outcome ActivityView::Apply(const sdk::Recorded<events::v1::ServiceRequestOpened>& opened, Rows& view) {
  Count(opened, &ClientActivity::mutable_requests, Touch(opened, view));
  return sdk::Applied();
}

sdk::Outcome ActivityView::Apply(const sdk::Recorded<events::v1::CaseResolved>& resolved, Rows& view) {
  return Settle(resolved, view);
}
sdk::Outcome ActivityView::Apply(const sdk::Recorded<events::v1::CaseClosed>& closed, Rows& view) {
  return Settle(closed, view);
}
sdk::Outcome ActivityView::Apply(const sdk::Recorded<events::v1::CaseWithdrawn>& withdrawn, Rows& view) {
  return Settle(withdrawn, view);
}

sdk::Outcome ActivityView::Apply(const sdk::Recorded<events::v1::CaseReopened>& reopened, Rows& view) {
  const std::string& case_id = reopened.body.case_id();
  const Complaint* complaint = view.Find<Complaints>(case_id);
  if (complaint == nullptr || complaint->open()) return sdk::Ignored();
  view.Edit<Complaints>(case_id).set_open(true);
  ClientActivity& row = Touch(reopened, view);
  row.set_open_complaints(row.open_complaints() + 1);
  return sdk::Applied();
}

sdk::Outcome ActivityView::Apply(const sdk::Recorded<events::v1::ClockBreached>& breached, Rows& view) {
  Count(breached, &ClientActivity::mutable_breaches, Touch(breached, view));
  return sdk::Applied();
}

}  // namespace kefu::activity
