#pragma once

#include <vector>

#include "kefu/events/v1/event.pb.h"
#include "platform/testkit/history.h"

namespace kefu::testkit {

// A RandomHistory with what else happens to the same clients and cases strewn in: promises and call-backs made and
// settled, ratings, trading summaries (some told again), facts about clocks, classifications. `events` counts them all.
// Ids are "w<seed>-<number>". Same options, same events, on every machine.
std::vector<events::v1::Event> WideHistory(const HistoryOptions& options);

}  // namespace kefu::testkit
