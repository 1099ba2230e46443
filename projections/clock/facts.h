#pragma once

// Facts about clocks as events, whole but for the time the log stamps. Nothing in them depends on who makes them or
// when: two who make one make the same.

#include "kefu/events/v1/event.pb.h"
#include "projections/clock/rows.pb.h"

namespace kefu::clock {

// Of one of the row's pending notes.
events::v1::Event FactOf(const CaseClocks& row, const events::v1::Event& note);
// That the clock, which has a due time, ran out.
events::v1::Event BreachOf(const CaseClocks& row, const CaseClock& clock);

}  // namespace kefu::clock
