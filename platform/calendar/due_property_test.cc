// Due times against a model that knows nothing of binary searches or arithmetic: the sentences of docs/CLOCKS.md,
// stepped minute by minute through a table of one minute an entry.

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "platform/calendar/calendar_testing.h"
#include "platform/calendar/due.h"

namespace kefu::calendar {
namespace {

using events::v1::CalendarPublished;
using events::v1::DueTime;

constexpr int kDay = 24 * 60;
constexpr int kTableDays = 240;
// All times of the model are minutes after this; its table begins there.
const absl::CivilDay kFirstDay(2026, 1, 1);
absl::Time Origin() { return absl::FromCivil(absl::CivilSecond(kFirstDay), absl::UTCTimeZone()); }
absl::Time TimeAt(int minute) { return Origin() + absl::Minutes(minute); }

class Random {
 public:
  explicit Random(uint64_t seed) : bits_(seed) {}
  int Below(int end) { return static_cast<int>(bits_() % static_cast<uint64_t>(end)); }
  int Between(int from, int to) { return from + Below(to - from + 1); }
  bool OneIn(int n) { return Below(n) == 0; }

 private:
  std::mt19937_64 bits_;
};

void AddSpans(Random& random, google::protobuf::RepeatedPtrField<events::v1::DaySpan>* spans) {
  int from = random.OneIn(6) ? 0 : random.Between(6 * 60, 11 * 60);
  for (int more = random.Between(1, 3); more > 0 && from < kDay; --more) {
    const int until = std::min(kDay, from + random.Between(1, 5 * 60));
    AddSpan(from, until, spans);
    from = until + random.Between(1, 3 * 60);
  }
}

CalendarPublished RandomCalendar(Random& random) {
  CalendarPublished calendar;
  calendar.mutable_zone()->set_offset_seconds(random.Between(-20, 20) * 1800);
  if (!random.OneIn(3)) {
    // Two shifts, at any minute: midnights are skipped and seen twice as well.
    const int base = calendar.zone().offset_seconds();
    int at = random.Between(20, 60) * kDay;
    for (int i = 0; i < 2; ++i) {
      auto* shift = calendar.mutable_zone()->add_shifts();
      *shift->mutable_at() = ToProto(TimeAt(at + random.Below(kDay)));
      shift->set_offset_seconds(i == 1 ? base : base + (random.OneIn(2) ? 3600 : -3600) / (random.OneIn(4) ? 2 : 1));
      at += random.Between(10, 60) * kDay;
    }
  }
  for (int weekday = 1; weekday <= 7; ++weekday) {
    if (random.OneIn(weekday <= 5 ? 12 : 2) && weekday != 3) continue;
    auto* hours = calendar.add_week();
    hours->set_weekday(static_cast<events::v1::Weekday>(weekday));
    if (weekday <= 5 || random.OneIn(3)) AddSpans(random, hours->mutable_spans());
    if (weekday == 3 && hours->spans().empty()) AddSpan(540, 1020, hours->mutable_spans());
  }
  for (int day = 0; day < kTableDays; day += random.Between(1, 12)) {
    const absl::CivilDay date = kFirstDay + day;
    auto& exception = AddException(calendar, static_cast<int>(date.year()), date.month(), date.day(), "");
    if (random.OneIn(2)) AddSpans(random, exception.mutable_spans());
  }
  *calendar.mutable_covers_from() = Date(2026, 1, random.Between(1, 31));
  *calendar.mutable_covers_until() = Date(2026, 5, random.Between(1, 31));
  return calendar;
}

// One calendar, written out.
class Model {
 public:
  Model(const CalendarPublished& calendar, bool knows_make_up_days)
      : calendar_(calendar), knows_make_up_days_(knows_make_up_days) {
    int highest = INT32_MIN;
    for (int minute = -2 * kDay; minute < kTableDays * kDay; ++minute) {
      const int local = minute + OffsetAt(minute);
      // The clock on the wall, read as one that never goes back.
      highest = std::max(highest, local);
      if (minute < 0) continue;
      local_.push_back(local);
      wall_.push_back(highest);
      open_.push_back(IsOpenMinute(highest));
    }
  }

