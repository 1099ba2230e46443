#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "kefu/query/v1/clock.grpc.pb.h"
#include "platform/base/time.h"
#include "services/cli/call.h"
#include "services/cli/output.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

struct ClockExplainFlags {
  int amount = 0;
  std::string unit, ends, period, calendar, start, external;
  std::vector<std::string> waits;
  int version = 0;
  int limit = 0;
  bool rolls = false;
  bool late = false;
};

// The value of an enum by its word: "business_days" of DUE_UNIT_…; 0 for the empty word.
int EnumValue(const google::protobuf::EnumDescriptor* type, const std::string& word) {
  for (int i = 0; i < type->value_count(); ++i)
    if (!word.empty() && EnumText(type, type->value(i)->number()) == word) return type->value(i)->number();
  return 0;
}

std::vector<std::string> Words(const google::protobuf::EnumDescriptor* type) {
  std::vector<std::string> words;
  for (int i = 0; i < type->value_count(); ++i)
    if (type->value(i)->number() != 0) words.push_back(EnumText(type, type->value(i)->number()));
  return words;
}

// "FROM/UNTIL"; without UNTIL it lasts.
StatusOr<query::v1::ClockPause> ReadWait(const std::string& text) {
  const size_t at = text.find('/');
  query::v1::ClockPause pause;
  pause.set_waiting_on(events::v1::WAITING_ON_CLIENT);
  ASSIGN_OR_RETURN(const absl::Time from, ParseRfc3339(std::string_view(text).substr(0, at)));
  *pause.mutable_from() = ToProto(from);
  if (at == text.npos || at + 1 == text.size()) return pause;
  ASSIGN_OR_RETURN(const absl::Time until, ParseRfc3339(std::string_view(text).substr(at + 1)));
  *pause.mutable_until() = ToProto(until);
  return pause;
}

Status Explain(Tool& tool, const ClockExplainFlags& flags) {
  query::v1::ExplainDueTimeRequest request;
  auto& due = *request.mutable_due();
  due.set_amount(flags.amount);
  due.set_unit(static_cast<events::v1::DueUnit>(EnumValue(events::v1::DueUnit_descriptor(), flags.unit)));
  due.set_ends(static_cast<events::v1::DueEnd>(EnumValue(events::v1::DueEnd_descriptor(), flags.ends)));
  due.set_period(static_cast<events::v1::DuePeriod>(EnumValue(events::v1::DuePeriod_descriptor(), flags.period)));
  due.set_calendar_id(flags.calendar);
  due.set_rolls_to_open_day(flags.rolls);
  due.set_late_receipt_counts_next_day(flags.late);
  request.set_calendar_version(flags.version);
  absl::Time start = absl::Now();
  if (!flags.start.empty()) {
    ASSIGN_OR_RETURN(start, ParseRfc3339(flags.start));
  }
  *request.mutable_started_at() = ToProto(start);
  for (const std::string& wait : flags.waits) {
    ASSIGN_OR_RETURN(*request.add_pauses(), ReadWait(wait));
  }
  request.mutable_pause_rule()->add_waiting_on(events::v1::WAITING_ON_CLIENT);
  request.mutable_pause_rule()->set_limit(flags.limit);
  if (!flags.external.empty()) {
    ASSIGN_OR_RETURN(const absl::Time external, ParseRfc3339(flags.external));
    *request.mutable_external_due_at() = ToProto(external);
    due.set_external_date_binds(true);
  }
  ASSIGN_OR_RETURN(const query::v1::ExplainDueTimeResponse response,
                   Call(tool, &query::v1::ClockService::Stub::ExplainDueTime, request));
  if (tool.json()) return PrintJson(response);
  PrintDetails(
      {{"due", response.has_due_at() ? TimeText(response.due_at()) : "never: it stands still without a limit"},
       {"calendar", fmt::format("{} version {}{}", response.calendar().calendar_id(), response.calendar().version(),
                                response.beyond_calendar() ? ", which does not reach so far" : "")}});
  fmt::print("\n");
  for (const std::string& step : response.steps()) fmt::print("{}\n", step);
  return OkStatus();
}

}  // namespace

void AddClockExplainVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<ClockExplainFlags>();
  CLI::App& verb = AddVerb(
      group, "explain", "When a clock would be due, and how that is found; docs/CLOCKS.md has the rules",
      {"kefu clock explain 3 business_days --ends close --calendar cn.business --start 2026-02-13T10:00:00+08:00",
       "kefu clock explain 240 open_minutes --calendar cn.business --wait "
       "2026-03-02T10:00:00+08:00/2026-03-02T15:00:00+08:00",
       "kefu clock explain 15 days_after_period --period quarter --ends midnight --roll --calendar us.business"});
  verb.add_option("amount", flags->amount, "How many")->required();
  verb.add_option("unit", flags->unit, "Of what")
      ->required()
      ->check(CLI::IsMember(Words(events::v1::DueUnit_descriptor())));
  verb.add_option("--calendar", flags->calendar, "The calendar's id")->required();
  verb.add_option("--version", flags->version, "The calendar's version; the newest if not given");
  verb.add_option("--start", flags->start, "When it starts (RFC 3339); now if not given");
  verb.add_option("--ends", flags->ends, "When within the last day")
      ->check(CLI::IsMember(Words(events::v1::DueEnd_descriptor())));
  verb.add_option("--period", flags->period, "Of days_after_period")
      ->check(CLI::IsMember(Words(events::v1::DuePeriod_descriptor())));
  verb.add_flag("--roll", flags->rolls, "The next open day takes the place of a closed last one");
  verb.add_flag("--late-counts-next-day", flags->late,
                "What comes after the close counts as received on the next open day");
  verb.add_option("--wait", flags->waits, "FROM/UNTIL: it stands still; without UNTIL it lasts. May be given again");
  verb.add_option("--limit", flags->limit, "It stands still for so long at most, in days or minutes as the unit is");
  verb.add_option("--external", flags->external, "A date that came from outside and binds");
  OnRun(verb, tool, [flags](Tool& tool) { return Explain(tool, *flags); });
}

}  // namespace kefu::cli
