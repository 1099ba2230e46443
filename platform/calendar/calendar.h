#pragma once

// Civil time over a published calendar: which days and hours count, and what the clock on the wall shows. Pure: no
// clock, no time zone files, no state. docs/CLOCKS.md has the rules in words.

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <array>
#include <cstdint>
#include <string_view>

#include "kefu/events/v1/calendar.pb.h"

namespace kefu::calendar {

// What is wrong with a calendar, in the order in which it is looked for.
enum class CalendarFault {
  kNone,
  // A day's spans are not sorted, or overlap, or touch: two that touch are to be written as one.
  kSpansOverlap,
  // Not 0 <= from < until <= 1440, or hours of no weekday.
  kSpanInvalid,
  kWeekdayTwice,
  // Exceptions are not strictly rising, or one is no day of any year from 1 to 9999.
  kDaysNotSorted,
  // The usual week has no open day.
  kNeverOpen,
  // An offset beyond 18 hours, or a shift less than two days after the one before.
  kZoneInvalid,
  // Not covers_from <= covers_until <= covers_from + 40 years.
  kCoverageInvalid,
};

// "spans_overlap", as refusals name it; "" for kNone.
std::string_view NameOf(CalendarFault fault);

// Cost: one pass over the calendar.
CalendarFault CheckCalendar(const events::v1::CalendarPublished& published);

// Whether it names a day of a year from 1 to 9999.
bool IsDay(const events::v1::CalendarDate& date);
absl::CivilDay DayOf(const events::v1::CalendarDate& date);
// Times of clocks are whole microseconds: the one that `time` lies in.
absl::Time WholeMicroseconds(absl::Time time);

// A calendar that CheckCalendar found no fault in, with one that has some the answers are of no use, but there are
// answers. Borrows the message, which must outlive it; cheap to make. Cost of each call: a binary search.
class Calendar {
 public:
  using Spans = google::protobuf::RepeatedPtrField<events::v1::DaySpan>;

  explicit Calendar(const events::v1::CalendarPublished& published);

  const events::v1::CalendarPublished& published() const { return *published_; }

  // Local time less UTC, in seconds.
  int32_t OffsetAt(absl::Time time) const;
  // Less than a second is cut off.
  absl::CivilSecond LocalOf(absl::Time time) const;
  // Where the local time is there twice: the first; where it is never there: the shift's instant.
  absl::Time UtcOf(absl::CivilSecond local) const;
  absl::Time StartOf(absl::CivilDay day) const { return UtcOf(absl::CivilSecond(day)); }
  // `minute` counts from midnight by the clock on the wall: 0 to 1440.
  absl::Time MinuteOf(absl::CivilDay day, int32_t minute) const { return UtcOf(absl::CivilSecond(day) + 60 * minute); }

  // Opening hours of the day: an exception's, else the week's. None: closed.
  const Spans& SpansOf(absl::CivilDay day) const;
  bool IsOpen(absl::CivilDay day) const { return !SpansOf(day).empty(); }
  // The end of the day's last span; of a closed day its last midnight.
  absl::Time CloseOf(absl::CivilDay day) const;
  // "Spring Festival"; empty for a day like any other.
  std::string_view NameOf(absl::CivilDay day) const;
  // The exceptions are complete there.
  bool Covers(absl::CivilDay day) const;

 private:
  // Null if there is none.
  const events::v1::CalendarException* ExceptionOn(absl::CivilDay day) const;

  const events::v1::CalendarPublished* published_;
  std::array<const Spans*, 8> week_;  // by Weekday; null: closed
};

}  // namespace kefu::calendar
