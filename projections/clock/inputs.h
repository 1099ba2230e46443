#pragma once

// What a case's inputs say: which moments have been, when it waited, which rules hold for it.

#include <absl/time/time.h>

#include <algorithm>
#include <vector>

#include "kefu/events/v1/policy.pb.h"
#include "projections/clock/rows.pb.h"

namespace kefu::clock {

template <class List, class Value>
bool Contains(const List& list, const Value& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// All of the condition holds.
bool Fits(const events::v1::CaseCondition& condition, const CaseClocks& row);

// A regulator's number may also come with the case.
bool IsOf(const Input& input, events::v1::CaseMoment moment);
// The first of its kind in this opening; -1 if it has not been.
int FindMoment(const CaseClocks& row, events::v1::CaseMoment moment);
// Priority or category changed.
bool IsClassification(const Input& input);

// Running, standing still, or missed and not done yet.
bool IsUnsettled(const CaseClock& clock);
// By meeting what it demands, or by dropping it.
bool Stops(const CaseClock& clock, events::v1::CaseMoment moment);

struct CaseWait {
  absl::Time from, until;
  events::v1::WaitingOn on;
};
// Of the whole life, in the log's order; the last one may last (InfiniteFuture).
std::vector<CaseWait> WaitsOf(const CaseClocks& row);
// The wait that lasts; null if it does not wait.
const Input* PresentWait(const CaseClocks& row);
// Which pause rule a wait falls under; -1 if under none.
int PauseRuleOf(const events::v1::ClockRule& rule, events::v1::WaitingOn on);

// Whether Take (clocks.h) would change anything.
bool Matters(const CaseClocks& row, const Input& input);

}  // namespace kefu::clock
