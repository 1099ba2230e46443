#include "services/query/clock_simulation.h"

#include <algorithm>
#include <optional>
#include <set>

#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/calendar/due.h"
#include "services/query/page.h"

namespace kefu::query {
namespace {

using clock::CaseClock;
using clock::CaseClocks;
using clock::ClockView;
using events::v1::CalendarPublished;
using events::v1::CalendarReference;
using events::v1::PolicyPackPublished;
using events::v1::PolicyReference;
using google::protobuf::RepeatedPtrField;

// What the request says in place of what was published; the rest as it was, for one case after the other.
class TrialRules final : public clock::Rules {
 public:
  TrialRules(const v1::SimulatePolicyRequest& request, PublishedPolicies& published)
      : request_(request), published_(published) {}

  void SetCase(const CaseClocks& row) { row_ = &row; }

  RepeatedPtrField<PolicyReference> Packs() const {
    RepeatedPtrField<PolicyReference> packs;
    for (const auto& pack : row_->packs())
      if (TrialPack(pack.pack_id()) == nullptr) *packs.Add() = pack;
    for (const PolicyPackPublished& pack : request_.packs()) {
      if (pack.retired()) continue;
      auto* reference = packs.Add();
      reference->set_pack_id(pack.pack_id());
      reference->set_version(pack.version());
    }
    // Clocks start in the order of pack ids.
    std::sort(packs.begin(), packs.end(), [](const auto& a, const auto& b) { return a.pack_id() < b.pack_id(); });
    return packs;
  }

  const PolicyPackPublished* Pack(const PolicyReference& pack) override {
    const auto* trial = TrialPack(pack.pack_id());
    return trial != nullptr ? trial : published_.Pack(pack.pack_id(), pack.version());
  }

  const CalendarPublished* Calendar(const CalendarReference& calendar) override {
    const auto* trial = TrialCalendar(calendar.calendar_id());
    return trial != nullptr ? trial : published_.Calendar(calendar.calendar_id(), calendar.version());
  }

  CalendarReference CalendarFor(const std::string& clock_id, int32_t run, const std::string& calendar_id) override {
    CalendarReference reference;
    reference.set_calendar_id(calendar_id);
    if (const auto* trial = TrialCalendar(calendar_id)) {
      reference.set_version(trial->version());
      return reference;
    }
    const CaseClock* recorded = clock::FindClock(*row_, clock_id, run);
    if (recorded != nullptr && recorded->calendar().calendar_id() == calendar_id) return recorded->calendar();
    reference.set_version(published_.NewestCalendar(calendar_id));
    return reference;
  }

 private:
  const PolicyPackPublished* TrialPack(const std::string& id) const {
    for (const auto& pack : request_.packs())
      if (pack.pack_id() == id) return &pack;
    return nullptr;
  }
  const CalendarPublished* TrialCalendar(const std::string& id) const {
    for (const auto& calendar : request_.calendars())
      if (calendar.calendar_id() == id) return &calendar;
    return nullptr;
  }

