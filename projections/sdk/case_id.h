#pragma once

#include <string>

#include "kefu/events/v1/event.pb.h"

namespace kefu::sdk {

// The case that a case event, or a fact about one of its clocks, is about; empty for all other events. Lives as long as `event`.
inline const std::string& CaseIdOf(const events::v1::Event& event) {
  using events::v1::Event;
  switch (event.body_case()) {
    case Event::kComplaintReceived:
      return event.complaint_received().case_id();
    case Event::kServiceRequestOpened:
      return event.service_request_opened().case_id();
    case Event::kCaseAcknowledged:
      return event.case_acknowledged().case_id();
    case Event::kCaseAssigned:
      return event.case_assigned().case_id();
    case Event::kCaseStarted:
      return event.case_started().case_id();
    case Event::kCaseWaitStarted:
      return event.case_wait_started().case_id();
    case Event::kCaseResumed:
      return event.case_resumed().case_id();
    case Event::kCaseEscalated:
      return event.case_escalated().case_id();
    case Event::kCaseReclassified:
      return event.case_reclassified().case_id();
    case Event::kCaseTimelinessReported:
      return event.case_timeliness_reported().case_id();
    case Event::kCaseNoteAdded:
      return event.case_note_added().case_id();
    case Event::kCaseWorkRecorded:
      return event.case_work_recorded().case_id();
    case Event::kCaseResolutionProposed:
      return event.case_resolution_proposed().case_id();
    case Event::kCaseResolved:
      return event.case_resolved().case_id();
    case Event::kCaseClosed:
      return event.case_closed().case_id();
    case Event::kCaseReopened:
      return event.case_reopened().case_id();
    case Event::kCaseWithdrawn:
      return event.case_withdrawn().case_id();
    case Event::kCaseNextActionSet:
      return event.case_next_action_set().case_id();
    case Event::kCaseResponseSent:
      return event.case_response_sent().case_id();
    case Event::kCaseMatterSet:
      return event.case_matter_set().case_id();
    case Event::kCaseReferred:
      return event.case_referred().case_id();
    case Event::kClockStarted:
      return event.clock_started().case_id();
    case Event::kClockPaused:
      return event.clock_paused().case_id();
    case Event::kClockResumed:
      return event.clock_resumed().case_id();
    case Event::kClockMet:
      return event.clock_met().case_id();
    case Event::kClockBreached:
      return event.clock_breached().case_id();
    case Event::kClockDropped:
      return event.clock_dropped().case_id();
    default: {
      static const std::string none;
      return none;
    }
  }
}

}  // namespace kefu::sdk
