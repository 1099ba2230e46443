#pragma once

// The mapping between CloudEvents attributes and an Event's own, in both directions, once for both modes.

#include <map>
#include <string>

#include "platform/base/status.h"

namespace google::protobuf {
class FieldDescriptor;
}
namespace kefu::events::v1 {
class Event;
}

namespace kefu::event::internal {

// Values by attribute name, without "ce_": "id", "source", "branchid".
using Attributes = std::map<std::string, std::string>;

inline constexpr char kWholeEvent[] = "kefu.events.v1.Event";

// Puts `attributes` into `event`. An attribute that differs from what the event says is refused. `prefix` is how
// attributes are called where they came from ("ce_" or ""), for errors.
Status Apply(const Attributes& attributes, const std::string& prefix, events::v1::Event* event);

// The attributes of `event`; "type" is its body's name.
Attributes AttributesOf(const events::v1::Event& event);

// The field of Event that holds a body of this name; null if there is none.
const google::protobuf::FieldDescriptor* BodyNamed(const std::string& full_name);

}  // namespace kefu::event::internal
