#include "projections/statistics/statistics.h"

#include <algorithm>

#include "projections/statistics/distinct.h"
#include "projections/statistics/durations.h"
#include "projections/statistics/sums.h"

namespace kefu::statistics {
namespace {

using Rows = StatisticsView::Rows;
using events::v1::Event;

constexpr std::string_view kTierScheme = "asset_tier";
constexpr int kMostClocks = 32;

// Is `value` one of those known, or can it become one?
bool IsKnown(const Cube& cube, const std::string& name, std::string_view value, int most, Rows& view) {
  if (value.size() > kMostValueBytes) return false;
  if (const KnownValues* known = view.Find<ValuesKnown>(cube.id, name); known != nullptr) {
    const auto& values = known->values();
    if (std::binary_search(values.begin(), values.end(), value)) return true;
    if (values.size() >= most) return false;
  }
  auto& values = *view.Edit<ValuesKnown>(cube.id, name).mutable_values();
  int place = static_cast<int>(std::lower_bound(values.begin(), values.end(), value) - values.begin());
  *values.Add() = std::string(value);
  for (int last = values.size() - 1; place < last; ++place) values.SwapElements(place, last);
  return true;
}

// The value under which it counts: itself, or "other" where there are too many already.
std::string_view Held(const Cube& cube, const Dimension& dimension, std::string_view value, Rows& view) {
  if (!dimension.free || value.empty()) return value;
  return IsKnown(cube, std::string(dimension.name), value, kMostValues, view) ? value : kOther;
}

std::string NameOfSum(const Cube& cube, const Contribution::Amount& amount, Rows& view) {
  std::string name(amount.name);
  if (amount.currency.empty()) return name;
  const bool known = IsKnown(cube, "currency", amount.currency, kMostCurrencies, view);
  return name.append(".").append(known ? amount.currency : kOther);
}

template <class Body>
sdk::Outcome Count(const sdk::Recorded<Body>& recorded, const Known& known, Rows& view) {
  const std::optional<Contribution> added = Explain(recorded.event(), known);
  if (!added.has_value()) return sdk::Ignored();
  const Cube& cube = CubeOf(added->family);
  CellValues at;
  for (size_t i = 0; i < cube.size(); ++i)
    at[i] = Held(cube, cube.dimensions[i], (*added)[cube.dimensions[i].fact], view);
  Cell& cell = view.Edit<Cells>(cube.id, added->day, at);
  cell.set_count(cell.count() + 1);
  AddClient(recorded.event().client_id(), cell.mutable_clients());
  if (added->milliseconds.has_value()) AddDuration(*added->milliseconds, cell.mutable_durations());
  for (const auto& amount : added->sums) AddSum(NameOfSum(cube, amount, view), amount.value, &cell);
  view.PutRaw<Postings>(recorded.event().client_id(), cube.id, added->day, at, recorded.record.offset);
  return sdk::Applied();
}

// Valid until the event ends.
std::string_view TierOf(const Event& event, Rows& view) {
  const ClientTier* tier = view.Find<ClientTiers>(event.client_id());
  if (tier == nullptr) return {};
  return tier->classified().empty() ? tier->stated() : tier->classified();
}

template <class Body>
sdk::Outcome CountOfClient(const sdk::Recorded<Body>& recorded, Rows& view) {
  return Count(recorded, {.tier = TierOf(recorded.event(), view)}, view);
}

template <class Body>
sdk::Outcome Open(const sdk::Recorded<Body>& opened, const char* kind, Rows& view) {
  const auto& opening = opened.body.opening();
  CaseFacts& facts = view.Edit<CasesCounted>(opened.body.case_id());
  facts.set_case_kind(kind);
  facts.set_branch_id(opened.event().branch_id());
  facts.set_channel(std::string(ChannelWord(opening.channel())));
  facts.set_category(opening.category().value());
  facts.set_product_id(opening.product_id());
  facts.set_opened_at(absl::ToUnixMillis(opened.occurred_at()));
  facts.set_tier(std::string(TierOf(opened.event(), view)));
  return Count(opened, {.of_case = &facts}, view);
}

template <class Body>
sdk::Outcome CountOfCase(const sdk::Recorded<Body>& recorded, Rows& view) {
  const CaseFacts* facts = view.Find<CasesCounted>(recorded.body.case_id());
  if (facts == nullptr) return sdk::Parked("case_unknown");
  return Count(recorded, {.of_case = facts}, view);
}

template <class Body>
sdk::Outcome Undertake(const sdk::Recorded<Body>& made, const std::string& id, const char* kind, Rows& view) {
  const std::string_view tier = TierOf(made.event(), view);
  UndertakingFacts& facts = view.Edit<UndertakingsCounted>(id);
  facts.set_kind(kind);
  facts.set_branch_id(made.event().branch_id());
  facts.set_tier(std::string(tier));
  facts.set_made_at(absl::ToUnixMillis(made.occurred_at()));
  if (made.body.has_due_at())
    facts.set_due_at(made.body.due_at().seconds() * 1000 + made.body.due_at().nanos() / 1'000'000);
  return Count(made, {.tier = tier}, view);
}

template <class Body>
sdk::Outcome Settle(const sdk::Recorded<Body>& settled, const std::string& id, Rows& view) {
  const UndertakingFacts* facts = view.Find<UndertakingsCounted>(id);
  if (facts == nullptr) return sdk::Parked("undertaking_unknown");
  const sdk::Outcome outcome = Count(settled, {.undertaking = facts}, view);
  view.Erase<UndertakingsCounted>(id);
  return outcome;
}

// Counts nothing; ratings that come after count under the new one.
sdk::Outcome HandTo(const std::string& case_id, const std::string& staff_id, Rows& view) {
  const CaseFacts* facts = view.Find<CasesCounted>(case_id);
  if (facts == nullptr) return sdk::Parked("case_unknown");
  // Back to the team: who had it is still the one to be judged.
  if (staff_id.empty() || facts->staff_id() == staff_id) return sdk::Ignored();
  view.Edit<CasesCounted>(case_id).set_staff_id(staff_id);
  return sdk::Applied();
}

// One of the two tiers of a client.
sdk::Outcome SetTier(const std::string& client_id, const std::string& value, std::string* (ClientTier::*mutable_one)(),
                     const std::string& (ClientTier::*one)() const, Rows& view) {
  const ClientTier* found = view.Find<ClientTiers>(client_id);
  if ((found == nullptr ? std::string() : (found->*one)()) == value) return sdk::Ignored();
  ClientTier& tier = view.Edit<ClientTiers>(client_id);
  *(tier.*mutable_one)() = value;
  if (tier.stated().empty() && tier.classified().empty()) view.Erase<ClientTiers>(client_id);
  return sdk::Applied();
}

// The promise or call-back that an event settles; empty for all others.
const std::string& SettledBy(const Event& event) {
  switch (event.body_case()) {
    case Event::kPromiseKept:
      return event.promise_kept().promise_id();
    case Event::kPromiseReleased:
      return event.promise_released().promise_id();
    case Event::kCallBackDone:
      return event.call_back_done().call_back_id();
    case Event::kCallBackCancelled:
      return event.call_back_cancelled().call_back_id();
    default: {
      static const std::string none;
      return none;
    }
  }
}

}  // namespace

void StatisticsView::Ahead(const Event& event, sdk::RowsAhead& rows) {
  if (const std::string& case_id = sdk::CaseIdOf(event); !case_id.empty()) rows.Add<CasesCounted>(case_id);
  if (const std::string& settled = SettledBy(event); !settled.empty()) rows.Add<UndertakingsCounted>(settled);
  switch (event.body_case()) {
    case Event::kSatisfactionRated:
      if (const std::string& case_id = event.satisfaction_rated().case_id(); !case_id.empty())
        rows.Add<CasesCounted>(case_id);
      else
        rows.Add<ClientTiers>(event.client_id());
      break;
    case Event::kWorkReassigned:
      if (event.work_reassigned().kind() == events::v1::WORK_KIND_CASE)
        rows.Add<CasesCounted>(event.work_reassigned().work_id());
      break;
    case Event::kTradingDaySummarised:
      rows.Add<DaysTold>(event.client_id(), DayToldOf(event));
      [[fallthrough]];
    case Event::kContactRecorded:
    case Event::kOfferProgressed:
    case Event::kComplaintReceived:
    case Event::kServiceRequestOpened:
    case Event::kPromiseMade:
    case Event::kCallBackPlanned:
    case Event::kServiceConfigurationChanged:
    case Event::kClientClassified:
      rows.Add<ClientTiers>(event.client_id());
      break;
    default:
      break;
  }
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::ContactRecorded>& contact, Rows& view) {
  return CountOfClient(contact, view);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::OfferProgressed>& offer, Rows& view) {
  return CountOfClient(offer, view);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::ComplaintReceived>& received, Rows& view) {
  return Open(received, "complaint", view);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::ServiceRequestOpened>& opened, Rows& view) {
  return Open(opened, "request", view);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::CaseAcknowledged>& acknowledged, Rows& view) {
  return CountOfCase(acknowledged, view);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::CaseAssigned>& assigned, Rows& view) {
  return HandTo(assigned.body.case_id(), assigned.body.assignee_id(), view);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::WorkReassigned>& reassigned, Rows& view) {
  if (reassigned.body.kind() != events::v1::WORK_KIND_CASE) return sdk::Ignored();
  return HandTo(reassigned.body.work_id(), reassigned.body.to_staff_id(), view);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::CaseEscalated>& escalated, Rows& view) {
  return CountOfCase(escalated, view);
}

// Counts nothing; what comes after counts under the new category.
sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::CaseReclassified>& reclassified, Rows& view) {
  const std::string& category = reclassified.body.category().value();
  if (category.empty()) return sdk::Ignored();
  if (view.Find<CasesCounted>(reclassified.body.case_id()) == nullptr) return sdk::Parked("case_unknown");
  view.Edit<CasesCounted>(reclassified.body.case_id()).set_category(category);
  return sdk::Applied();
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::CaseResolved>& resolved, Rows& view) {
  return CountOfCase(resolved, view);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::CaseClosed>& closed, Rows& view) {
  return CountOfCase(closed, view);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::CaseReopened>& reopened, Rows& view) {
  return CountOfCase(reopened, view);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::CaseWithdrawn>& withdrawn, Rows& view) {
  return CountOfCase(withdrawn, view);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::ClockStarted>& started, Rows& view) {
  const auto& body = started.body;
  if (view.Find<CasesCounted>(body.case_id()) == nullptr) return sdk::Parked("case_unknown");
  CaseFacts& facts = view.Edit<CasesCounted>(body.case_id());
  auto& clocks = *facts.mutable_clocks();
  if (clocks.size() >= kMostClocks) clocks.DeleteSubrange(0, 1);
  ClockStart& start = *clocks.Add();
  start.set_clock_id(body.clock_id());
  start.set_run(body.run());
  start.set_started_at(body.started_at().seconds() * 1000 + body.started_at().nanos() / 1'000'000);
  return Count(started, {.of_case = &facts}, view);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::ClockMet>& met, Rows& view) {
  return CountOfCase(met, view);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::ClockBreached>& breached, Rows& view) {
  return CountOfCase(breached, view);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::ClockDropped>& dropped, Rows& view) {
  return CountOfCase(dropped, view);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::PromiseMade>& made, Rows& view) {
  return Undertake(made, made.body.promise_id(), "promise", view);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::PromiseKept>& kept, Rows& view) {
  return Settle(kept, kept.body.promise_id(), view);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::PromiseReleased>& released, Rows& view) {
  return Settle(released, released.body.promise_id(), view);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::CallBackPlanned>& planned, Rows& view) {
  return Undertake(planned, planned.body.call_back_id(), "call_back", view);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::CallBackDone>& done, Rows& view) {
  return Settle(done, done.body.call_back_id(), view);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::CallBackCancelled>& cancelled, Rows& view) {
  return Settle(cancelled, cancelled.body.call_back_id(), view);
}

