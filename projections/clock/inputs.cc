#include "projections/clock/inputs.h"

#include <algorithm>

#include "platform/base/time.h"

namespace kefu::clock {

using events::v1::CaseMoment;
using events::v1::ClockRule;

namespace {

template <class List, class Value>
bool EmptyOrContains(const List& list, const Value& value) {
  return list.empty() || Contains(list, value);
}

// The inputs of this opening: those after the last reopening, and that one.
int FirstOfOpening(const CaseClocks& row) {
  for (int i = row.inputs_size() - 1; i > 0; --i)
    if (row.inputs(i).moment() == events::v1::CASE_MOMENT_REOPENED) return i;
  return 0;
}

}  // namespace

bool Fits(const events::v1::CaseCondition& condition, const CaseClocks& row) {
  if (condition.kind() != events::v1::CASE_KIND_UNSPECIFIED && condition.kind() != row.kind()) return false;
  if (condition.form() != events::v1::COMPLAINT_FORM_UNSPECIFIED && condition.form() != row.form()) return false;
  if (condition.alleges_theft_or_forgery() && !row.alleges_theft_or_forgery()) return false;
  const auto& schemes = condition.external_schemes();
  const bool has_scheme = schemes.empty() || std::any_of(schemes.begin(), schemes.end(), [&](const auto& scheme) {
                            return Contains(row.external_schemes(), scheme);
                          });
  return has_scheme && EmptyOrContains(condition.categories(), row.category()) &&
         EmptyOrContains(condition.subcategories(), row.subcategory()) &&
         EmptyOrContains(condition.priorities(), static_cast<int>(row.priority())) &&
         EmptyOrContains(condition.tiers(), row.tier()) && EmptyOrContains(condition.branch_ids(), row.branch_id());
}

bool IsOf(const Input& input, CaseMoment moment) {
  return input.moment() == moment ||
         (moment == events::v1::CASE_MOMENT_REFERRED && input.moment() == events::v1::CASE_MOMENT_RECEIVED &&
          !input.external_scheme().empty());
}

int FindMoment(const CaseClocks& row, CaseMoment moment) {
  for (int i = FirstOfOpening(row); i < row.inputs_size(); ++i)
    if (IsOf(row.inputs(i), moment)) return i;
  return -1;
}

bool Stops(const CaseClock& clock, CaseMoment moment) {
  return IsUnsettled(clock) &&
         (moment == events::v1::CASE_MOMENT_CLOSED || moment == events::v1::CASE_MOMENT_WITHDRAWN ||
          Contains(clock.stops_at(), static_cast<int>(moment)));
}

bool IsClassification(const Input& input) {
  return !input.category().empty() || !input.subcategory().empty() ||
         input.priority() != events::v1::CASE_PRIORITY_UNSPECIFIED;
}

std::vector<CaseWait> WaitsOf(const CaseClocks& row) {
  std::vector<CaseWait> waits;
  bool lasts = false;
  for (const Input& input : row.inputs()) {
    if (!input.waits() && !input.resumes()) continue;
    if (lasts) waits.back().until = FromProto(input.at());
    lasts = input.waits();
    if (lasts) waits.push_back({FromProto(input.at()), absl::InfiniteFuture(), input.waiting_on()});
  }
  return waits;
}

const Input* PresentWait(const CaseClocks& row) {
  for (int i = row.inputs_size() - 1; i >= 0; --i) {
    if (row.inputs(i).resumes() && !row.inputs(i).waits()) return nullptr;
    if (row.inputs(i).waits()) return &row.inputs(i);
  }
  return nullptr;
}

int PauseRuleOf(const ClockRule& rule, events::v1::WaitingOn on) {
  for (int i = 0; i < rule.pauses_size(); ++i)
    if (Contains(rule.pauses(i).waiting_on(), static_cast<int>(on))) return i;
  return -1;
}

bool IsUnsettled(const CaseClock& clock) {
  return clock.state() == query::v1::CLOCK_STATE_RUNNING || clock.state() == query::v1::CLOCK_STATE_PAUSED ||
         clock.state() == query::v1::CLOCK_STATE_BREACHED;
}

bool Matters(const CaseClocks& row, const Input& input) {
  if (input.waits() || IsClassification(input) || !input.external_scheme().empty() || input.has_external_due_at())
    return true;
  if (input.resumes() && PresentWait(row) != nullptr) return true;
  if (input.moment() == events::v1::CASE_MOMENT_UNSPECIFIED) return false;
  return input.moment() == events::v1::CASE_MOMENT_REOPENED || FindMoment(row, input.moment()) < 0 ||
         std::any_of(row.clocks().begin(), row.clocks().end(),
                     [&](const CaseClock& clock) { return Stops(clock, input.moment()); });
}

}  // namespace kefu::clock
