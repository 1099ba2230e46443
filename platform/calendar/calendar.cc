#include "platform/calendar/calendar.h"

#include <algorithm>

#include "platform/base/time.h"

namespace kefu::calendar {

using events::v1::CalendarDate;
using events::v1::CalendarException;
using events::v1::CalendarPublished;
using Spans = Calendar::Spans;

namespace {

constexpr int32_t kMinutesOfDay = 24 * 60;
constexpr int32_t kLargestOffset = 18 * 3600;
constexpr int kMostYears = 40;

bool Overlap(const Spans& spans) {
  for (int i = 1; i < spans.size(); ++i)
    if (spans[i].from_minute() <= spans[i - 1].until_minute()) return true;
  return false;
}

bool Invalid(const Spans& spans) {
  return std::any_of(spans.begin(), spans.end(), [](const events::v1::DaySpan& span) {
    return span.from_minute() < 0 || span.from_minute() >= span.until_minute() || span.until_minute() > kMinutesOfDay;
  });
}

bool IsWeekday(events::v1::Weekday weekday) {
  return weekday >= events::v1::WEEKDAY_MONDAY && weekday <= events::v1::WEEKDAY_SUNDAY;
}

// True if `wrong` says so of the hours of any weekday or exception.
template <class Wrong>
bool AnySpans(const CalendarPublished& published, Wrong wrong) {
  const auto of = [&](const auto& day) { return wrong(day.spans()); };
  return std::any_of(published.week().begin(), published.week().end(), of) ||
         std::any_of(published.exceptions().begin(), published.exceptions().end(), of);
}

bool WeekdayTwice(const CalendarPublished& published) {
  std::array<bool, 8> seen{};
  for (const auto& hours : published.week()) {
    if (seen[hours.weekday()]) return true;
    seen[hours.weekday()] = true;
  }
  return false;
}

bool DaysSorted(const CalendarPublished& published) {
  const auto& exceptions = published.exceptions();
  for (int i = 0; i < exceptions.size(); ++i) {
    if (!IsDay(exceptions[i].day())) return false;
    if (i > 0 && DayOf(exceptions[i - 1].day()) >= DayOf(exceptions[i].day())) return false;
  }
  return true;
}

bool NeverOpen(const CalendarPublished& published) {
  return std::all_of(published.week().begin(), published.week().end(),
                     [](const auto& hours) { return hours.spans().empty(); });
}

bool IsOffset(int32_t seconds) { return seconds >= -kLargestOffset && seconds <= kLargestOffset; }

// Two days between shifts are more than any two offsets can differ by: so local time, though it jumps, never meets two
// shifts at once.
bool ZoneValid(const events::v1::ZoneOffsets& zone) {
  if (!IsOffset(zone.offset_seconds())) return false;
  for (int i = 0; i < zone.shifts_size(); ++i) {
    if (!IsOffset(zone.shifts(i).offset_seconds())) return false;
    if (i > 0 && FromProto(zone.shifts(i).at()) - FromProto(zone.shifts(i - 1).at()) < absl::Hours(48)) return false;
  }
  return true;
}

bool CoverageValid(const CalendarPublished& published) {
  if (!IsDay(published.covers_from()) || !IsDay(published.covers_until())) return false;
  const absl::CivilDay from = DayOf(published.covers_from());
  const absl::CivilDay until = DayOf(published.covers_until());
  return from <= until && until <= absl::CivilDay(from.year() + kMostYears, from.month(), from.day());
}

// 1 for Monday to 7 for Sunday, as events::v1::Weekday has it.
int WeekdayOf(absl::CivilDay day) { return static_cast<int>(absl::GetWeekday(day)) + 1; }

}  // namespace

bool IsDay(const CalendarDate& date) {
  if (date.year() < 1 || date.year() > 9999) return false;
  const absl::CivilDay day = DayOf(date);  // normalised: February 30 becomes March 2
  return day.year() == date.year() && day.month() == date.month() && day.day() == date.day();
}

absl::CivilDay DayOf(const CalendarDate& date) { return absl::CivilDay(date.year(), date.month(), date.day()); }

absl::Time WholeMicroseconds(absl::Time time) { return absl::FromUnixMicros(absl::ToUnixMicros(time)); }

std::string_view NameOf(CalendarFault fault) {
  switch (fault) {
    case CalendarFault::kSpansOverlap:
      return "spans_overlap";
    case CalendarFault::kSpanInvalid:
      return "span_invalid";
    case CalendarFault::kWeekdayTwice:
      return "weekday_twice";
    case CalendarFault::kDaysNotSorted:
      return "days_not_sorted";
    case CalendarFault::kNeverOpen:
      return "calendar_never_open";
    case CalendarFault::kZoneInvalid:
      return "zone_invalid";
    case CalendarFault::kCoverageInvalid:
      return "coverage_invalid";
    case CalendarFault::kNone:
      break;
  }
  return "";
}

CalendarFault CheckCalendar(const CalendarPublished& published) {
  const bool no_weekday = std::any_of(published.week().begin(), published.week().end(),
                                      [](const auto& hours) { return !IsWeekday(hours.weekday()); });
  if (AnySpans(published, Overlap)) return CalendarFault::kSpansOverlap;
  if (no_weekday || AnySpans(published, Invalid)) return CalendarFault::kSpanInvalid;
  if (WeekdayTwice(published)) return CalendarFault::kWeekdayTwice;
  if (!DaysSorted(published)) return CalendarFault::kDaysNotSorted;
  if (NeverOpen(published)) return CalendarFault::kNeverOpen;
  if (!ZoneValid(published.zone())) return CalendarFault::kZoneInvalid;
  if (!CoverageValid(published)) return CalendarFault::kCoverageInvalid;
  return CalendarFault::kNone;
}

Calendar::Calendar(const CalendarPublished& published) : published_(&published), week_{} {
  for (const auto& hours : published.week())
    if (IsWeekday(hours.weekday())) week_[hours.weekday()] = &hours.spans();
}

int32_t Calendar::OffsetAt(absl::Time time) const {
  const auto& shifts = published_->zone().shifts();
  const auto after = std::partition_point(shifts.begin(), shifts.end(),
                                          [&](const auto& shift) { return FromProto(shift.at()) <= time; });
  return after == shifts.begin() ? published_->zone().offset_seconds() : std::prev(after)->offset_seconds();
}

absl::CivilSecond Calendar::LocalOf(absl::Time time) const {
  return absl::ToCivilSecond(time + absl::Seconds(OffsetAt(time)), absl::UTCTimeZone());
}

absl::Time Calendar::UtcOf(absl::CivilSecond local) const {
  const auto& shifts = published_->zone().shifts();
  const absl::Time wall = absl::FromCivil(local, absl::UTCTimeZone());
  // The offset in force before the shift at `i`.
  const auto before = [&](int i) {
    return absl::Seconds(i == 0 ? published_->zone().offset_seconds() : shifts[i - 1].offset_seconds());
  };
  // The first shift that the wall clock, as it goes before it, reaches only after `local`.
  int low = 0, high = shifts.size();
  while (low < high) {
    const int middle = low + (high - low) / 2;
    if (FromProto(shifts[middle].at()) + before(middle) > wall) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  const absl::Time time = wall - before(low);
  // Skipped by the last shift: its own instant.
  return low == 0 ? time : std::max(time, FromProto(shifts[low - 1].at()));
}

const CalendarException* Calendar::ExceptionOn(absl::CivilDay day) const {
  const auto& exceptions = published_->exceptions();
  const auto found = std::partition_point(exceptions.begin(), exceptions.end(),
                                          [&](const auto& exception) { return DayOf(exception.day()) < day; });
  return found == exceptions.end() || DayOf(found->day()) != day ? nullptr : &*found;
}

const Spans& Calendar::SpansOf(absl::CivilDay day) const {
  static const auto* closed = new Spans;
  if (const auto* exception = ExceptionOn(day)) return exception->spans();
  const Spans* usual = week_[WeekdayOf(day)];
  return usual == nullptr ? *closed : *usual;
}

absl::Time Calendar::CloseOf(absl::CivilDay day) const {
  const Spans& spans = SpansOf(day);
  return MinuteOf(day, spans.empty() ? kMinutesOfDay : spans.rbegin()->until_minute());
}

std::string_view Calendar::NameOf(absl::CivilDay day) const {
  const auto* exception = ExceptionOn(day);
  return exception == nullptr ? std::string_view() : std::string_view(exception->name());
}

bool Calendar::Covers(absl::CivilDay day) const {
  return DayOf(published_->covers_from()) <= day && day <= DayOf(published_->covers_until());
}

}  // namespace kefu::calendar