// A case's rating counts where its case does; the case need not be one of ours.
sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::SatisfactionRated>& rated, Rows& view) {
  const std::string& case_id = rated.body.case_id();
  const CaseFacts* facts = case_id.empty() ? nullptr : view.Find<CasesCounted>(case_id);
  if (facts == nullptr) return CountOfClient(rated, view);
  return Count(rated, {.of_case = facts}, view);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::TradingDaySummarised>& summary, Rows& view) {
  const std::string& client_id = summary.event().client_id();
  const int32_t day = DayToldOf(summary.event());
  const DayTold* before = view.Find<DaysTold>(client_id, day);
  const std::string_view tier = TierOf(summary.event(), view);
  const sdk::Outcome outcome = Count(summary, {.told = before, .tier = tier}, view);
  DayTold& told = view.Edit<DaysTold>(client_id, day);
  if (before == nullptr) {
    told.set_branch_id(summary.event().branch_id());
    told.set_tier(std::string(tier));
  }
  told.set_trades(summary.body.trades());
  told.set_turnover(summary.body.turnover().minor_units());
  told.set_currency(summary.body.turnover().currency());
  return outcome;
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::ServiceConfigurationChanged>& changed, Rows& view) {
  return SetTier(changed.event().client_id(), changed.body.configuration().tier(), &ClientTier::mutable_stated,
                 &ClientTier::stated, view);
}

sdk::Outcome StatisticsView::Apply(const sdk::Recorded<events::v1::ClientClassified>& classified, Rows& view) {
  if (classified.body.scheme() != kTierScheme) return sdk::Ignored();
  return SetTier(classified.event().client_id(), classified.body.segment(), &ClientTier::mutable_classified,
                 &ClientTier::classified, view);
}

}  // namespace kefu::statistics
