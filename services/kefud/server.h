#pragma once

#include "platform/base/status.h"
#include "services/kefud/options.h"

namespace kefu::kefud {

// Runs a server until SIGTERM or SIGINT, then drains it: health says NOT_SERVING, calls under way finish, the inbox
// stops and commits, the log flushes, the views finish their batch. OK: it ended as told.
//
// Opening order is log, views, services, inbox; closing is the reverse. What does not end in 30 s is ended by force.
Status Serve(const Options& options);

}  // namespace kefu::kefud