  bool IsOpenDay(int day) const { return !SpansOf(day).empty(); }
  int CloseOf(int day) const {
    int close = kDay;
    for (const auto& span : SpansOf(day)) close = span.until_minute();
    return FirstAt(day * kDay + close);
  }
  int OpeningOf(int day) const { return SpansOf(day)[0].from_minute(); }
  int LocalAt(int minute) const { return local_.at(minute); }
  bool IsOpenAt(int minute) const { return open_.at(minute); }
  // The first minute at which the wall shows `local` or later.
  int FirstAt(int local) const {
    int minute = std::max(0, local - 20 * 60);
    while (wall_.at(minute) < local) ++minute;
    return minute;
  }
  bool Covers(int day) const {
    const absl::CivilDay date = kFirstDay + day;
    return DayOf(calendar_.covers_from()) <= date && date <= DayOf(calendar_.covers_until());
  }

 private:
  int OffsetAt(int minute) const {
    int offset = calendar_.zone().offset_seconds();
    for (const auto& shift : calendar_.zone().shifts())
      if (FromProto(shift.at()) <= TimeAt(minute)) offset = shift.offset_seconds();
    return offset / 60;
  }
  const Calendar::Spans& SpansOf(int day) const {
    static const auto* none = new Calendar::Spans;
    const absl::CivilDay date = kFirstDay + day;
    const Calendar::Spans* usual = none;
    for (const auto& hours : calendar_.week())
      if (static_cast<int>(hours.weekday()) == static_cast<int>(absl::GetWeekday(date)) + 1) usual = &hours.spans();
    for (const auto& exception : calendar_.exceptions()) {
      if (DayOf(exception.day()) != date) continue;
      const bool make_up = usual->empty() && !exception.spans().empty();
      return make_up && !knows_make_up_days_ ? *usual : exception.spans();
    }
    return *usual;
  }
  bool IsOpenMinute(int local) {
    const int day = local >= 0 ? local / kDay : -((-local + kDay - 1) / kDay);
    if (day != spans_day_ || spans_ == nullptr) {
      spans_day_ = day;
      spans_ = &SpansOf(day);
    }
    for (const auto& span : *spans_)
      if (span.from_minute() <= local - day * kDay && local - day * kDay < span.until_minute()) return true;
    return false;
  }

  const CalendarPublished& calendar_;
  const bool knows_make_up_days_;
  std::vector<int> local_, wall_;
  std::vector<bool> open_;
  int spans_day_ = 0;
  const Calendar::Spans* spans_ = nullptr;
};

struct Wait {
  int from, until, rule;
};
constexpr int kLasts = INT32_MAX;

struct Case {
  DueTime rule;
  int start = 0;
  std::vector<Wait> waits;
  std::vector<int32_t> limits;
};

// Minutes after the origin; kLasts where the library says InfiniteFuture.
struct ModelDue {
  int due = kLasts;
  int limit = kLasts;
  bool beyond = false;
};

// What stands still, and what is left of the limits.
class ModelPauses {
 public:
  explicit ModelPauses(const Case& clock) : clock_(clock), left_(clock.limits), used_up_(left_.size(), kLasts) {}

  const Wait* At(int minute) const {
    for (const Wait& wait : clock_.waits) {
      const bool has_limit = clock_.limits[wait.rule] != 0;
      if (wait.from <= minute && minute < wait.until && (!has_limit || left_[wait.rule] > 0)) return &wait;
    }
    return nullptr;
  }
  bool NeverEnds(const Wait& wait) const { return wait.until == kLasts && clock_.limits[wait.rule] == 0; }
  void Take(const Wait& wait, int now) {
    if (clock_.limits[wait.rule] != 0 && --left_[wait.rule] == 0) used_up_[wait.rule] = now;
  }
  int LimitOfTheLasting() const {
    for (const Wait& wait : clock_.waits)
      if (wait.until == kLasts && used_up_[wait.rule] != kLasts)
        return std::max({clock_.start, wait.from, used_up_[wait.rule]});
    return kLasts;
  }

