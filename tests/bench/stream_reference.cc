// What the benchmark's stream is judged by.

#include <fmt/format.h>

#include "tests/bench/stream.h"

namespace kefu::bench {
namespace {

using namespace events::v1;

// Before the first event of the stream.
constexpr int64_t kPublishedAt = 1'756'600'000;

class Writer {
 public:
  explicit Writer(int32_t partitions) : partitions_(partitions) {}

  Event& Add(const std::string& id) {
    Event& event = events_.emplace_back();
    event.set_event_id("bench/" + id);
    event.mutable_occurred_at()->set_seconds(kPublishedAt + static_cast<int64_t>(events_.size()));
    event.set_source("head-office");
    event.mutable_actor()->set_kind(ACTOR_KIND_STAFF);
    event.mutable_actor()->set_id("M-0001");
    event.mutable_broadcast()->set_partitions(partitions_);
    return event;
  }

  std::vector<Event> Take() { return std::move(events_); }

 private:
  const int32_t partitions_;
  std::vector<Event> events_;
};

void SetDate(int32_t year, int32_t month, int32_t day, CalendarDate* date) {
  date->set_year(year);
  date->set_month(month);
  date->set_day(day);
}

// Monday to Friday with a break at noon, and a week off in October.
void FillCalendar(CalendarPublished* calendar) {
  calendar->set_calendar_id("bench.business");
  calendar->set_version(1);
  calendar->set_kind(CALENDAR_KIND_BUSINESS);
  calendar->mutable_zone()->set_name("Asia/Shanghai");
  calendar->mutable_zone()->set_offset_seconds(8 * 3600);
  for (int day = WEEKDAY_MONDAY; day <= WEEKDAY_FRIDAY; ++day) {
    auto& hours = *calendar->add_week();
    hours.set_weekday(static_cast<Weekday>(day));
    for (const auto& [from, until] : {std::pair(510, 690), std::pair(780, 1020)}) {
      auto& span = *hours.add_spans();
      span.set_from_minute(from);
      span.set_until_minute(until);
    }
  }
  for (int day = 1; day <= 7; ++day) SetDate(2025, 10, day, calendar->add_exceptions()->mutable_day());
  SetDate(2025, 1, 1, calendar->mutable_covers_from());
  SetDate(2027, 12, 31, calendar->mutable_covers_until());
  calendar->set_confirmed(true);
}

ClockRule& AddClock(const char* id, CaseKind kind, CaseMoment stops_at, int32_t days, PolicyPackPublished* pack) {
  ClockRule& clock = *pack->add_clocks();
  clock.set_clock_id(id);
  clock.mutable_condition()->set_kind(kind);
  clock.set_starts_at(CASE_MOMENT_RECEIVED);
  clock.add_stops_at(stops_at);
  clock.mutable_due()->set_amount(days);
  clock.mutable_due()->set_unit(DUE_UNIT_BUSINESS_DAYS);
  clock.mutable_due()->set_ends(DUE_END_CLOSE);
  clock.mutable_due()->set_calendar_id("bench.business");
  clock.set_confirmed(true);
  return clock;
}

// A complaint has two clocks, a request one.
void FillPack(PolicyPackPublished* pack) {
  pack->set_pack_id("bench.firm");
  pack->set_version(1);
  pack->mutable_effective_from()->set_seconds(kPublishedAt);
  AddClock("acknowledge", CASE_KIND_COMPLAINT, CASE_MOMENT_ACKNOWLEDGED, 2, pack);
  ClockRule& resolve = AddClock("resolve", CASE_KIND_COMPLAINT, CASE_MOMENT_RESOLVED, 15, pack);
  auto& pause = *resolve.add_pauses();
  pause.add_waiting_on(WAITING_ON_CLIENT);
  pause.set_limit(10);
  resolve.mutable_due()->set_external_date_binds(true);
  resolve.set_restarts_on_reopen(true);
  AddClock("serve", CASE_KIND_SERVICE_REQUEST, CASE_MOMENT_RESOLVED, 3, pack);
}

void AddUnit(const std::string& id, const std::string& parent, UnitLevel level, Writer* writer) {
  auto& unit = *writer->Add("unit/" + id).mutable_unit_published();
  unit.set_unit_id(id);
  unit.set_parent_unit_id(parent);
  unit.set_level(level);
  unit.set_name("unit " + id);
  if (parent.empty()) unit.set_calendar_id("bench.business");
}

}  // namespace

std::vector<Event> ReferenceData(int32_t partitions) {
  Writer writer(partitions);
  writer.Add("rules").mutable_rules_version_adopted()->set_version(2);
  FillCalendar(writer.Add("calendar").mutable_calendar_published());
  AddUnit("firm", "", UNIT_LEVEL_COMPANY, &writer);
  for (int region = 0; region < 4; ++region)
    AddUnit(fmt::format("region-{}", region), "firm", UNIT_LEVEL_REGION, &writer);
  // The branches that the stream names.
  for (int branch = 0; branch < 40; ++branch)
    AddUnit(fmt::format("{:04}", branch), fmt::format("region-{}", branch % 4), UNIT_LEVEL_BRANCH, &writer);
  auto& codes = *writer.Add("codes").mutable_code_set_published();
  codes.set_scheme("kefu.category");
  codes.set_version("2026");
  for (const char* value : {"trading", "fees", "service", "disclosure", "account"}) codes.add_entries()->set_value(value);
  FillPack(writer.Add("policy").mutable_policy_pack_published());
  return writer.Take();
}

Event BroadcastCopy(const Event& original, int64_t first_offset) {
  Event copy = original;
  copy.mutable_broadcast()->set_is_copy(true);
  copy.mutable_broadcast()->set_first_offset(first_offset);
  return copy;
}

}  // namespace kefu::bench
