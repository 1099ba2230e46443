#pragma once

// Whether the JSON of an event says what its recorded bytes say.

#include <string>
#include <string_view>

#include "services/verify/json.h"

namespace kefu::verify {

// Empty if `event` (protobuf's JSON form, fields by their names in the protos) says all that `record`, a serialised
// kefu.events.v1.Event, says, and nothing else. Otherwise what differs: the field, never its value.
std::string DifferenceOfText(const Json& event, std::string_view record);

// True if `record` is an event that has a JSON form: then nobody may say of it that it cannot be read.
bool CanBeSaidInJson(std::string_view record);

}  // namespace kefu::verify
