#include "platform/testkit/events.h"

#include <fmt/format.h>

#include "platform/base/time.h"
#include "platform/event/record.h"

namespace kefu::testkit {

using events::v1::Event;

namespace {

void SetCode(events::v1::Code* code, std::string_view scheme, std::string_view value) {
  code->set_scheme(std::string(scheme));
  code->set_value(std::string(value));
}

// A draft whose body, made by `body`, is about a case.
template <class Body, class Fill>
Draft OfCase(Body* (Event::*body)(), std::string_view case_id, Fill fill) {
  Draft draft;
  draft.With([&](Event& event) {
    (event.*body)()->set_case_id(std::string(case_id));
    fill(*(event.*body)());
  });
  return draft;
}

template <class Body>
Draft OfCase(Body* (Event::*body)(), std::string_view case_id) {
  return OfCase(body, case_id, [](Body&) {});
}

void FillOpening(events::v1::CaseOpening* opening, std::string_view category) {
  opening->set_channel(events::v1::CHANNEL_PHONE);
  if (!category.empty()) SetCode(opening->mutable_category(), "test.category", category);
}

}  // namespace

absl::Time Beginning() { return absl::FromUnixSeconds(1'772'413'200); }

Draft::Draft() { event_.set_client_id("C-1"); }

Draft& Draft::Client(std::string_view client_id) {
  event_.set_client_id(std::string(client_id));
  return *this;
}
Draft& Draft::Id(std::string_view event_id) {
  event_.set_event_id(std::string(event_id));
  return *this;
}
Draft& Draft::At(absl::Time occurred_at) {
  *event_.mutable_occurred_at() = ToProto(occurred_at);
  return *this;
}
Draft& Draft::AtMinute(int minute) { return At(Beginning() + absl::Minutes(minute)); }
Draft& Draft::By(std::string_view staff_id) {
  event_.mutable_actor()->set_kind(events::v1::ACTOR_KIND_STAFF);
  event_.mutable_actor()->set_id(std::string(staff_id));
  return *this;
}
Draft& Draft::Branch(std::string_view branch_id) {
  event_.set_branch_id(std::string(branch_id));
  return *this;
}
Draft& Draft::IfRevision(int64_t revision) {
  event_.mutable_precondition()->set_revision(revision);
  return *this;
}

Event Finish(const Draft& draft, int64_t number) {
  Event event = draft.event();
  if (event.event_id().empty()) event.set_event_id(fmt::format("e-{}", number));
  if (event.source().empty()) event.set_source("test");
  if (!event.has_occurred_at()) *event.mutable_occurred_at() = ToProto(Beginning() + absl::Minutes(number));
  return event;
}

std::string Recorded(const Event& event, absl::Time recorded_at) { return event::RecordedBytes(event, recorded_at); }

Draft Registered(std::string_view name, events::v1::ClientKind kind) {
  return Draft().With([&](Event& event) {
    event.mutable_client_registered()->set_display_name(std::string(name));
    event.mutable_client_registered()->set_kind(kind);
  });
}

Draft ProfileChanged(std::initializer_list<std::string_view> paths, const events::v1::ClientProfile& profile) {
  return Draft().With([&](Event& event) {
    auto* changed = event.mutable_client_profile_changed();
    for (const std::string_view path : paths) changed->mutable_changed()->add_paths(std::string(path));
    *changed->mutable_profile() = profile;
    changed->set_said_by("client");
  });
}

Draft IdentifiersChanged(const events::v1::ClientIdentifiersChanged& changed) {
  return Draft().With([&](Event& event) { *event.mutable_client_identifiers_changed() = changed; });
}

Draft Configured(std::string_view tier) {
  return Draft().With([&](Event& event) {
    event.mutable_service_configuration_changed()->mutable_configuration()->set_tier(std::string(tier));
  });
}

Draft StatusChanged(events::v1::ClientStatus status) {
  return Draft().With([&](Event& event) { event.mutable_client_status_changed()->set_status(status); });
}

Draft Contacted(events::v1::Channel channel, events::v1::Direction direction, std::string_view topic) {
  return Draft().With([&](Event& event) {
    auto* contact = event.mutable_contact_recorded();
    contact->set_channel(channel);
    contact->set_direction(direction);
    if (!topic.empty()) SetCode(contact->mutable_topic(), "test.topic", topic);
  });
}

Draft OfferMoved(events::v1::OfferStage stage) {
  return Draft().With([&](Event& event) { event.mutable_offer_progressed()->set_stage(stage); });
}

Draft Promised(std::string_view promise_id, MaybeTime due_at, std::string_view owner_id) {
  return Draft().With([&](Event& event) {
    auto* body = event.mutable_promise_made();
    body->set_promise_id(std::string(promise_id));
    body->set_owner_id(std::string(owner_id));
    if (due_at.has_value()) *body->mutable_due_at() = ToProto(*due_at);
  });
}
Draft PromiseKept(std::string_view promise_id) {
  return Draft().With([&](Event& event) { event.mutable_promise_kept()->set_promise_id(std::string(promise_id)); });
}
Draft PromiseReleased(std::string_view promise_id) {
  return Draft().With([&](Event& event) { event.mutable_promise_released()->set_promise_id(std::string(promise_id)); });
}
Draft CallBackPlanned(std::string_view call_back_id, MaybeTime due_at, std::string_view owner_id) {
  return Draft().With([&](Event& event) {
    auto* body = event.mutable_call_back_planned();
    body->set_call_back_id(std::string(call_back_id));
    body->set_owner_id(std::string(owner_id));
    if (due_at.has_value()) *body->mutable_due_at() = ToProto(*due_at);
  });
}
Draft CallBackDone(std::string_view call_back_id) {
  return Draft().With(
      [&](Event& event) { event.mutable_call_back_done()->set_call_back_id(std::string(call_back_id)); });
}
Draft CallBackCancelled(std::string_view call_back_id) {
  return Draft().With(
      [&](Event& event) { event.mutable_call_back_cancelled()->set_call_back_id(std::string(call_back_id)); });
}

Draft Opened(std::string_view case_id, std::string_view category) {
  return OfCase(&Event::mutable_service_request_opened, case_id,
                [&](auto& body) { FillOpening(body.mutable_opening(), category); });
}
Draft Complained(std::string_view case_id, std::string_view category) {
  return OfCase(&Event::mutable_complaint_received, case_id,
                [&](auto& body) { FillOpening(body.mutable_opening(), category); });
}
Draft Acknowledged(std::string_view case_id) { return OfCase(&Event::mutable_case_acknowledged, case_id); }
Draft Assigned(std::string_view case_id, std::string_view staff_id, std::string_view team) {
  return OfCase(&Event::mutable_case_assigned, case_id, [&](auto& body) {
    body.set_assignee_id(std::string(staff_id));
    body.set_team(std::string(team));
  });
}
Draft Started(std::string_view case_id) { return OfCase(&Event::mutable_case_started, case_id); }
Draft WaitStarted(std::string_view case_id, events::v1::WaitingOn on) {
  return OfCase(&Event::mutable_case_wait_started, case_id, [&](auto& body) { body.set_waiting_on(on); });
}
Draft Resumed(std::string_view case_id) { return OfCase(&Event::mutable_case_resumed, case_id); }
Draft Escalated(std::string_view case_id, std::string_view to) {
  return OfCase(&Event::mutable_case_escalated, case_id, [&](auto& body) { body.set_escalated_to(std::string(to)); });
}
Draft Reclassified(std::string_view case_id, events::v1::CasePriority priority, std::string_view category) {
  return OfCase(&Event::mutable_case_reclassified, case_id, [&](auto& body) {
    body.set_priority(priority);
    if (!category.empty()) SetCode(body.mutable_category(), "test.category", category);
  });
}
Draft TimelinessReported(std::string_view case_id, bool in_time) {
  return OfCase(&Event::mutable_case_timeliness_reported, case_id, [&](auto& body) { body.set_in_time(in_time); });
}
Draft NoteAdded(std::string_view case_id, std::string_view text) {
  return OfCase(&Event::mutable_case_note_added, case_id, [&](auto& body) { body.set_text(std::string(text)); });
}
Draft WorkRecorded(std::string_view case_id, std::string_view activity, events::v1::WorkPhase phase) {
  return OfCase(&Event::mutable_case_work_recorded, case_id, [&](auto& body) {
    SetCode(body.mutable_activity(), "test.activity", activity);
    body.set_phase(phase);
  });
}
Draft ResolutionProposed(std::string_view case_id, std::string_view text) {
  return OfCase(&Event::mutable_case_resolution_proposed, case_id,
                [&](auto& body) { body.set_text(std::string(text)); });
}
Draft Resolved(std::string_view case_id, events::v1::CaseOutcome outcome) {
  return OfCase(&Event::mutable_case_resolved, case_id, [&](auto& body) { body.set_outcome(outcome); });
}
Draft Closed(std::string_view case_id) { return OfCase(&Event::mutable_case_closed, case_id); }
Draft Reopened(std::string_view case_id) { return OfCase(&Event::mutable_case_reopened, case_id); }
Draft Withdrawn(std::string_view case_id) { return OfCase(&Event::mutable_case_withdrawn, case_id); }

Draft NextActionSet(std::string_view case_id, std::string_view action, std::string_view owner_id, MaybeTime due_at) {
  return OfCase(&Event::mutable_case_next_action_set, case_id, [&](auto& body) {
    if (!action.empty()) SetCode(body.mutable_action(), "kefu.action", action);
    body.set_owner_id(std::string(owner_id));
    if (due_at.has_value()) *body.mutable_due_at() = ToProto(*due_at);
  });
}
Draft ResponseSent(std::string_view case_id, events::v1::CaseResponseKind kind) {
  return OfCase(&Event::mutable_case_response_sent, case_id, [&](auto& body) { body.set_kind(kind); });
}
Draft MatterSet(std::string_view case_id, std::string_view matter_id) {
  return OfCase(&Event::mutable_case_matter_set, case_id,
                [&](auto& body) { body.set_matter_id(std::string(matter_id)); });
}
Draft Referred(std::string_view case_id, std::string_view scheme, std::string_view number, MaybeTime due_at) {
  return OfCase(&Event::mutable_case_referred, case_id, [&](auto& body) {
    body.mutable_external()->set_scheme(std::string(scheme));
    body.mutable_external()->set_number(std::string(number));
    if (due_at.has_value()) *body.mutable_external()->mutable_due_at() = ToProto(*due_at);
  });
}

namespace {

template <class Body>
void SetClock(std::string_view clock_id, MaybeTime due_at, Body& body) {
  body.set_clock_id(std::string(clock_id));
  if (due_at.has_value()) *body.mutable_due_at() = ToProto(*due_at);
}

}  // namespace

Draft ClockStarted(std::string_view case_id, std::string_view clock_id, MaybeTime due_at) {
  return OfCase(&Event::mutable_clock_started, case_id, [&](auto& body) { SetClock(clock_id, due_at, body); });
}
Draft ClockPaused(std::string_view case_id, std::string_view clock_id, MaybeTime due_at) {
  return OfCase(&Event::mutable_clock_paused, case_id, [&](auto& body) { SetClock(clock_id, due_at, body); });
}
Draft ClockResumed(std::string_view case_id, std::string_view clock_id, MaybeTime due_at) {
  return OfCase(&Event::mutable_clock_resumed, case_id, [&](auto& body) { SetClock(clock_id, due_at, body); });
}
Draft ClockMet(std::string_view case_id, std::string_view clock_id, absl::Time met_at, bool late) {
  return OfCase(&Event::mutable_clock_met, case_id, [&](auto& body) {
    body.set_clock_id(std::string(clock_id));
    *body.mutable_met_at() = ToProto(met_at);
    body.set_late(late);
  });
}
Draft ClockBreached(std::string_view case_id, std::string_view clock_id, absl::Time due_at) {
  return OfCase(&Event::mutable_clock_breached, case_id, [&](auto& body) { SetClock(clock_id, due_at, body); });
}
Draft ClockDropped(std::string_view case_id, std::string_view clock_id, absl::Time dropped_at) {
  return OfCase(&Event::mutable_clock_dropped, case_id, [&](auto& body) {
    body.set_clock_id(std::string(clock_id));
    *body.mutable_dropped_at() = ToProto(dropped_at);
  });
}

}  // namespace kefu::testkit
