#pragma once

// Sizes and durations as people write them.

#include <absl/time/time.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "platform/base/status.h"

namespace kefu::runtime {

// "64MiB", "1.5 GiB", "10MB", "4096": binary and decimal units, and plain bytes.
StatusOr<int64_t> ParseBytes(std::string_view text);
// The largest binary unit that divides `bytes`: "64MiB".
std::string FormatBytes(int64_t bytes);
// For reading, not for parsing: "1.4 GiB".
std::string ApproximateBytes(int64_t bytes);

// "30s", "1m30s", "250ms", "2h".
StatusOr<absl::Duration> ParseDuration(std::string_view text);

}  // namespace kefu::runtime
