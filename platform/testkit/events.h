#pragma once

// Terse events for tests: Resolved("K-1").Client("C-2").IfRevision(2). What is not said is filled in by Finish.

#include <absl/time/time.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "kefu/events/v1/event.pb.h"

namespace kefu::testkit {

// When the made-up histories begin: 2026-03-02T01:00:00Z, a Monday morning in Taipei.
absl::Time Beginning();

// An event being written. Client is "C-1" unless said otherwise.
class Draft {
 public:
  Draft();

  Draft& Client(std::string_view client_id);
  Draft& Id(std::string_view event_id);
  Draft& At(absl::Time occurred_at);
  // Minutes after Beginning().
  Draft& AtMinute(int minute);
  // A member of staff did it.
  Draft& By(std::string_view staff_id);
  Draft& Branch(std::string_view branch_id);
  Draft& IfRevision(int64_t revision);
  // Anything else: With([](events::v1::Event& event) { … }).
  template <class Change>
  Draft& With(Change change) {
    change(event_);
    return *this;
  }

  const events::v1::Event& event() const { return event_; }

 private:
  events::v1::Event event_;
};

// The event with what was left out: id "e-<number>", source "test", and a time `number` minutes after Beginning().
events::v1::Event Finish(const Draft& draft, int64_t number);

// The bytes ingest would record (event::RecordedBytes).
std::string Recorded(const events::v1::Event& event, absl::Time recorded_at);

Draft Registered(std::string_view name, events::v1::ClientKind kind = events::v1::CLIENT_KIND_PERSON);
Draft ProfileChanged(std::initializer_list<std::string_view> paths, const events::v1::ClientProfile& profile);
Draft IdentifiersChanged(const events::v1::ClientIdentifiersChanged& changed);
Draft Configured(std::string_view tier);
Draft StatusChanged(events::v1::ClientStatus status);

Draft Contacted(events::v1::Channel channel, events::v1::Direction direction, std::string_view topic = {});
Draft OfferMoved(events::v1::OfferStage stage);

using MaybeTime = std::optional<absl::Time>;
Draft Promised(std::string_view promise_id, MaybeTime due_at = {}, std::string_view owner_id = {});
Draft PromiseKept(std::string_view promise_id);
Draft PromiseReleased(std::string_view promise_id);
Draft CallBackPlanned(std::string_view call_back_id, MaybeTime due_at = {}, std::string_view owner_id = {});
Draft CallBackDone(std::string_view call_back_id);
Draft CallBackCancelled(std::string_view call_back_id);

Draft Opened(std::string_view case_id, std::string_view category = {});
Draft Complained(std::string_view case_id, std::string_view category = {});
Draft Acknowledged(std::string_view case_id);
Draft Assigned(std::string_view case_id, std::string_view staff_id, std::string_view team = {});
Draft Started(std::string_view case_id);
Draft WaitStarted(std::string_view case_id, events::v1::WaitingOn on = events::v1::WAITING_ON_CLIENT);
Draft Resumed(std::string_view case_id);
Draft Escalated(std::string_view case_id, std::string_view to);
Draft Reclassified(std::string_view case_id, events::v1::CasePriority priority, std::string_view category = {});
Draft TimelinessReported(std::string_view case_id, bool in_time);
Draft NoteAdded(std::string_view case_id, std::string_view text);
Draft WorkRecorded(std::string_view case_id, std::string_view activity, events::v1::WorkPhase phase);
Draft ResolutionProposed(std::string_view case_id, std::string_view text = {});
Draft Resolved(std::string_view case_id, events::v1::CaseOutcome outcome = events::v1::CASE_OUTCOME_FULFILLED);
Draft Closed(std::string_view case_id);
Draft Reopened(std::string_view case_id);
Draft Withdrawn(std::string_view case_id);
Draft NextActionSet(std::string_view case_id, std::string_view action, std::string_view owner_id = {},
                    MaybeTime due_at = {});
Draft ResponseSent(std::string_view case_id, events::v1::CaseResponseKind kind);
Draft MatterSet(std::string_view case_id, std::string_view matter_id);
Draft Referred(std::string_view case_id, std::string_view scheme, std::string_view number, MaybeTime due_at = {});

// Facts about the first run of a clock.
Draft ClockStarted(std::string_view case_id, std::string_view clock_id, MaybeTime due_at = {});
Draft ClockPaused(std::string_view case_id, std::string_view clock_id, MaybeTime due_at = {});
Draft ClockResumed(std::string_view case_id, std::string_view clock_id, MaybeTime due_at = {});
Draft ClockMet(std::string_view case_id, std::string_view clock_id, absl::Time met_at, bool late = false);
Draft ClockBreached(std::string_view case_id, std::string_view clock_id, absl::Time due_at);
Draft ClockDropped(std::string_view case_id, std::string_view clock_id, absl::Time dropped_at);

}  // namespace kefu::testkit
