#pragma once

// What a single event must be to be recorded. Whether it counts (duplicates, life cycle) is admission's affair.

#include <absl/time/time.h>

#include <cstddef>
#include <string_view>

#include "platform/base/status.h"

namespace kefu::events::v1 {
class Event;
}

namespace kefu::event {

struct EventLimits {
  // The whole event, serialised without its stamp.
  size_t max_event_bytes = 256 << 10;
  // One string or bytes field.
  size_t max_text_bytes = 64 << 10;
  // How far a producer's clock may run ahead of ours.
  absl::Duration max_future = absl::Minutes(5);
  // Bodies that only services write (IsReserved), and copies of what is broadcast: for those services' own check.
  bool reserved_allowed = false;
};

// kInvalidArgument with a reason and the path of the field, such as "event.client_registered.phones[2]"; `path` names
// the event itself. The message never repeats a value that could be personal. Checked, in this order:
//
//   size       EVENT_TOO_LARGE
//   stamp      RECORDED_AT_SET
//   event_id   EVENT_ID_MISSING, EVENT_ID_INVALID (1 to 128 visible ASCII characters)
//   client_id  CLIENT_ID_MISSING, CLIENT_ID_INVALID (1 to 64); CLIENT_ID_NOT_ALLOWED with a body that is broadcast
//   occurred_at OCCURRED_AT_MISSING, TIME_INVALID, OCCURRED_AT_IN_FUTURE, OCCURRED_AT_TOO_OLD (before 1900)
//   source     SOURCE_MISSING
//   body       BODY_MISSING, BODY_UNKNOWN, BODY_RESERVED, BROADCAST_SET (the server's own stamp)
//   all below  FIELD_UNKNOWN, FIELD_MISSING, ENUM_UNKNOWN, TEXT_TOO_LONG, TEXT_NOT_UTF8, CASE_ID_MISSING,
//              CASE_ID_INVALID (1 to 64 visible ASCII characters), CURRENCY_INVALID, TIME_INVALID, DURATION_INVALID,
//              DATE_INVALID, DIGEST_INVALID, NUMBER_OUT_OF_RANGE, FIELD_MASK_INVALID, KIND_UNKNOWN
//   the event that an EventCorrected holds: CORRECTION_INVALID, then all of the above, below
//              "event.event_corrected.event"
//
// Fields that this program does not know are refused, also within a known body: what it cannot check it must not let
// onto the log. Thread-safe. Costs about a microsecond for an event of 200 bytes.
Status Validate(const events::v1::Event& event, absl::Time now, const EventLimits& limits = {},
                std::string_view path = "event");

}  // namespace kefu::event
