#include "platform/calendar/walk.h"

#include <algorithm>
#include <optional>

namespace kefu::calendar {

namespace {

// Nothing is sought further: the longest clock of a sound rule takes seventy years of one open day a week.
constexpr int64_t kHorizonDays = 36'600;

int64_t Micros(absl::Duration duration) { return absl::ToInt64Microseconds(duration); }
constexpr int64_t kMicrosOfMinute = 60'000'000;

// How far `amount` of time that counts reaches.
struct Reached {
  // When it was all there; nothing if `until` came first.
  std::optional<absl::Time> at;
  absl::Duration counted;
};

// Between `from` and `until`: all time counts, or what lies within the calendar's spans. `amount` is above zero.
Reached Reach(const Calendar* open, absl::Time from, absl::Time until, absl::Duration amount) {
  if (open == nullptr) {
    if (from + amount <= until) return {from + amount, amount};
    return {std::nullopt, until - from};
  }
  absl::Duration counted;
  for (absl::CivilDay day(open->LocalOf(from)); open->StartOf(day) < until; ++day) {
    for (const auto& span : open->SpansOf(day)) {
      const absl::Time begins = std::max(from, open->MinuteOf(day, span.from_minute()));
      const absl::Time ends = std::min(until, open->MinuteOf(day, span.until_minute()));
      if (begins >= ends) continue;
      if (counted + (ends - begins) >= amount) return {begins + (amount - counted), amount};
      counted += ends - begins;
    }
  }
  return {std::nullopt, counted};
}

}  // namespace

std::string Format(absl::CivilDay day) { return fmt::format("{:04}-{:02}-{:02}", day.year(), day.month(), day.day()); }

std::string Format(absl::CivilSecond local) {
  return fmt::format("{} {:02}:{:02}:{:02}", Format(absl::CivilDay(local)), local.hour(), local.minute(),
                     local.second());
}

std::string Words(absl::Duration duration) {
  const int64_t seconds = absl::ToInt64Seconds(duration);
  std::string words = fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
  if (seconds % 60 != 0) words += fmt::format(" {} s", seconds % 60);
  return words;
}

void Steps::AddDay(const Calendar& calendar, absl::CivilDay day, std::string_view what) {
  if (lines_ == nullptr) return;
  const std::string_view name = calendar.NameOf(day);
  Add("{} {}{}{}", Format(day), what, name.empty() ? "" : ": ", name);
}

StandStills::StandStills(absl::Time start, absl::Span<const Pause> pauses, absl::Span<const int32_t> limits) {
  for (const Pause& pause : pauses) {
    const Pause clipped{std::max(start, WholeMicroseconds(pause.from)),
                        pause.until == absl::InfiniteFuture() ? pause.until : WholeMicroseconds(pause.until),
                        pause.rule};
    if (clipped.from < clipped.until) pauses_.push_back(clipped);
  }
  for (const int32_t limit : limits) limits_.push_back({limit});
}

int64_t StandStills::LeftOf(const Pause& pause, int64_t unit) const {
  const auto rule = static_cast<size_t>(pause.rule);
  if (rule >= limits_.size() || limits_[rule].amount == 0) return -1;
  return limits_[rule].amount * unit - limits_[rule].used;
}

void StandStills::Take(const Pause& pause, int64_t amount, int64_t unit, absl::Time now) {
  const auto rule = static_cast<size_t>(pause.rule);
  if (rule >= limits_.size() || limits_[rule].amount == 0) return;
  limits_[rule].used += amount;
  if (limits_[rule].used >= limits_[rule].amount * unit) limits_[rule].used_up_at = now;
}

absl::Time StandStills::LimitAt() const {
  absl::Time limit_at = absl::InfiniteFuture();
  for (const Pause& pause : pauses_) {
    const auto rule = static_cast<size_t>(pause.rule);
    if (pause.until != absl::InfiniteFuture() || rule >= limits_.size()) continue;
    if (limits_[rule].used_up_at == absl::InfiniteFuture()) continue;
    limit_at = std::max(pause.from, limits_[rule].used_up_at);
  }
  return limit_at;
}

CountedDays CountDays(const Calendar& calendar, absl::CivilDay first, int32_t days, bool open_only, StandStills& still,
                      Steps& steps) {
  // Where the clock stands still at that moment: the first pause, by its beginning, that may still take a day.
  const auto pause_at = [&](absl::Time midnight) -> const Pause* {
    for (const Pause& pause : still.pauses())
      if (pause.from <= midnight && midnight < pause.until && still.LeftOf(pause, 1) != 0) return &pause;
    return nullptr;
  };
  absl::CivilDay day = first;
  for (int32_t counted = 0; counted < days;) {
    ++day;
    if (day - first > kHorizonDays) return {day, false, true};
    if (open_only && !calendar.IsOpen(day)) {
      steps.AddDay(calendar, day, "closed");
      continue;
    }
    if (const Pause* pause = pause_at(calendar.StartOf(day))) {
      if (pause->until == absl::InfiniteFuture() && still.LeftOf(*pause, 1) < 0) return {day, true, false};
      still.Take(*pause, 1, 1, calendar.StartOf(day + 1));
      steps.AddDay(calendar, day, "stands still");
      continue;
    }
    steps.AddDay(calendar, day, fmt::format("counts, {} of {}", ++counted, days));
  }
  return {day, false, false};
}

Running RunFor(absl::Duration amount, const Calendar* open, absl::Time start, StandStills& still) {
  const absl::Time horizon = start + absl::Hours(24 * kHorizonDays);
  // Between two of these nothing begins or ends.
  std::vector<absl::Time> marks{start, horizon};
  for (const Pause& pause : still.pauses())
    for (const absl::Time mark : {pause.from, pause.until})
      if (mark < horizon) marks.push_back(mark);
  std::sort(marks.begin(), marks.end());
  marks.erase(std::unique(marks.begin(), marks.end()), marks.end());

  Running running;
  absl::Duration left = amount;
  for (size_t i = 0; i + 1 < marks.size(); ++i) {
    absl::Time from = marks[i];
    const absl::Time until = marks[i + 1];
    for (const Pause& pause : still.pauses()) {
      if (from == until) break;
      if (pause.from > marks[i] || pause.until <= marks[i]) continue;
      const int64_t may_take = still.LeftOf(pause, kMicrosOfMinute);
      if (may_take == 0) continue;
      absl::Time stands_until = until;
      if (may_take < 0) {
        if (pause.until == absl::InfiniteFuture() && until == horizon) stands_until = pause.until;
      } else {
        const Reached reached = Reach(open, from, until, absl::Microseconds(may_take));
        stands_until = reached.at.value_or(until);
        still.Take(pause, Micros(reached.counted), kMicrosOfMinute, stands_until);
      }
      running.pieces.push_back({from, stands_until, false, absl::ZeroDuration()});
      if (stands_until == absl::InfiniteFuture()) {
        running.until = stands_until;
        return running;
      }
      from = stands_until;
    }
    if (from == until) continue;
    const Reached reached = Reach(open, from, until, left);
    running.pieces.push_back({from, reached.at.value_or(until), true, reached.counted});
    if (reached.at.has_value()) {
      running.until = *reached.at;
      return running;
    }
    left -= reached.counted;
  }
  running.until = horizon;
  running.given_up = true;
  return running;
}

}  // namespace kefu::calendar
