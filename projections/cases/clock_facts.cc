#include "projections/cases/clock_facts.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>

#include "projections/cases/cases.h"

namespace kefu::cases {

using query::v1::CaseClock;
using query::v1::ClockState;
using Rows = CasesView::Rows;

bool IsSettled(ClockState state) {
  return state == query::v1::CLOCK_STATE_MET || state == query::v1::CLOCK_STATE_DROPPED;
}

CaseClock& ClockOf(Case& row, const std::string& clock_id, int32_t run) {
  auto& clocks = *row.mutable_clocks();
  int place = 0;
  for (; place < clocks.size(); ++place) {
    const CaseClock& at = clocks.Get(place);
    const int order = at.clock_id().compare(clock_id);
    if (order == 0 && at.run() == run) return *clocks.Mutable(place);
    if (order > 0 || (order == 0 && at.run() > run)) break;
  }
  CaseClock& made = *clocks.Add();
  made.set_clock_id(clock_id);
  made.set_run(run);
  for (int i = clocks.size() - 1; i > place; --i) clocks.SwapElements(i, i - 1);
  return *clocks.Mutable(place);
}

void BoundClocks(Case& row) {
  auto& clocks = *row.mutable_clocks();
  if (clocks.size() <= kClocksKept) return;
  const auto goes_before = [](const CaseClock& a, const CaseClock& b) {
    if (IsSettled(a.state()) != IsSettled(b.state())) return IsSettled(a.state());
    if (IsSettled(a.state())) return a.settled_at() < b.settled_at();
    if (a.has_due_at() != b.has_due_at()) return !a.has_due_at();
    return b.due_at() < a.due_at();
  };
  clocks.erase(std::min_element(clocks.begin(), clocks.end(), goes_before));
}

namespace {

// Takes over what a fact says of one run of one clock. A fact is no step of the case and moves no revision, but whoever
// watches the case has to hear of it.
template <class Fact, class Change>
sdk::Outcome Take(const sdk::Recorded<Fact>& fact, Rows& view, Change change) {
  Case& row = view.Edit<Cases>(fact.body.case_id());
  if (row.case_id().empty()) return sdk::Parked("case_unknown");
  change(ClockOf(row, fact.body.clock_id(), fact.body.run()));
  BoundClocks(row);
  EndFold(fact.record, row);
  return sdk::Applied();
}

void SetDue(bool has_due, const google::protobuf::Timestamp& due_at, CaseClock& clock) {
  if (has_due)
    *clock.mutable_due_at() = due_at;
  else
    clock.clear_due_at();
}

void Settle(ClockState state, const google::protobuf::Timestamp& at, CaseClock& clock) {
  clock.set_state(state);
  *clock.mutable_settled_at() = at;
}

}  // namespace

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::ClockStarted>& started, Rows& view) {
  return Take(started, view, [&](CaseClock& clock) {
    if (!IsSettled(clock.state())) clock.set_state(query::v1::CLOCK_STATE_RUNNING);
    SetDue(started.body.has_due_at(), started.body.due_at(), clock);
  });
}

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::ClockPaused>& paused, Rows& view) {
  return Take(paused, view, [&](CaseClock& clock) {
    if (!IsSettled(clock.state())) clock.set_state(query::v1::CLOCK_STATE_PAUSED);
    SetDue(paused.body.has_due_at(), paused.body.due_at(), clock);
  });
}

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::ClockResumed>& resumed, Rows& view) {
  return Take(resumed, view, [&](CaseClock& clock) {
    if (!IsSettled(clock.state())) clock.set_state(query::v1::CLOCK_STATE_RUNNING);
    SetDue(resumed.body.has_due_at(), resumed.body.due_at(), clock);
  });
}

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::ClockMet>& met, Rows& view) {
  return Take(met, view, [&](CaseClock& clock) {
    Settle(query::v1::CLOCK_STATE_MET, met.body.met_at(), clock);
    clock.set_late(met.body.late());
  });
}

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::ClockBreached>& breached, Rows& view) {
  return Take(breached, view, [&](CaseClock& clock) {
    // Where the news that it was met came first, a fact that retracts the breach follows.
    if (!IsSettled(clock.state())) clock.set_state(query::v1::CLOCK_STATE_BREACHED);
    SetDue(breached.body.has_due_at(), breached.body.due_at(), clock);
  });
}

sdk::Outcome CasesView::Apply(const sdk::Recorded<events::v1::ClockDropped>& dropped, Rows& view) {
  return Take(dropped, view,
              [&](CaseClock& clock) { Settle(query::v1::CLOCK_STATE_DROPPED, dropped.body.dropped_at(), clock); });
}

}  // namespace kefu::cases
