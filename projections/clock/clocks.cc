#include "projections/clock/clocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "platform/base/time.h"
#include "projections/clock/inputs.h"

namespace kefu::clock {

using events::v1::CaseMoment;
using events::v1::ClockRule;
using events::v1::PolicyPackPublished;
using google::protobuf::RepeatedPtrField;

namespace {

void SetOrClear(absl::Time time, google::protobuf::Timestamp* (CaseClock::*mutable_field)(), void (CaseClock::*clear)(),
                CaseClock& clock) {
  if (time == absl::InfiniteFuture()) {
    (clock.*clear)();
  } else {
    *(clock.*mutable_field)() = ToProto(time);
  }
}

// One input taken into one row.
class Taking {
 public:
  Taking(const Input& input, Rules& rules, absl::Time recorded_at, CaseClocks& row)
      : input_(input),
        at_(calendar::WholeMicroseconds(FromProto(input.at()))),
        rules_(rules),
        recorded_at_(recorded_at),
        row_(row) {}

  void Run() {
    const CaseMoment moment = input_.moment();
    const bool first = moment == events::v1::CASE_MOMENT_REOPENED || FindMoment(row_, moment) < 0;
    const bool waited = PresentWait(row_) != nullptr;
    // The last place is for the end of a wait: a clock must not stand still for ever because a row is full.
    const bool full = row_.inputs_size() >= (input_.resumes() && waited ? kInputsKept : kInputsKept - 1);
    if (full) {
      row_.set_inputs_left_out(row_.inputs_left_out() + 1);
    } else {
      *row_.add_inputs() = input_;
    }
    if (moment == events::v1::CASE_MOMENT_REOPENED) row_.set_opening(row_.opening() + 1);
    if (waited && (input_.resumes() || (input_.waits() && !full))) EndPauses();
    const bool opens = moment == events::v1::CASE_MOMENT_RECEIVED;
    const bool reclassified = TakeClassification();
    const bool binds = TakeExternal();
    if (!opens && binds) StartAnewByExternalDate();
    if (!opens && (reclassified || !input_.external_scheme().empty())) Reclassify();
    if (input_.waits() && !full) BeginPauses();
    if (moment == events::v1::CASE_MOMENT_UNSPECIFIED) return;
    StopAll(moment);
    if (first) StartAll(moment);
    // A regulator's number that came with the case.
    if (opens && IsOf(input_, events::v1::CASE_MOMENT_REFERRED)) StartAll(events::v1::CASE_MOMENT_REFERRED);
    if (moment == events::v1::CASE_MOMENT_REOPENED) RestartAll();
  }

 private:
  bool TakeClassification() {
    if (!input_.category().empty()) row_.set_category(input_.category());
    if (!input_.subcategory().empty()) row_.set_subcategory(input_.subcategory());
    if (input_.priority() != events::v1::CASE_PRIORITY_UNSPECIFIED) row_.set_priority(input_.priority());
    return IsClassification(input_);
  }

  // True if the date that binds is another one now.
  bool TakeExternal() {
    const std::string& scheme = input_.external_scheme();
    if (!scheme.empty() && !Contains(row_.external_schemes(), scheme)) row_.add_external_schemes(scheme);
    if (!input_.has_external_due_at()) return false;
    if (row_.has_external_due_at() && FromProto(row_.external_due_at()) <= FromProto(input_.external_due_at()))
      return false;
    *row_.mutable_external_due_at() = input_.external_due_at();
    return true;
  }

  // Calls use(pack, rule) for each rule of the packs of the case.
  template <class Use>
  void ForEachRule(Use use) {
    for (const auto& reference : row_.packs()) {
      const PolicyPackPublished* pack = rules_.Pack(reference);
      if (pack == nullptr) continue;
      for (const ClockRule& rule : pack->clocks()) use(reference, rule);
    }
  }

  static std::string ClockId(const events::v1::PolicyReference& pack, const ClockRule& rule) {
    return pack.pack_id() + "/" + rule.clock_id();
  }

  const ClockRule* RuleOfClock(const CaseClock& clock) {
    const PolicyPackPublished* pack = rules_.Pack(clock.policy());
    return pack == nullptr ? nullptr : RuleOf(*pack, clock.clock_id());
  }