 private:
  const Case& clock_;
  std::vector<int32_t> left_;
  std::vector<int> used_up_;
};

ModelDue MinutesByModel(const Case& clock, const Model& model) {
  ModelPauses pauses(clock);
  const bool open_only = clock.rule.unit() == events::v1::DUE_UNIT_OPEN_MINUTES;
  ModelDue due;
  int counted = 0;
  int minute = clock.start;
  for (; counted < clock.rule.amount(); ++minute) {
    const Wait* wait = pauses.At(minute);
    if (wait != nullptr && pauses.NeverEnds(*wait)) break;
    if (open_only && !model.IsOpenAt(minute)) continue;
    if (wait == nullptr) {
      ++counted;
    } else {
      pauses.Take(*wait, minute + 1);
    }
  }
  const bool found = counted == clock.rule.amount();
  if (found) due.due = minute;
  due.limit = pauses.LimitOfTheLasting();
  due.beyond =
      !model.Covers(model.LocalAt(clock.start) / kDay) || (found && !model.Covers(model.LocalAt(minute) / kDay));
  return due;
}

int EndOfPeriod(const DueTime& rule, int day) {
  const auto period_of = [&](int at) {
    const absl::CivilDay date = kFirstDay + at;
    const int month = static_cast<int>(date.year() * 12) + date.month() - 1;
    switch (rule.period()) {
      case events::v1::DUE_PERIOD_MONTH:
        return month;
      case events::v1::DUE_PERIOD_QUARTER:
        return month / 3;
      case events::v1::DUE_PERIOD_HALF_YEAR:
        return month / 6;
      default:
        return month / 12;
    }
  };
  const int period = period_of(day);
  while (period_of(day + 1) == period) ++day;
  return day;
}

ModelDue DaysByModel(const Case& clock, const Model& model) {
  const DueTime& rule = clock.rule;
  const bool open_only =
      rule.unit() == events::v1::DUE_UNIT_BUSINESS_DAYS || rule.unit() == events::v1::DUE_UNIT_TRADING_DAYS;
  ModelPauses pauses(clock);
  ModelDue due;
  const int local = model.LocalAt(clock.start);
  int first = local / kDay;
  int time_of_day = local % kDay;
  if (rule.late_receipt_counts_next_day() && (!model.IsOpenDay(first) || clock.start >= model.CloseOf(first))) {
    do ++first;
    while (!model.IsOpenDay(first));
    time_of_day = model.OpeningOf(first);
  }
  int last = first;
  if (rule.unit() == events::v1::DUE_UNIT_DAYS_AFTER_PERIOD) {
    last = EndOfPeriod(rule, first) + rule.amount();
  } else {
    const int days = rule.amount() * (rule.unit() == events::v1::DUE_UNIT_WEEKS ? 7 : 1);
    for (int counted = 0; counted < days;) {
      ++last;
      if (open_only && !model.IsOpenDay(last)) continue;
      const Wait* wait = pauses.At(model.FirstAt(last * kDay));
      if (wait == nullptr) {
        ++counted;
      } else if (pauses.NeverEnds(*wait)) {
        due.limit = pauses.LimitOfTheLasting();
        due.beyond = !model.Covers(first);
        return due;
      } else {
        pauses.Take(*wait, model.FirstAt((last + 1) * kDay));
      }
    }
    due.limit = pauses.LimitOfTheLasting();
  }
  while (rule.rolls_to_open_day() && !model.IsOpenDay(last)) ++last;
  switch (rule.ends()) {
    case events::v1::DUE_END_CLOSE:
      due.due = model.CloseOf(last);
      break;
    case events::v1::DUE_END_SAME_TIME:
      due.due = model.FirstAt(last * kDay + time_of_day);
      break;
    default:
      due.due = model.FirstAt((last + 1) * kDay);
  }
  due.beyond = !model.Covers(first) || !model.Covers(last);
  return due;
}

ModelDue DueByModel(const Case& clock, const Model& model) {
  const bool minutes =
      clock.rule.unit() == events::v1::DUE_UNIT_MINUTES || clock.rule.unit() == events::v1::DUE_UNIT_OPEN_MINUTES;
  return minutes ? MinutesByModel(clock, model) : DaysByModel(clock, model);
}

DueTime RandomRule(Random& random) {
  DueTime rule;
  rule.set_unit(static_cast<events::v1::DueUnit>(random.Between(1, 7)));
  switch (rule.unit()) {
    case events::v1::DUE_UNIT_MINUTES:
      rule.set_amount(random.Between(1, 3 * kDay));
      return rule;
    case events::v1::DUE_UNIT_OPEN_MINUTES:
      rule.set_amount(random.Between(1, 20 * 60));
      return rule;
    case events::v1::DUE_UNIT_WEEKS:
      rule.set_amount(random.Between(0, 2));
      break;
    case events::v1::DUE_UNIT_DAYS_AFTER_PERIOD:
      // Longer periods end beyond the table; due_test.cc has them.
      rule.set_period(random.OneIn(4) ? events::v1::DUE_PERIOD_QUARTER : events::v1::DUE_PERIOD_MONTH);
      rule.set_amount(random.Between(0, 20));
      break;
    default:
      rule.set_amount(random.Between(0, 8));
  }
  const bool open_only =
      rule.unit() == events::v1::DUE_UNIT_BUSINESS_DAYS || rule.unit() == events::v1::DUE_UNIT_TRADING_DAYS;
  rule.set_late_receipt_counts_next_day(open_only && random.OneIn(2));
  rule.set_rolls_to_open_day(random.OneIn(2));
  const int most = rule.amount() > 0 ? 3 : 2;
  rule.set_ends(static_cast<events::v1::DueEnd>(random.Between(1, most)));
  return rule;
}

Case RandomCase(Random& random) {
  Case clock;
  clock.rule = RandomRule(random);
  clock.start = random.Between(3 * kDay, 120 * kDay);
  const bool minutes =
      clock.rule.unit() == events::v1::DUE_UNIT_MINUTES || clock.rule.unit() == events::v1::DUE_UNIT_OPEN_MINUTES;
  for (int rule = 0; rule < 2; ++rule)
    clock.limits.push_back(random.OneIn(2) ? 0 : minutes ? random.Between(1, 10 * 60) : random.Between(1, 4));
  int at = clock.start - random.Below(kDay);
  for (int more = random.OneIn(3) ? 0 : random.Between(1, 3); more > 0; --more) {
    at += random.Between(0, 2 * kDay);
    const int length = random.OneIn(8) ? 0 : random.Between(1, 3 * kDay);
    const bool lasts = more == 1 && random.OneIn(3);
    clock.waits.push_back({at, lasts ? kLasts : at + length, random.Below(2)});
    // One wait follows another, as a rule; late news can make them overlap.
    if (!random.OneIn(5)) at += length;
  }
  return clock;
}

absl::Time TimeOrNever(int minute) { return minute == kLasts ? absl::InfiniteFuture() : TimeAt(minute); }

Due DueByLibrary(const Case& clock, const Calendar& calendar, std::vector<std::string>* steps = nullptr) {
  std::vector<Pause> pauses;
  for (const Wait& wait : clock.waits) pauses.push_back({TimeAt(wait.from), TimeOrNever(wait.until), wait.rule});
  return DueOf(clock.rule, calendar, TimeAt(clock.start), pauses, clock.limits, std::nullopt, steps);
}

std::string Describe(const Case& clock) {
  std::string text = clock.rule.ShortDebugString() + " start " + FormatRfc3339(TimeAt(clock.start));
  for (const Wait& wait : clock.waits)
    text += fmt::format(" wait {}..{} limit {}", FormatRfc3339(TimeAt(wait.from)),
                        wait.until == kLasts ? "" : FormatRfc3339(TimeAt(wait.until)), clock.limits[wait.rule]);
  return text;
}

uint64_t Seed() {
  const char* given = std::getenv("KEFU_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 20260301;
}

TEST(DueProperty, TwentyThousandClocksAreDueWhenTheModelThatStepsByMinutesSaysSo) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  printf("KEFU_SEED=%lu repeats it\n", static_cast<unsigned long>(seed));
  Random random(seed);
  int never = 0, limited = 0, beyond = 0, without_make_up_differ = 0;
  for (int round = 0; round < 50; ++round) {
    const CalendarPublished published = RandomCalendar(random);
    ASSERT_EQ(CheckCalendar(published), CalendarFault::kNone) << published.ShortDebugString();
    const Calendar calendar(published);
    const Model model(published, true);
    const Model ignorant(published, false);
    for (int i = 0; i < 400; ++i) {
      const Case clock = RandomCase(random);
      ASSERT_TRUE(IsDueTime(clock.rule)) << Describe(clock);
      const Due due = DueByLibrary(clock, calendar);
      const ModelDue expected = DueByModel(clock, model);
      ASSERT_EQ(due.due_at, TimeOrNever(expected.due)) << Describe(clock) << "\n" << published.ShortDebugString();
      ASSERT_EQ(due.limit_at, TimeOrNever(expected.limit)) << Describe(clock) << "\n" << published.ShortDebugString();
      ASSERT_EQ(due.beyond_calendar, expected.beyond) << Describe(clock) << "\n" << published.ShortDebugString();
      if (i % 10 == 0) {
        std::vector<std::string> steps;
        ASSERT_EQ(DueByLibrary(clock, calendar, &steps).due_at, due.due_at) << "being asked how changes it";
        ASSERT_GE(steps.size(), 2u);
      }
      never += expected.due == kLasts;
      limited += expected.limit != kLasts;
      beyond += expected.beyond;
      without_make_up_differ += DueByModel(clock, ignorant).due != expected.due;
    }
  }
  // The cases are worth something: all that can happen does, and a model that does not know make-up days is found out.
  EXPECT_GT(never, 500);
  EXPECT_GT(limited, 500);
  EXPECT_GT(beyond, 500);
  EXPECT_GT(without_make_up_differ, 500);
}

TEST(DueProperty, MicrosecondsOfTheStartAreMicrosecondsOfTheEnd) {
  Random random(Seed());
  for (int i = 0; i < 2'000; ++i) {
    const CalendarPublished published = i % 2 == 0 ? Shanghai() : London();
    const Calendar calendar(published);
    Case clock = RandomCase(random);
    clock.rule = DueTime();
    clock.rule.set_unit(events::v1::DUE_UNIT_MINUTES);
    clock.rule.set_amount(random.Between(1, 3 * kDay));
    const absl::Duration later = absl::Microseconds(random.Below(60'000'000));
    std::vector<Pause> pauses, moved;
    for (const Wait& wait : clock.waits) {
      pauses.push_back({TimeAt(wait.from), TimeOrNever(wait.until), wait.rule});
      moved.push_back({TimeAt(wait.from) + later, TimeOrNever(wait.until) + later, wait.rule});
    }
    const absl::Time due = DueOf(clock.rule, calendar, TimeAt(clock.start), pauses, clock.limits).due_at;
    EXPECT_EQ(DueOf(clock.rule, calendar, TimeAt(clock.start) + later, moved, clock.limits).due_at, due + later)
        << Describe(clock);
  }
}

}  // namespace
}  // namespace kefu::calendar
