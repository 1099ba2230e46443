#pragma once

#include <string>

#include "platform/base/status.h"

namespace kefu::rpc {

// The text of a PEM file. kInvalidArgument if it cannot be read or is no PEM.
StatusOr<std::string> ReadPem(const std::string& path);

}  // namespace kefu::rpc