  // The due time by the clock's own rule and calendar, with all waits that are known.
  void ComputeDue(const ClockRule& rule, CaseClock& clock) {
    const auto* published = rules_.Calendar(clock.calendar());
    if (published == nullptr) return;
    std::vector<calendar::Pause> pauses;
    for (const CaseWait& wait : WaitsOf(row_))
      if (const int by = PauseRuleOf(rule, wait.on); by >= 0) pauses.push_back({wait.from, wait.until, by});
    std::stable_sort(pauses.begin(), pauses.end(), [](const auto& a, const auto& b) { return a.from < b.from; });
    std::vector<int32_t> limits;
    for (const auto& pause : rule.pauses()) limits.push_back(pause.limit());
    std::optional<absl::Time> external;
    if (row_.has_external_due_at()) external = FromProto(row_.external_due_at());
    const calendar::Due due = calendar::DueOf(rule.due(), calendar::Calendar(*published), FromProto(clock.started_at()),
                                              pauses, limits, external);
    SetOrClear(due.due_at, &CaseClock::mutable_due_at, &CaseClock::clear_due_at, clock);
    SetOrClear(due.limit_at, &CaseClock::mutable_limit_at, &CaseClock::clear_limit_at, clock);
    clock.set_confirmed(rule.confirmed() && published->confirmed() && !due.beyond_calendar);
  }

  // Starts the rule's clock as of the input at `index`, which was in this opening.
  void Start(const events::v1::PolicyReference& pack, const ClockRule& rule, const Input& start, int index) {
    const std::string clock_id = ClockId(pack, rule);
    int32_t run = 0;
    for (const CaseClock& other : row_.clocks())
      if (other.clock_id() == clock_id) run = std::max(run, other.run() + 1);
    const auto by = rules_.CalendarFor(clock_id, run, rule.due().calendar_id());
    if (row_.clocks_size() >= kClocksKept || run > kMostRuns || rules_.Calendar(by) == nullptr) {
      row_.set_clocks_left_out(row_.clocks_left_out() + 1);
      return;
    }
    CaseClock& clock = *row_.add_clocks();
    clock.set_clock_id(clock_id);
    clock.set_run(run);
    clock.set_state(query::v1::CLOCK_STATE_RUNNING);
    *clock.mutable_policy() = pack;
    *clock.mutable_calendar() = by;
    clock.set_imported(start.imported());
    clock.set_opening(row_.opening());
    *clock.mutable_started_at() = ToProto(calendar::WholeMicroseconds(FromProto(start.at())));
    clock.set_started_by_event_id(start.event_id());
    *clock.mutable_stops_at() = rule.stops_at();
    ComputeDue(rule, clock);
    NoteStarted(clock);
    if (PresentWait(row_) != nullptr) Pause(rule, *PresentWait(row_), clock);
    for (int i = index + 1; i < row_.inputs_size(); ++i) {
      if (!Stops(clock, row_.inputs(i).moment())) continue;
      Stop(clock, calendar::WholeMicroseconds(FromProto(row_.inputs(i).at())), row_.inputs(i).event_id());
      break;
    }
  }

  // Has a clock of that rule been started in this opening? Those that did not apply any more do not count.
  bool HasClock(const std::string& clock_id) const {
    return std::any_of(row_.clocks().begin(), row_.clocks().end(), [&](const CaseClock& clock) {
      if (clock.clock_id() != clock_id) return false;
      return IsUnsettled(clock) ||
             (clock.opening() == row_.opening() && clock.state() != query::v1::CLOCK_STATE_DROPPED);
    });
  }

  void StartAll(CaseMoment moment) {
    ForEachRule([&](const auto& pack, const ClockRule& rule) {
      if (rule.starts_at() != moment || !Fits(rule.condition(), row_) || HasClock(ClockId(pack, rule))) return;
      Start(pack, rule, input_, row_.inputs_size());
    });
  }

  // After a reopening: what ran before and is to run again.
  void RestartAll() {
    ForEachRule([&](const auto& pack, const ClockRule& rule) {
      const std::string clock_id = ClockId(pack, rule);
      const bool ran = std::any_of(row_.clocks().begin(), row_.clocks().end(),
                                   [&](const CaseClock& clock) { return clock.clock_id() == clock_id; });
      if (!rule.restarts_on_reopen() || !ran || !Fits(rule.condition(), row_) || HasClock(clock_id)) return;
      Start(pack, rule, input_, row_.inputs_size());
    });
  }

  void Reclassify() {
    for (CaseClock& clock : *row_.mutable_clocks()) {
      const ClockRule* rule = IsUnsettled(clock) ? RuleOfClock(clock) : nullptr;
      if (rule != nullptr && !Fits(rule->condition(), row_)) Drop(clock);
    }
    ForEachRule([&](const auto& pack, const ClockRule& rule) {
      if (!Fits(rule.condition(), row_) || HasClock(ClockId(pack, rule))) return;
      int index = FindMoment(row_, rule.starts_at());
      if (index < 0 && rule.restarts_on_reopen()) index = FindMoment(row_, events::v1::CASE_MOMENT_REOPENED);
      // The moment that this very input is comes after; it starts what it starts.
      if (index < 0 || row_.inputs(index).event_id() == input_.event_id()) return;
      Start(pack, rule, row_.inputs(index), index);
    });
  }

