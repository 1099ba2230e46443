#include "projections/admission/reference_rules.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "platform/calendar/calendar.h"
#include "platform/rules/churn_model.h"
#include "platform/rules/segment_rules.h"

namespace kefu::admission {

namespace {

using events::v1::CalendarKind;
using events::v1::ClockRule;
using events::v1::CodeSetPublished;
using events::v1::DueTime;

constexpr size_t kLongestUnitId = 64;
// So that the ids of facts about clocks, which hold both, fit into an event id.
constexpr size_t kLongestPackId = 20;
constexpr size_t kLongestReferenceId = 24;
constexpr int kMostClocks = 32;
constexpr int32_t kMostDays = 3'660;
constexpr int32_t kMostMinutes = kMostDays * 24 * 60;

bool IsMinutes(const DueTime& due) {
  return due.unit() == events::v1::DUE_UNIT_MINUTES || due.unit() == events::v1::DUE_UNIT_OPEN_MINUTES;
}

bool IsOpenDays(const DueTime& due) {
  return due.unit() == events::v1::DUE_UNIT_BUSINESS_DAYS || due.unit() == events::v1::DUE_UNIT_TRADING_DAYS;
}

bool AmountFits(const DueTime& due) {
  if (IsMinutes(due)) return due.amount() >= 1 && due.amount() <= kMostMinutes;
  const int32_t least = due.ends() == events::v1::DUE_END_SAME_TIME ? 1 : 0;
  const int32_t most = due.unit() == events::v1::DUE_UNIT_WEEKS ? kMostDays / 7 : kMostDays;
  return due.amount() >= least && due.amount() <= most;
}

// Minutes end by themselves; days need to know when in the last one, and only they roll on.
bool EndsFit(const DueTime& due) {
  if (IsMinutes(due)) return due.ends() == events::v1::DUE_END_UNSPECIFIED && !due.rolls_to_open_day();
  return due.ends() != events::v1::DUE_END_UNSPECIFIED && events::v1::DueEnd_IsValid(due.ends());
}

bool PeriodFits(const DueTime& due) {
  const bool has_period = due.period() != events::v1::DUE_PERIOD_UNSPECIFIED;
  return has_period == (due.unit() == events::v1::DUE_UNIT_DAYS_AFTER_PERIOD) &&
         events::v1::DuePeriod_IsValid(due.period());
}

bool IsMoment(int moment) {
  return moment != events::v1::CASE_MOMENT_UNSPECIFIED && events::v1::CaseMoment_IsValid(moment);
}

bool DueTimeFits(const ClockRule& clock) {
  const DueTime& due = clock.due();
  return IsMoment(clock.starts_at()) && std::all_of(clock.stops_at().begin(), clock.stops_at().end(), &IsMoment) &&
         due.unit() != events::v1::DUE_UNIT_UNSPECIFIED && events::v1::DueUnit_IsValid(due.unit()) &&
         AmountFits(due) && EndsFit(due) && PeriodFits(due) && (IsOpenDays(due) || !due.late_receipt_counts_next_day());
}

bool KindFits(const DueTime& due, CalendarKind kind) {
  switch (due.unit()) {
    case events::v1::DUE_UNIT_OPEN_MINUTES:
    case events::v1::DUE_UNIT_BUSINESS_DAYS:
      return kind == events::v1::CALENDAR_KIND_BUSINESS;
    case events::v1::DUE_UNIT_TRADING_DAYS:
      return kind == events::v1::CALENDAR_KIND_TRADING;
    default:
      return true;
  }
}

// A clock that counts from the end of a period never stands still; else each cause stands in one pause, once.
bool PausesFit(const ClockRule& clock) {
  if (clock.pauses().empty()) return true;
  if (clock.due().unit() == events::v1::DUE_UNIT_DAYS_AFTER_PERIOD) return false;
  std::set<int> causes;
  for (const auto& pause : clock.pauses()) {
    if (pause.waiting_on().empty() || pause.limit() < 0) return false;
    for (const int cause : pause.waiting_on())
      if (cause == events::v1::WAITING_ON_UNSPECIFIED || !events::v1::WaitingOn_IsValid(cause) ||
          !causes.insert(cause).second)
        return false;
  }
  return true;
}

Rule CheckClock(const ClockRule& clock, KindOfCalendar kind_of) {
  if (!DueTimeFits(clock)) return Rule::kDueTimeInvalid;
  const CalendarKind kind = kind_of(clock.due().calendar_id());
  if (kind == events::v1::CALENDAR_KIND_UNSPECIFIED) return Rule::kCalendarUnknown;
  if (!KindFits(clock.due(), kind)) return Rule::kCalendarOfOtherKind;
  return PausesFit(clock) ? Rule::kNone : Rule::kPauseNotApplicable;
}

// Of two refusals the one that comes first in the list of rules.
Rule FirstOf(Rule a, Rule b) {
  if (a == Rule::kNone || b == Rule::kNone) return a == Rule::kNone ? b : a;
  return std::min(a, b);
}

bool IsVisibleAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

// `parents[i]` is the place of the entry above entry i, or -1.
bool HasCycle(const std::vector<int>& parents) {
  // The walk in which an entry was met; 0 for none yet.
  std::vector<int> met(parents.size(), 0);
  for (int start = 0; start < static_cast<int>(parents.size()); ++start) {
    int at = start;
    while (at >= 0 && met[at] == 0) {
      met[at] = start + 1;
      at = parents[at];
    }
    if (at >= 0 && met[at] == start + 1) return true;
  }
  return false;
}

Rule RuleOf(calendar::CalendarFault fault) {
  using calendar::CalendarFault;
  switch (fault) {
    case CalendarFault::kNone:
      return Rule::kNone;
    case CalendarFault::kSpansOverlap:
      return Rule::kSpansOverlap;
    case CalendarFault::kSpanInvalid:
      return Rule::kSpanInvalid;
    case CalendarFault::kWeekdayTwice:
      return Rule::kWeekdayTwice;
    case CalendarFault::kDaysNotSorted:
      return Rule::kDaysNotSorted;
    case CalendarFault::kNeverOpen:
      return Rule::kCalendarNeverOpen;
    case CalendarFault::kZoneInvalid:
      return Rule::kZoneInvalid;
    case CalendarFault::kCoverageInvalid:
      return Rule::kCoverageInvalid;
  }
  return Rule::kSpanInvalid;
}

Rule RuleOf(rules::RulesFault fault) {
  using rules::RulesFault;
  switch (fault) {
    case RulesFault::kNone:
      return Rule::kNone;
    case RulesFault::kDividesByZero:
      return Rule::kRuleDividesByZero;
    case RulesFault::kDivisionUnguarded:
      return Rule::kRuleDivisionUnguarded;
    case RulesFault::kExpressionInvalid:
      return Rule::kExpressionInvalid;
    case RulesFault::kSegmentTwice:
      return Rule::kSegmentTwice;
    case RulesFault::kWithoutSegment:
      return Rule::kRulesWithoutSegment;
    case RulesFault::kModelScaleInvalid:
      return Rule::kModelScaleInvalid;
    case RulesFault::kModelUsesScore:
      return Rule::kModelUsesScore;
    case RulesFault::kTooManySegments:
      return Rule::kTooManySegments;
  }
  return Rule::kExpressionInvalid;
}

}  // namespace

bool IsUnitId(std::string_view id) { return !id.empty() && id.size() <= kLongestUnitId && IsVisibleAscii(id); }

bool IsReferenceId(std::string_view id, size_t longest) {
  return !id.empty() && id.size() <= longest && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
}

Rule CheckCalendarContent(const events::v1::CalendarPublished& published) {
  if (!IsReferenceId(published.calendar_id(), kLongestReferenceId)) return Rule::kReferenceIdInvalid;
  return RuleOf(calendar::CheckCalendar(published));
}

Rule CheckPack(const events::v1::PolicyPackPublished& pack, KindOfCalendar kind_of) {
  if (!IsReferenceId(pack.pack_id(), kLongestPackId)) return Rule::kReferenceIdInvalid;
  std::set<std::string_view> ids;
  bool twice = false;
  for (const ClockRule& clock : pack.clocks()) {
    if (!IsReferenceId(clock.clock_id(), kLongestPackId)) return Rule::kReferenceIdInvalid;
    twice |= !ids.insert(clock.clock_id()).second;
  }
  if (pack.clocks().empty() && !pack.retired()) return Rule::kPolicyWithoutClock;
  if (twice) return Rule::kClockIdTwice;
  if (pack.clocks_size() > kMostClocks) return Rule::kTooManyClocks;
  Rule rule = Rule::kNone;
  for (const ClockRule& clock : pack.clocks()) rule = FirstOf(rule, CheckClock(clock, kind_of));
  return rule;
}

Rule CheckCodeSet(const CodeSetPublished& codes) {
  if (!IsUnitId(codes.scheme()) || codes.version().empty()) return Rule::kReferenceIdInvalid;
  std::map<std::string_view, int> places;
  for (int i = 0; i < codes.entries_size(); ++i)
    if (codes.entries(i).value().empty() || !places.emplace(codes.entries(i).value(), i).second)
      return Rule::kReferenceIdInvalid;
  std::vector<int> parents(codes.entries_size(), -1);
  for (int i = 0; i < codes.entries_size(); ++i) {
    if (codes.entries(i).parent().empty()) continue;
    const auto parent = places.find(codes.entries(i).parent());
    if (parent == places.end()) return Rule::kCodeParentUnknown;
    parents[i] = parent->second;
  }
  return HasCycle(parents) ? Rule::kTreeHasCycle : Rule::kNone;
}

Rule CheckSegmentRules(const events::v1::SegmentRulesPublished& published) {
  if (!IsReferenceId(published.scheme(), kLongestReferenceId)) return Rule::kReferenceIdInvalid;
  for (const auto& rule : published.rules())
    if (!IsReferenceId(rule.segment(), kLongestReferenceId)) return Rule::kReferenceIdInvalid;
  // Before the rest, which compares each with each.
  if (published.rules_size() > rules::kMostRules) return Rule::kTooManySegments;
  return RuleOf(rules::CheckSegmentRules(published));
}

Rule CheckModel(const events::v1::ChurnModelPublished& model) { return RuleOf(rules::CheckModel(model)); }

Rule CheckRetention(const events::v1::RetentionPublished& retention) {
  std::set<std::string> ids, kinds;
  int for_all_others = 0;
  for (const auto& one : retention.classes()) {
    if (!IsReferenceId(one.class_id(), kLongestReferenceId) || !ids.insert(one.class_id()).second || one.years() < 1)
      return Rule::kRetentionInvalid;
    if (one.kinds().empty()) ++for_all_others;
    for (const std::string& kind : one.kinds())
      if (kind.empty() || !kinds.insert(kind).second) return Rule::kRetentionInvalid;
  }
  return for_all_others == 1 ? Rule::kNone : Rule::kRetentionInvalid;
}

}  // namespace kefu::admission
