#pragma once

// When a clock is due: the one place where due times are computed. Pure. The rules are in docs/CLOCKS.md, numbered as
// the comments here.

#include <absl/types/span.h>

#include <optional>
#include <string>
#include <vector>

#include "kefu/events/v1/policy.pb.h"
#include "platform/calendar/calendar.h"

namespace kefu::calendar {

// A time in which the clock stands still.
struct Pause {
  absl::Time from;
  // Not in it any more. InfiniteFuture while it lasts.
  absl::Time until;
  // Which of the clock's pause rules it falls under: an index of DueOf's `limits`.
  int rule = 0;
};

struct Due {
  // InfiniteFuture: it stands still without a limit.
  absl::Time due_at;
  // The calendar's exceptions do not reach the first or the last day, or the search was given up after a hundred years.
  bool beyond_calendar = false;
  // Of a pause that lasts: when the clock runs on by itself; InfiniteFuture if there is none, or no limit, or the clock
  // is due before that.
  absl::Time limit_at = absl::InfiniteFuture();
};

// What fits with what in a rule: `amount` (days 0 to 3,660, at least 1 with SAME_TIME; minutes 1 to 5,270,400), unit,
// period, ends and the two ways of moving the day.
bool IsDueTime(const events::v1::DueTime& rule);

// `rule` passes IsDueTime, the calendar CheckCalendar. `pauses` are sorted by `from`; `limits`: each pause rule's, in
// days or in minutes of the rule's own kind, 0 is none. `external` binds if the rule says so. `steps`, if given, takes
// a line a step, at most kMostSteps. Cost: for days, one look into the calendar a day; for minutes, one a day and
// pause. At most a hundred years.
Due DueOf(const events::v1::DueTime& rule, const Calendar& calendar, absl::Time start,
          absl::Span<const Pause> pauses = {}, absl::Span<const int32_t> limits = {},
          std::optional<absl::Time> external = std::nullopt, std::vector<std::string>* steps = nullptr);

inline constexpr size_t kMostSteps = 500;

}  // namespace kefu::calendar
