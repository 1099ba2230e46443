#pragma once

// How DueOf walks: over days, or over time, past what does not count. Internal to platform/calendar.

#include <absl/time/civil_time.h>
#include <absl/time/time.h>
#include <absl/types/span.h>
#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "platform/calendar/due.h"

namespace kefu::calendar {

// "2026-03-01" and "2026-03-01 09:30:00".
std::string Format(absl::CivilDay day);
std::string Format(absl::CivilSecond local);
// "2 h 30 min", with seconds only where there are some.
std::string Words(absl::Duration duration);

// Lines that say what was done; writes nothing without somewhere to write.
class Steps {
 public:
  explicit Steps(std::vector<std::string>* lines) : lines_(lines) {}

  template <typename... Args>
  void Add(fmt::format_string<Args...> format, Args&&... args) {
    if (lines_ != nullptr && lines_->size() < kMostSteps)
      lines_->push_back(fmt::format(format, std::forward<Args>(args)...));
  }
  // "2026-10-01 closed: National Day".
  void AddDay(const Calendar& calendar, absl::CivilDay day, std::string_view what);

 private:
  std::vector<std::string>* lines_;
};

// Rule 8: the pauses of one clock, and how much of each rule's limit is used up. Amounts are days or microseconds: the
// caller's affair, as long as it is one of them.
class StandStills {
 public:
  // Clips the pauses to `start`.
  StandStills(absl::Time start, absl::Span<const Pause> pauses, absl::Span<const int32_t> limits);

  const std::vector<Pause>& pauses() const { return pauses_; }
  // What the pause may still take, given a limit counted in `unit`; -1: without end.
  int64_t LeftOf(const Pause& pause, int64_t unit) const;
  // Takes from the limit of the pause's rule. `now`: when it is used up, should it be so by this.
  void Take(const Pause& pause, int64_t amount, int64_t unit, absl::Time now);
  // Due::limit_at, after the walk.
  absl::Time LimitAt() const;

 private:
  struct Limit {
    int64_t amount = 0;
    int64_t used = 0;
    absl::Time used_up_at = absl::InfiniteFuture();
  };
  std::vector<Pause> pauses_;
  std::vector<Limit> limits_;
};

struct CountedDays {
  absl::CivilDay last;
  bool stands_still = false;
  bool given_up = false;
};
// Rule 3: the `days`-th day after `first` that counts.
CountedDays CountDays(const Calendar& calendar, absl::CivilDay first, int32_t days, bool open_only, StandStills& still,
                      Steps& steps);

struct Running {
  // InfiniteFuture: stands still without a limit.
  absl::Time until;
  bool given_up = false;
  struct Piece {
    absl::Time from, until;
    bool runs;
    absl::Duration counted;
  };
  std::vector<Piece> pieces;
};
// Rule 5: until when it runs to have run for `amount`, above zero, of open time by `open`, or of all time if that is
// null.
Running RunFor(absl::Duration amount, const Calendar* open, absl::Time start, StandStills& still);

}  // namespace kefu::calendar
