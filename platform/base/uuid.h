#pragma once

#include <string>

namespace kefu {

// A UUIDv7 (RFC 9562): ordered by time, increasing within this process. Thread-safe.
std::string NewUuid();

}  // namespace kefu
