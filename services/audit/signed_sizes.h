#pragma once

// Which sizes of a partition's tree were signed. Of checkpoints since the newest accepted loss only.

#include <cstdint>
#include <optional>
#include <string>

#include "platform/base/ids.h"
#include "platform/base/status.h"
#include "platform/merkle/hash.h"
#include "projections/engine/engine.h"

namespace kefu::audit {

struct SignedSize {
  // How many records of the partition are covered, and the offset after the last one.
  int64_t size = 0;
  Offset next_offset;
  // The partition's note, and the root it names.
  std::string note;
  merkle::Hash root{};
};

// Of the newest checkpoint; nothing: there is none. `home`: partition 0, where checkpoints are recorded. kDataLoss: the
// recorded note is none.
StatusOr<std::optional<SignedSize>> NewestSigned(const engine::PartitionView& home, Partition partition);

// Of a checkpoint that has exactly `size` records of the partition.
StatusOr<std::optional<SignedSize>> SignedWith(const engine::PartitionView& home, Partition partition, int64_t size);

}  // namespace kefu::audit
