#pragma once

// Calendars and times of tests, written short.

#include <string_view>

#include "kefu/events/v1/calendar.pb.h"
#include "platform/base/check.h"
#include "platform/base/time.h"
#include "platform/calendar/calendar.h"

namespace kefu::calendar {

// "2026-03-01T09:30:00Z".
inline absl::Time Utc(std::string_view text) {
  const auto time = ParseRfc3339(text);
  KEFU_CHECK(time.ok(), "{}", text);
  return *time;
}

inline events::v1::CalendarDate Date(int year, int month, int day) {
  events::v1::CalendarDate date;
  date.set_year(year);
  date.set_month(month);
  date.set_day(day);
  return date;
}

inline void AddSpan(int from_minute, int until_minute, google::protobuf::RepeatedPtrField<events::v1::DaySpan>* spans) {
  auto* span = spans->Add();
  span->set_from_minute(from_minute);
  span->set_until_minute(until_minute);
}

inline void AddWeekday(events::v1::CalendarPublished& calendar, int weekday, int from_minute, int until_minute) {
  for (auto& hours : *calendar.mutable_week())
    if (hours.weekday() == weekday) return AddSpan(from_minute, until_minute, hours.mutable_spans());
  auto* hours = calendar.add_week();
  hours->set_weekday(static_cast<events::v1::Weekday>(weekday));
  AddSpan(from_minute, until_minute, hours->mutable_spans());
}

inline events::v1::CalendarException& AddException(events::v1::CalendarPublished& calendar, int year, int month,
                                                   int day, std::string_view name) {
  auto* exception = calendar.add_exceptions();
  *exception->mutable_day() = Date(year, month, day);
  exception->set_name(std::string(name));
  return *exception;
}

inline void AddShift(events::v1::CalendarPublished& calendar, std::string_view at, int offset_seconds) {
  auto* shift = calendar.mutable_zone()->add_shifts();
  *shift->mutable_at() = ToProto(Utc(at));
  shift->set_offset_seconds(offset_seconds);
}

// Monday to Friday, 9:00–11:30 and 13:00–17:00, UTC+8, 2026. Spring Festival from February 16 to 20, made up for on
// Saturday February 28.
inline events::v1::CalendarPublished Shanghai() {
  events::v1::CalendarPublished calendar;
  calendar.set_calendar_id("cn.test");
  calendar.set_version(1);
  calendar.set_kind(events::v1::CALENDAR_KIND_BUSINESS);
  calendar.mutable_zone()->set_name("Asia/Shanghai");
  calendar.mutable_zone()->set_offset_seconds(8 * 3600);
  for (int weekday = 1; weekday <= 5; ++weekday) {
    AddWeekday(calendar, weekday, 540, 690);
    AddWeekday(calendar, weekday, 780, 1020);
  }
  for (int day = 16; day <= 20; ++day) AddException(calendar, 2026, 2, day, "Spring Festival");
  AddSpan(540, 1020, AddException(calendar, 2026, 2, 28, "make-up for Spring Festival").mutable_spans());
  *calendar.mutable_covers_from() = Date(2026, 1, 1);
  *calendar.mutable_covers_until() = Date(2026, 12, 31);
  calendar.set_confirmed(true);
  return calendar;
}

// Monday to Friday, 9:00–17:00, London, 2026.
inline events::v1::CalendarPublished London() {
  events::v1::CalendarPublished calendar;
  calendar.set_calendar_id("uk.test");
  calendar.set_version(1);
  calendar.set_kind(events::v1::CALENDAR_KIND_BUSINESS);
  calendar.mutable_zone()->set_name("Europe/London");
  AddShift(calendar, "2026-03-29T01:00:00Z", 3600);
  AddShift(calendar, "2026-10-25T01:00:00Z", 0);
  for (int weekday = 1; weekday <= 5; ++weekday) AddWeekday(calendar, weekday, 540, 1020);
  *calendar.mutable_covers_from() = Date(2026, 1, 1);
  *calendar.mutable_covers_until() = Date(2026, 12, 31);
  return calendar;
}

}  // namespace kefu::calendar
