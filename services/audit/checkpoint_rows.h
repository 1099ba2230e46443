#pragma once

// Checkpoints as the view `checkpoints` holds them: the newest, and the one that someone kept a note of.

#include <optional>
#include <string>
#include <vector>

#include "kefu/audit/v1/audit.pb.h"
#include "projections/checkpoints/checkpoints.h"
#include "projections/engine/engine.h"

namespace kefu::audit {

v1::Checkpoint CheckpointOf(const checkpoints::SignedRow& row, const log::LogIdentity& log);

// `home` is partition 0 of the views. Nothing was signed yet: as new.
StatusOr<checkpoints::StandRow> StandOf(const engine::PartitionView& home);

// All changes of the key that hold, oldest first.
StatusOr<std::vector<v1::KeyChange>> KeyChangesIn(const engine::PartitionView& home);

// Nothing was signed yet: nothing.
StatusOr<std::optional<v1::Checkpoint>> NewestCheckpoint(const engine::Engine& engine);

// The checkpoint whose note over all partitions, or over one of them, has the text of the one in `bytes`; whoever signed it. Costs a
// bisection, and after an accepted loss perhaps a walk over all checkpoints. kInvalidArgument (CHECKPOINT_INVALID): it is no
// checkpoint's note. kNotFound (CHECKPOINT_UNKNOWN): this log never had it.
StatusOr<v1::Checkpoint> CheckpointOfNote(const engine::Engine& engine, const std::string& bytes);

}  // namespace kefu::audit
