#pragma once

// CloudEvents 1.0 at the doors, and the other forms that the inbox takes.
//
// Sources: CloudEvents 1.0.2 core, its JSON format, its Kafka protocol binding.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/base/status.h"

namespace kefu::events::v1 {
class Event;
}

namespace kefu::event {

using Headers = std::vector<std::pair<std::string, std::string>>;

// Reads a record of the inbox. Does not validate the event: see Validate. Header names in any case. Forms:
//
//   CloudEvents, structured  content-type application/cloudevents+json
//   CloudEvents, binary      headers ce_*; content-type application/protobuf or application/json
//   plain                    neither: a whole Event as protobuf, or as protobuf's JSON (content-type application/json,
//                            or a value that begins with a brace)
//
// Protobuf may come in a schema registry's framing; not if the header `__value_schema_id` says that it does not.
// ce_type is `kefu.events.v1.Event`, or a body's name such as `kefu.events.v1.ContactRecorded`, and then the attributes
// make the event: id → event_id, source, subject (else `key`) → client_id, time → occurred_at, and the extensions
// branchid, actorid, actorkind (staff, client, system), actorteam, correlationid, causationid, imported,
// preconditionrevision. Attributes of a whole Event must agree with it. Extensions that are not ours are ignored.
//
// kInvalidArgument with a reason: VALUE_EMPTY, VALUE_TOO_LARGE (over 1 MiB), CONTENT_TYPE_UNSUPPORTED, FRAMING_INVALID,
// CE_ATTRIBUTE_MISSING, CE_ATTRIBUTE_INVALID, CE_ATTRIBUTE_CONFLICT, BODY_UNKNOWN, and those of decode.h.
StatusOr<events::v1::Event> DecodeInbox(const Headers& headers, std::string_view key, std::string_view value);

inline constexpr size_t kMaxInboxValueBytes = 1 << 20;

// The event as CloudEvents. `recorded_at` becomes the extension recordedtime. kInvalidArgument if a time in it has no
// RFC 3339 form.
struct BinaryCloudEvent {
  Headers headers;
  std::string key;
  std::string value;
};
StatusOr<BinaryCloudEvent> ToBinaryCloudEvent(const events::v1::Event& event);
StatusOr<std::string> ToStructuredCloudEvent(const events::v1::Event& event);

}  // namespace kefu::event