  void StartAnewByExternalDate() {
    const int known = row_.clocks_size();
    for (int i = 0; i < known; ++i) {
      const CaseClock old = row_.clocks(i);
      const ClockRule* rule = IsUnsettled(old) ? RuleOfClock(old) : nullptr;
      if (rule == nullptr || !rule->due().external_date_binds() || !Fits(rule->condition(), row_)) continue;
      Drop(*row_.mutable_clocks(i));
      Input start;
      *start.mutable_at() = old.started_at();
      start.set_event_id(old.started_by_event_id());
      start.set_imported(old.imported());
      Start(old.policy(), *rule, start, row_.inputs_size());
    }
  }

  void StopAll(CaseMoment moment) {
    for (CaseClock& clock : *row_.mutable_clocks()) {
      if (!Stops(clock, moment)) continue;
      if (Contains(clock.stops_at(), static_cast<int>(moment))) {
        Stop(clock, at_, input_.event_id());
      } else {
        Drop(clock);
      }
    }
  }

  void EndPauses() {
    for (CaseClock& clock : *row_.mutable_clocks()) {
      const ClockRule* rule = clock.state() == query::v1::CLOCK_STATE_PAUSED ? RuleOfClock(clock) : nullptr;
      if (rule == nullptr) continue;
      ComputeDue(*rule, clock);
      clock.set_state(query::v1::CLOCK_STATE_RUNNING);
      clock.clear_paused_at();
      clock.clear_limit_at();
      auto* note = Note("resumed", clock, fmt::format("/{}", clock.pauses()));
      if (note == nullptr) continue;
      auto& fact = *note->mutable_clock_resumed();
      Name(clock, fact);
      *fact.mutable_resumed_at() = ToProto(at_);
      fact.set_resumed_by_event_id(input_.event_id());
      if (clock.has_due_at()) *fact.mutable_due_at() = clock.due_at();
    }
  }

  void BeginPauses() {
    for (CaseClock& clock : *row_.mutable_clocks()) {
      const ClockRule* rule = clock.state() == query::v1::CLOCK_STATE_RUNNING ? RuleOfClock(clock) : nullptr;
      if (rule != nullptr) Pause(*rule, input_, clock);
    }
  }

  void Pause(const ClockRule& rule, const Input& wait, CaseClock& clock) {
    if (PauseRuleOf(rule, wait.waiting_on()) < 0 || clock.pauses() >= kMostPauses) return;
    ComputeDue(rule, clock);
    const absl::Time paused_at =
        std::max(calendar::WholeMicroseconds(FromProto(wait.at())), FromProto(clock.started_at()));
    clock.set_state(query::v1::CLOCK_STATE_PAUSED);
    clock.set_pauses(clock.pauses() + 1);
    *clock.mutable_paused_at() = ToProto(paused_at);
    auto* note = Note("paused", clock, fmt::format("/{}", clock.pauses()), paused_at);
    if (note == nullptr) return;
    auto& fact = *note->mutable_clock_paused();
    Name(clock, fact);
    *fact.mutable_paused_at() = clock.paused_at();
    fact.set_paused_by_event_id(wait.event_id());
    fact.set_waiting_on(wait.waiting_on());
    if (clock.has_limit_at()) *fact.mutable_limit_at() = clock.limit_at();
    if (clock.has_due_at()) *fact.mutable_due_at() = clock.due_at();
  }

  void Stop(CaseClock& clock, absl::Time at, const std::string& event_id) {
    at = std::max(at, FromProto(clock.started_at()));
    const bool was_breached = clock.state() == query::v1::CLOCK_STATE_BREACHED;
    Settle(query::v1::CLOCK_STATE_MET, at, event_id, clock);
    clock.set_late(clock.has_due_at() && at > FromProto(clock.due_at()));
    if (auto* note = Note("met", clock, "", at)) {
      auto& fact = *note->mutable_clock_met();
      Name(clock, fact);
      *fact.mutable_met_at() = clock.settled_at();
      fact.set_met_by_event_id(event_id);
      fact.set_late(clock.late());
    }
    if (!was_breached || clock.late()) return;
    clock.set_retracted(true);
    AddRetraction(clock, input_.event_id(), recorded_at_, row_);
  }

  void Drop(CaseClock& clock) {
    Settle(query::v1::CLOCK_STATE_DROPPED, at_, input_.event_id(), clock);
    auto* note = Note("dropped", clock);
    if (note == nullptr) return;
    auto& fact = *note->mutable_clock_dropped();
    Name(clock, fact);
    *fact.mutable_dropped_at() = clock.settled_at();
    fact.set_dropped_by_event_id(clock.settled_by_event_id());
  }

