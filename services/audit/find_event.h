#pragma once

#include <string>

#include "platform/base/ids.h"
#include "platform/base/status.h"
#include "projections/engine/engine.h"

namespace kefu::audit {

struct RecordPlace {
  Partition partition;
  Offset offset;
};

// Where the first delivery of an event lies: among those of the client, or, without one, among what is broadcast, in partition
// 0. kNotFound (EVENT_NOT_FOUND): facts about the log, which belong to no client, are found by their offset only. Costs a walk
// over the client's journal, or over all that was broadcast.
StatusOr<RecordPlace> FindEvent(const engine::Engine& engine, const std::string& client_id, const std::string& event_id);

}  // namespace kefu::audit