  const v1::SimulatePolicyRequest& request_;
  PublishedPolicies& published_;
  const CaseClocks* row_ = nullptr;
};

// Late, or due and neither done nor dropped.
bool IsMissed(const v1::Clock& clock) { return clock.late() || clock.overdue(); }

// What matters of a state: settled how, or not.
int EndOf(const v1::Clock& clock) {
  return clock.state() == v1::CLOCK_STATE_MET ? 1 : clock.state() == v1::CLOCK_STATE_DROPPED ? 2 : 0;
}

absl::Time DueAt(const v1::Clock& clock) {
  return clock.has_due_at() ? FromProto(clock.due_at()) : absl::InfiniteFuture();
}

class Comparison {
 public:
  Comparison(const v1::SimulatePolicyRequest& request, absl::Time as_of)
      : as_of_(as_of),
        most_(request.max_differences() == 0 ? 1'000 : std::min(request.max_differences(), kMostDifferences)) {}

  void Add(const CaseClocks& before, const CaseClocks& after) {
    summary_.set_cases(summary_.cases() + 1);
    for (const CaseClock& clock : before.clocks()) {
      const CaseClock* other = clock::FindClock(after, clock.clock_id(), clock.run());
      std::optional<v1::Clock> shown;
      if (other != nullptr) shown = ShowClock(after, *other, as_of_);
      Compare(ShowClock(before, clock, as_of_), std::move(shown));
    }
    for (const CaseClock& clock : after.clocks())
      if (clock::FindClock(before, clock.clock_id(), clock.run()) == nullptr)
        Compare(std::nullopt, ShowClock(after, clock, as_of_));
  }

  std::vector<v1::SimulatePolicyResponse> Finish(std::string position) {
    summary_.set_position(std::move(position));
    *responses_.emplace_back().mutable_summary() = std::move(summary_);
    return std::move(responses_);
  }

 private:
  void Compare(std::optional<v1::Clock> before, std::optional<v1::Clock> after) {
    summary_.set_clocks(summary_.clocks() + 1);
    const bool was_missed = before.has_value() && IsMissed(*before);
    const bool is_missed = after.has_value() && IsMissed(*after);
    if (is_missed && !was_missed) summary_.set_newly_missed(summary_.newly_missed() + 1);
    if (was_missed && !is_missed) summary_.set_newly_kept(summary_.newly_kept() + 1);
    bool differs = true;
    if (!before.has_value()) {
      summary_.set_added(summary_.added() + 1);
    } else if (!after.has_value()) {
      summary_.set_gone(summary_.gone() + 1);
    } else if (DueAt(*after) < DueAt(*before)) {
      summary_.set_earlier(summary_.earlier() + 1);
    } else if (DueAt(*after) > DueAt(*before)) {
      summary_.set_later(summary_.later() + 1);
    } else {
      summary_.set_same(summary_.same() + 1);
      differs = was_missed != is_missed || EndOf(*before) != EndOf(*after);
    }
    if (!differs || static_cast<int32_t>(responses_.size()) >= most_) return;
    auto* difference = responses_.emplace_back().mutable_difference();
    if (before.has_value()) *difference->mutable_before() = *std::move(before);
    if (after.has_value()) *difference->mutable_after() = *std::move(after);
  }

  const absl::Time as_of_;
  const int32_t most_;
  v1::SimulationSummary summary_;
  std::vector<v1::SimulatePolicyResponse> responses_;
};

Status Wrong(std::string_view reason, std::string_view field, std::string what) {
  return WithReason(InvalidArgument("{}", what), reason, field);
}

}  // namespace

Status CheckSimulation(const v1::SimulatePolicyRequest& request) {
  if (request.packs().empty() && request.calendars().empty())
    return Wrong("POLICY_INVALID", "packs", "name a pack or a calendar to try");
  if (request.max_differences() < 0) return Wrong("RANGE_INVALID", "max_differences", "max_differences is negative");
  std::set<std::string> seen;
  for (const CalendarPublished& calendar : request.calendars()) {
    if (calendar.calendar_id().empty() || !seen.insert("calendar " + calendar.calendar_id()).second)
      return Wrong("CALENDAR_INVALID", "calendars",
                   fmt::format("calendar \"{}\" has no id, or is there twice", calendar.calendar_id()));
    if (const auto fault = calendar::CheckCalendar(calendar); fault != calendar::CalendarFault::kNone)
      return Wrong("CALENDAR_INVALID", "calendars",
                   fmt::format("calendar \"{}\": {}", calendar.calendar_id(), calendar::NameOf(fault)));
  }
  for (const PolicyPackPublished& pack : request.packs()) {
    if (pack.pack_id().empty() || !seen.insert("pack " + pack.pack_id()).second)
      return Wrong("POLICY_INVALID", "packs", fmt::format("pack \"{}\" has no id, or is there twice", pack.pack_id()));
    for (const auto& rule : pack.clocks())
      if (!calendar::IsDueTime(rule.due()))
        return Wrong("POLICY_INVALID", "packs",
                     fmt::format("pack \"{}\", clock \"{}\": due_time_invalid", pack.pack_id(), rule.clock_id()));
  }
  return OkStatus();
}

StatusOr<std::vector<v1::SimulatePolicyResponse>> Simulate(const Moment& moment,
                                                           const v1::SimulatePolicyRequest& request, absl::Time as_of,
                                                           const std::function<Status()>& keeps_going) {
  Comparison comparison(request, as_of);
  CaseClocks row;
  for (const auto& partition : moment.partitions()) {
    PublishedPolicies published(*partition);
    TrialRules rules(request, published);
    ASSIGN_OR_RETURN(const auto cursor, partition->Scan(ClockView::kName, clock::Cases::kName, {}, {}));
    for (int64_t examined = 1; cursor->Valid(); cursor->Next(), ++examined) {
      if (examined % kRowsBetweenChecks == 0) RETURN_IF_ERROR(keeps_going());
      RETURN_IF_ERROR(ParseClocks(cursor->value(), *partition, &row));
      const absl::Time received = FromProto(row.received_at());
      if (request.has_received_from() && received < FromProto(request.received_from())) continue;
      if (request.has_received_until() && received >= FromProto(request.received_until())) continue;
      rules.SetCase(row);
      comparison.Add(row, clock::Replay(row, rules.Packs(), rules));
      RETURN_IF_ERROR(published.fault());
    }
    RETURN_IF_ERROR(cursor->status());
  }
  return comparison.Finish(moment.PositionOf(ClockView::kName));
}

}  // namespace kefu::query
