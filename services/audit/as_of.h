#pragma once

#include <absl/time/time.h>

#include <string_view>

#include "kefu/audit/v1/audit.pb.h"
#include "platform/base/status.h"
#include "platform/log/log.h"
#include "projections/past/cut.h"

namespace kefu::audit {

// A moment as a request names it, in its field `field`. kInvalidArgument: AS_OF_MISSING, TIME_INVALID, AS_OF_IN_FUTURE (after
// `now`), POSITION_INVALID (it is none, or of another log).
StatusOr<past::Asked> ReadAsOf(const v1::AsOf& as_of, std::string_view field, const log::LogIdentity& log, absl::Time now);

}  // namespace kefu::audit
