#pragma once

// Messages as one line of JSON, and back, with our errors.

#include <string>
#include <string_view>

#include "platform/base/status.h"

namespace google::protobuf {
class Message;
}

namespace kefu::runtime {

// Canonical proto3 JSON on one line. kInvalidArgument if a text field holds no UTF-8.
StatusOr<std::string> ToJson(const google::protobuf::Message& message);

// Canonical proto3 JSON; field names in either spelling. Unknown fields are an error: a misspelt field must not
// vanish.
Status FromJson(std::string_view json, google::protobuf::Message* message);

}  // namespace kefu::runtime
