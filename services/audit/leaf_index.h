#pragma once

#include <memory>

#include "platform/base/ids.h"
#include "platform/base/status.h"
#include "projections/engine/engine.h"
#include "projections/tree/reading.h"

namespace kefu::audit {

// Which leaves of its partition's tree records are. Holds the partition's snapshot: not for long.
class LeafIndexer {
 public:
  static StatusOr<LeafIndexer> Open(std::shared_ptr<const engine::PartitionView> partition);

  // kUnavailable (TREE_BEHIND): the tree does not have the record yet. kDataLoss: the log should not have it.
  StatusOr<int64_t> LeafOf(Offset offset) const;

 private:
  LeafIndexer(Partition partition, tree::Reading reading) : partition_(partition), reading_(std::move(reading)) {}
  Partition partition_;
  tree::Reading reading_;
};

}  // namespace kefu::audit
