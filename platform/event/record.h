#pragma once

// The bytes of an event as the log keeps them: what the producer said, then ingest's stamp.
//
// On disk; frozen. Recorded bytes are the event without `recorded_at`, serialised in tag order, followed by one
// `recorded_at` field (tag 2000, the highest): what stands before it is the content by which deliveries are compared.

#include <absl/time/time.h>

#include <string>
#include <string_view>

#include "platform/base/status.h"

namespace kefu::events::v1 {
class Event;
}

namespace kefu::event {

// The bytes to append for `event`. A `recorded_at` it carries already is replaced. Two events that are equal but for
// `recorded_at` give equal content, whichever door and encoding they came by.
std::string RecordedBytes(const events::v1::Event& event, absl::Time recorded_at);

// `recorded_bytes` without the stamp at their end. `parsed` is the event read from them. Records of another writer,
// with no stamp, or one that is not the last field, are returned whole. Costs a walk over the top-level fields.
std::string_view ContentOf(std::string_view recorded_bytes, const events::v1::Event& parsed);

// Reads a record into `event` (replacing what is in it; on an arena if it lies on one). kDataLoss if the bytes are no
// event. An event of a newer producer is read as far as it is known: see HasUnknownBody.
Status ParseRecorded(std::string_view recorded_bytes, events::v1::Event* event);

// True if the event has a body that this program does not know (or no body and unknown fields). A view must stop
// before it.
bool HasUnknownBody(const events::v1::Event& event);

}  // namespace kefu::event