  static void Settle(query::v1::ClockState state, absl::Time at, const std::string& event_id, CaseClock& clock) {
    clock.set_state(state);
    *clock.mutable_settled_at() = ToProto(at);
    clock.set_settled_by_event_id(event_id);
    clock.clear_paused_at();
    clock.clear_limit_at();
  }

  void NoteStarted(const CaseClock& clock) {
    auto* note = Note("started", clock, "", FromProto(clock.started_at()));
    if (note == nullptr) return;
    auto& fact = *note->mutable_clock_started();
    Name(clock, fact);
    *fact.mutable_policy() = clock.policy();
    *fact.mutable_calendar() = clock.calendar();
    *fact.mutable_started_at() = clock.started_at();
    fact.set_started_by_event_id(clock.started_by_event_id());
    if (clock.has_due_at()) *fact.mutable_due_at() = clock.due_at();
    fact.set_confirmed(clock.confirmed());
  }

  events::v1::Event* Note(std::string_view what, const CaseClock& clock, const std::string& nth = {}) {
    return Note(what, clock, nth, at_);
  }
  events::v1::Event* Note(std::string_view what, const CaseClock& clock, const std::string& nth, absl::Time at) {
    return AddNote(FactId(what, row_, clock) + nth, clock, input_.event_id(), at, recorded_at_, row_);
  }
  template <class Fact>
  void Name(const CaseClock& clock, Fact& fact) {
    fact.set_case_id(row_.case_id());
    fact.set_clock_id(clock.clock_id());
    fact.set_run(clock.run());
  }

  const Input& input_;
  const absl::Time at_;
  Rules& rules_;
  const absl::Time recorded_at_;
  CaseClocks& row_;
};

}  // namespace

void Take(const Input& input, Rules& rules, absl::Time recorded_at, CaseClocks& row) {
  Taking(input, rules, recorded_at, row).Run();
}

CaseClocks Replay(const CaseClocks& row, const RepeatedPtrField<events::v1::PolicyReference>& packs, Rules& rules) {
  CaseClocks again;
  again.set_case_id(row.case_id());
  again.set_client_id(row.client_id());
  again.set_branch_id(row.branch_id());
  again.set_kind(row.kind());
  again.set_form(row.form());
  again.set_alleges_theft_or_forgery(row.alleges_theft_or_forgery());
  again.set_tier(row.tier());
  *again.mutable_received_at() = row.received_at();
  *again.mutable_packs() = packs;
  for (const Input& input : row.inputs()) Take(input, rules, FromProto(input.at()), again);
  again.clear_pending();
  again.clear_pending_since();
  return again;
}

std::string FactId(std::string_view what, const CaseClocks& row, const CaseClock& clock) {
  return fmt::format("clock/{}/{}/{}/{}", what, row.case_id(), clock.clock_id(), clock.run());
}

CaseClock* FindClock(CaseClocks& row, const std::string& clock_id, int32_t run) {
  for (CaseClock& clock : *row.mutable_clocks())
    if (clock.run() == run && clock.clock_id() == clock_id) return &clock;
  return nullptr;
}

const CaseClock* FindClock(const CaseClocks& row, const std::string& clock_id, int32_t run) {
  for (const CaseClock& clock : row.clocks())
    if (clock.run() == run && clock.clock_id() == clock_id) return &clock;
  return nullptr;
}

const ClockRule* RuleOf(const PolicyPackPublished& pack, std::string_view clock_id) {
  const std::string_view short_id = clock_id.substr(clock_id.find('/') + 1);
  for (const ClockRule& rule : pack.clocks())
    if (rule.clock_id() == short_id) return &rule;
  return nullptr;
}

events::v1::Event* AddNote(std::string event_id, const CaseClock& clock, const std::string& cause, absl::Time at,
                           absl::Time recorded_at, CaseClocks& row) {
  if (clock.imported()) return nullptr;
  if (row.pending().empty()) *row.mutable_pending_since() = ToProto(recorded_at);
  events::v1::Event& note = *row.add_pending();
  note.set_event_id(std::move(event_id));
  note.set_causation_id(cause);
  *note.mutable_occurred_at() = ToProto(at);
  return &note;
}

void AddRetraction(const CaseClock& clock, const std::string& cause, absl::Time recorded_at, CaseClocks& row) {
  auto* note = AddNote(FactId("retracted", row, clock), clock, cause, FromProto(clock.settled_at()), recorded_at, row);
  if (note == nullptr) return;
  auto& fact = *note->mutable_clock_met();
  fact.set_case_id(row.case_id());
  fact.set_clock_id(clock.clock_id());
  fact.set_run(clock.run());
  *fact.mutable_met_at() = clock.settled_at();
  fact.set_met_by_event_id(clock.settled_by_event_id());
  fact.set_retracts_breach(true);
}

}  // namespace kefu::clock
