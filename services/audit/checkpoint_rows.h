#pragma once

// Checkpoints as the view `checkpoints` holds them: the newest, and the one that someone kept a note of.

#include <optional>
#include <string>

#include "kefu/audit/v1/audit.pb.h"
#include "projections/engine/engine.h"

namespace kefu::audit {

// Nothing was signed yet: nothing.
StatusOr<std::optional<v1::Checkpoint>> NewestCheckpoint(const engine::Engine& engine);

// The checkpoint whose note over all partitions, or over one of them, has the text of the one in `bytes`; whoever signed it. Costs a
// bisection, and after an accepted loss perhaps a walk over all checkpoints. kInvalidArgument (CHECKPOINT_INVALID): it is no
// checkpoint's note. kNotFound (CHECKPOINT_UNKNOWN): this log never had it.
StatusOr<v1::Checkpoint> CheckpointOfNote(const engine::Engine& engine, const std::string& bytes);

}  // namespace kefu::audit
