#include "platform/calendar/due.h"

#include <fmt/format.h>

#include <algorithm>

#include "platform/calendar/walk.h"

namespace kefu::calendar {

using events::v1::DueTime;

namespace {

constexpr int32_t kMostDays = 3'660;
constexpr int32_t kMostMinutes = kMostDays * 24 * 60;

bool IsOneOf(int value, std::initializer_list<int> of) { return std::find(of.begin(), of.end(), value) != of.end(); }

// Rule 2: from which day days are counted, and which time of day counts as the start's.
struct Beginning {
  absl::CivilDay day;
  absl::CivilSecond local;
  absl::Duration below_second;
};

Beginning BeginningOf(const DueTime& rule, const Calendar& calendar, absl::Time start, Steps& steps) {
  const absl::CivilSecond local = calendar.LocalOf(start);
  const absl::CivilDay day(local);
  const Beginning as_it_is{day, local, start - absl::FromUnixSeconds(absl::ToUnixSeconds(start))};
  if (!rule.late_receipt_counts_next_day()) return as_it_is;
  if (calendar.IsOpen(day) && start < calendar.CloseOf(day)) return as_it_is;
  absl::CivilDay next = day + 1;
  while (!calendar.IsOpen(next)) ++next;
  steps.Add("{} after the close of the day, or on a closed one: counts as received on {}", Format(local), Format(next));
  return {next, absl::CivilSecond(next) + 60 * calendar.SpansOf(next)[0].from_minute(), absl::ZeroDuration()};
}

// Rule 6.
absl::CivilDay LastDayOfPeriod(events::v1::DuePeriod period, absl::CivilDay day) {
  const absl::CivilMonth month(day);
  const int of_year = month.month() - 1;
  const int months = period == events::v1::DUE_PERIOD_YEAR        ? 12
                     : period == events::v1::DUE_PERIOD_HALF_YEAR ? 6
                     : period == events::v1::DUE_PERIOD_QUARTER   ? 3
                                                                  : 1;
  return absl::CivilDay(month + (months - of_year % months)) - 1;
}

// Rule 4.
absl::Time EndOn(absl::CivilDay day, const DueTime& rule, const Calendar& calendar, const Beginning& beginning) {
  switch (rule.ends()) {
    case events::v1::DUE_END_CLOSE:
      return calendar.CloseOf(day);
    case events::v1::DUE_END_SAME_TIME: {
      const absl::CivilSecond& at = beginning.local;
      return calendar.UtcOf(
                 absl::CivilSecond(day.year(), day.month(), day.day(), at.hour(), at.minute(), at.second())) +
             beginning.below_second;
    }
    default:
      return calendar.StartOf(day + 1);
  }
}

Due DueInDays(const DueTime& rule, const Calendar& calendar, absl::Time start, StandStills& still, Steps& steps) {
  const bool open_only = IsOneOf(rule.unit(), {events::v1::DUE_UNIT_BUSINESS_DAYS, events::v1::DUE_UNIT_TRADING_DAYS});
  const Beginning beginning = BeginningOf(rule, calendar, start, steps);
  Due due;
  absl::CivilDay last = beginning.day;
  if (rule.unit() == events::v1::DUE_UNIT_DAYS_AFTER_PERIOD) {
    last = LastDayOfPeriod(rule.period(), beginning.day);
    steps.Add("{} the period ends", Format(last));
    last += rule.amount();
  } else {
    const int32_t days = rule.amount() * (rule.unit() == events::v1::DUE_UNIT_WEEKS ? 7 : 1);
    const auto counted = CountDays(calendar, beginning.day, days, open_only, still, steps);
    due.limit_at = still.LimitAt();
    if (counted.stands_still) {
      due.due_at = absl::InfiniteFuture();
      due.beyond_calendar = !calendar.Covers(beginning.day);
      return due;
    }
    last = counted.last;
    due.beyond_calendar = counted.given_up;
  }
  if (rule.rolls_to_open_day() && !due.beyond_calendar) {
    while (!calendar.IsOpen(last)) {
      steps.AddDay(calendar, last, "closed");
      ++last;
    }
  }
  due.due_at = EndOn(last, rule, calendar, beginning);
  due.beyond_calendar |= !calendar.Covers(beginning.day) || !calendar.Covers(last);
  steps.Add("{} the last day", Format(last));
  return due;
}

Due DueInMinutes(const DueTime& rule, const Calendar& calendar, absl::Time start, StandStills& still, Steps& steps) {
  const absl::Duration amount = absl::Minutes(rule.amount());
  const Running running =
      RunFor(amount, rule.unit() == events::v1::DUE_UNIT_OPEN_MINUTES ? &calendar : nullptr, start, still);
  Due due;
  due.due_at = running.until;
  due.limit_at = still.LimitAt();
  const absl::CivilDay first(calendar.LocalOf(start));
  due.beyond_calendar = running.given_up || !calendar.Covers(first);
  for (const auto& piece : running.pieces) {
    steps.Add("{} to {} {}", Format(calendar.LocalOf(piece.from)),
              piece.until == absl::InfiniteFuture() ? "no end" : Format(calendar.LocalOf(piece.until)),
              piece.runs ? fmt::format("runs: {}", Words(piece.counted)) : "stands still");
  }
  if (due.due_at != absl::InfiniteFuture())
    due.beyond_calendar |= !calendar.Covers(absl::CivilDay(calendar.LocalOf(due.due_at)));
  return due;
}

}  // namespace

bool IsDueTime(const DueTime& rule) {
  const bool moves = rule.rolls_to_open_day() || rule.late_receipt_counts_next_day();
  const bool has_period = rule.period() != events::v1::DUE_PERIOD_UNSPECIFIED;
  if (IsOneOf(rule.unit(), {events::v1::DUE_UNIT_MINUTES, events::v1::DUE_UNIT_OPEN_MINUTES})) {
    return rule.amount() >= 1 && rule.amount() <= kMostMinutes && !has_period && !moves &&
           rule.ends() == events::v1::DUE_END_UNSPECIFIED;
  }
  const bool after_period = rule.unit() == events::v1::DUE_UNIT_DAYS_AFTER_PERIOD;
  const bool open_only = IsOneOf(rule.unit(), {events::v1::DUE_UNIT_BUSINESS_DAYS, events::v1::DUE_UNIT_TRADING_DAYS});
  const bool calendar_days = IsOneOf(rule.unit(), {events::v1::DUE_UNIT_CALENDAR_DAYS, events::v1::DUE_UNIT_WEEKS});
  if (!after_period && !open_only && !calendar_days) return false;
  if (rule.amount() < 0 || rule.amount() > kMostDays) return false;
  if (has_period != after_period || rule.period() > events::v1::DUE_PERIOD_YEAR) return false;
  if (rule.late_receipt_counts_next_day() && !open_only) return false;
  if (rule.ends() == events::v1::DUE_END_SAME_TIME) return rule.amount() >= 1;
  return IsOneOf(rule.ends(), {events::v1::DUE_END_MIDNIGHT, events::v1::DUE_END_CLOSE});
}

Due DueOf(const DueTime& rule, const Calendar& calendar, absl::Time start, absl::Span<const Pause> pauses,
          absl::Span<const int32_t> limits, std::optional<absl::Time> external, std::vector<std::string>* lines) {
  Steps steps(lines);
  start = WholeMicroseconds(start);
  steps.Add("{} it starts", Format(calendar.LocalOf(start)));
  if (rule.external_date_binds() && external.has_value()) {  // rule 7
    const absl::Time due_at = WholeMicroseconds(*external);
    steps.Add("{} a date that came from outside binds", Format(calendar.LocalOf(due_at)));
    return {due_at};
  }
  const bool minutes = IsOneOf(rule.unit(), {events::v1::DUE_UNIT_MINUTES, events::v1::DUE_UNIT_OPEN_MINUTES});
  StandStills still(start, pauses, limits);
  const Due due =
      minutes ? DueInMinutes(rule, calendar, start, still, steps) : DueInDays(rule, calendar, start, still, steps);
  if (due.due_at == absl::InfiniteFuture()) {
    steps.Add("stands still without a limit: no due time");
  } else {
    steps.Add("{} due{}", Format(calendar.LocalOf(due.due_at)), due.beyond_calendar ? ", beyond the calendar" : "");
  }
  return due;
}

}  // namespace kefu::calendar
