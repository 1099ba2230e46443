#include "projections/clock/facts.h"

#include <algorithm>

#include "projections/clock/clock.h"

namespace kefu::clock {

using events::v1::Event;
using Rows = ClockView::Rows;

namespace {

// Its note is told.
void RemoveNote(const std::string& event_id, CaseClocks& row) {
  auto& pending = *row.mutable_pending();
  for (int i = 0; i < pending.size(); ++i) {
    if (pending[i].event_id() != event_id) continue;
    pending.DeleteSubrange(i, 1);
    break;
  }
  if (pending.empty()) row.clear_pending_since();
}

// Will the log say something later that moves the due time of this clock?
bool MovesLater(const CaseClocks& row, const std::string& clock_id, int32_t run) {
  return std::any_of(row.pending().begin(), row.pending().end(), [&](const Event& note) {
    if (note.has_clock_paused()) return note.clock_paused().clock_id() == clock_id && note.clock_paused().run() == run;
    return note.has_clock_resumed() && note.clock_resumed().clock_id() == clock_id && note.clock_resumed().run() == run;
  });
}

template <class Fact>
void TakeDue(const Fact& fact, CaseClock& clock) {
  if (fact.has_due_at()) {
    *clock.mutable_due_at() = fact.due_at();
  } else {
    clock.clear_due_at();
  }
}

bool MayMove(const CaseClock& clock) {
  return clock.state() == query::v1::CLOCK_STATE_RUNNING || clock.state() == query::v1::CLOCK_STATE_PAUSED;
}

// Finds row and clock, takes the note away, and calls take(row, clock).
template <class Fact, class TakeFact>
sdk::Outcome FoldFact(const sdk::Recorded<Fact>& fact, Rows& view, TakeFact take) {
  const std::string& case_id = fact.body.case_id();
  if (view.Find<Cases>(case_id) == nullptr) return sdk::Parked("case_unknown");
  CaseClocks& row = view.Edit<Cases>(case_id);
  RemoveNote(fact.event().event_id(), row);
  if (CaseClock* clock = FindClock(row, fact.body.clock_id(), fact.body.run())) take(row, *clock);
  return sdk::Applied();
}

// One that this build would not have started.
CaseClock* Make(const events::v1::ClockStarted& started, CaseClocks& row, Rows& view) {
  if (row.clocks_size() >= kClocksKept) {
    row.set_clocks_left_out(row.clocks_left_out() + 1);
    return nullptr;
  }
  CaseClock* clock = row.add_clocks();
  clock->set_clock_id(started.clock_id());
  clock->set_run(started.run());
  clock->set_state(query::v1::CLOCK_STATE_RUNNING);
  clock->set_opening(row.opening());
  const auto* pack = view.Find<Packs>(started.policy().pack_id(), started.policy().version());
  const auto* rule = pack == nullptr ? nullptr : RuleOf(*pack, started.clock_id());
  if (rule != nullptr) *clock->mutable_stops_at() = rule->stops_at();
  return clock;
}

constexpr const char* kKeeper = "kefud.clock";

void Complete(const CaseClocks& row, Event& fact) {
  fact.set_client_id(row.client_id());
  fact.set_source(kKeeper);
  fact.mutable_actor()->set_kind(events::v1::ACTOR_KIND_SYSTEM);
  fact.mutable_actor()->set_id(kKeeper);
  fact.set_branch_id(row.branch_id());
}

}  // namespace

Event FactOf(const CaseClocks& row, const Event& note) {
  Event fact = note;
  Complete(row, fact);
  return fact;
}

Event BreachOf(const CaseClocks& row, const CaseClock& clock) {
  Event fact;
  fact.set_event_id(FactId("breached", row, clock));
  *fact.mutable_occurred_at() = clock.due_at();
  fact.set_causation_id(clock.started_by_event_id());
  auto& breached = *fact.mutable_clock_breached();
  breached.set_case_id(row.case_id());
  breached.set_clock_id(clock.clock_id());
  breached.set_run(clock.run());
  *breached.mutable_due_at() = clock.due_at();
  Complete(row, fact);
  return fact;
}

// What the log says of clocks wins over what was computed when the case event came.

sdk::Outcome ClockView::Apply(const sdk::Recorded<events::v1::ClockStarted>& started, Rows& view) {
  const auto& body = started.body;
  if (view.Find<Cases>(body.case_id()) == nullptr) return sdk::Parked("case_unknown");
  CaseClocks& row = view.Edit<Cases>(body.case_id());
  RemoveNote(started.event().event_id(), row);
  CaseClock* clock = FindClock(row, body.clock_id(), body.run());
  if (clock == nullptr) clock = Make(body, row, view);
  if (clock == nullptr) return sdk::Applied();
  *clock->mutable_policy() = body.policy();
  *clock->mutable_calendar() = body.calendar();
  *clock->mutable_started_at() = body.started_at();
  clock->set_started_by_event_id(body.started_by_event_id());
  clock->set_confirmed(body.confirmed());
  if (!MovesLater(row, body.clock_id(), body.run()) && clock->pauses() == 0) TakeDue(body, *clock);
  return sdk::Applied();
}

sdk::Outcome ClockView::Apply(const sdk::Recorded<events::v1::ClockPaused>& paused, Rows& view) {
  return FoldFact(paused, view, [&](CaseClocks& row, CaseClock& clock) {
    const auto& body = paused.body;
    if (!MayMove(clock) || MovesLater(row, body.clock_id(), body.run())) return;
    TakeDue(body, clock);
    clock.set_state(query::v1::CLOCK_STATE_PAUSED);
    *clock.mutable_paused_at() = body.paused_at();
    clock.clear_limit_at();
    if (body.has_limit_at()) *clock.mutable_limit_at() = body.limit_at();
  });
}

sdk::Outcome ClockView::Apply(const sdk::Recorded<events::v1::ClockResumed>& resumed, Rows& view) {
  return FoldFact(resumed, view, [&](CaseClocks& row, CaseClock& clock) {
    const auto& body = resumed.body;
    if (!MayMove(clock) || MovesLater(row, body.clock_id(), body.run())) return;
    TakeDue(body, clock);
    clock.set_state(query::v1::CLOCK_STATE_RUNNING);
    clock.clear_paused_at();
    clock.clear_limit_at();
  });
}

sdk::Outcome ClockView::Apply(const sdk::Recorded<events::v1::ClockMet>& met, Rows& view) {
  return FoldFact(met, view, [&](CaseClocks&, CaseClock& clock) {
    const auto& body = met.body;
    clock.set_state(query::v1::CLOCK_STATE_MET);
    *clock.mutable_settled_at() = body.met_at();
    clock.set_settled_by_event_id(body.met_by_event_id());
    clock.set_late(body.late());
    if (body.retracts_breach()) clock.set_retracted(true);
    clock.clear_paused_at();
    clock.clear_limit_at();
  });
}

sdk::Outcome ClockView::Apply(const sdk::Recorded<events::v1::ClockBreached>& breached, Rows& view) {
  return FoldFact(breached, view, [&](CaseClocks& row, CaseClock& clock) {
    *clock.mutable_breached_at() = ToProto(breached.record.recorded_at);
    if (MayMove(clock)) {
      clock.set_state(query::v1::CLOCK_STATE_BREACHED);
      *clock.mutable_due_at() = breached.body.due_at();
      clock.clear_paused_at();
      clock.clear_limit_at();
    } else if (clock.state() == query::v1::CLOCK_STATE_MET && !clock.late() && !clock.retracted()) {
      // The news that it was done and the news that it was not crossed.
      clock.set_retracted(true);
      AddRetraction(clock, breached.event().event_id(), breached.record.recorded_at, row);
    }
  });
}

sdk::Outcome ClockView::Apply(const sdk::Recorded<events::v1::ClockDropped>& dropped, Rows& view) {
  return FoldFact(dropped, view, [&](CaseClocks&, CaseClock& clock) {
    const auto& body = dropped.body;
    clock.set_state(query::v1::CLOCK_STATE_DROPPED);
    *clock.mutable_settled_at() = body.dropped_at();
    clock.set_settled_by_event_id(body.dropped_by_event_id());
    clock.clear_paused_at();
    clock.clear_limit_at();
  });
}

}  // namespace kefu::clock
