#include "services/audit/leaf_index.h"

#include <utility>

#include "platform/base/reason.h"
#include "services/audit/tree_rows.h"

namespace kefu::audit {

StatusOr<LeafIndexer> LeafIndexer::Open(std::shared_ptr<const engine::PartitionView> partition) {
  const Partition number = partition->partition();
  ASSIGN_OR_RETURN(tree::Reading reading, TreeOf(std::move(partition)));
  return LeafIndexer(number, std::move(reading));
}

StatusOr<int64_t> LeafIndexer::LeafOf(Offset offset) const {
  auto leaf = reading_.LeafOf(offset);
  if (leaf.ok()) return leaf;
  if (leaf.status().code() == StatusCode::kOutOfRange)
    return WithReason(Unavailable("the tree of partition {} is at offset {} and does not have offset {} yet; try again",
                                  partition_, reading_.next_offset(), offset),
                      "TREE_BEHIND");
  if (leaf.status().code() == StatusCode::kNotFound)
    return DataLoss("the log has offset {} of partition {}, and the tree was made without it: it is another log", offset,
                    partition_);
  return leaf.status();
}

}  // namespace kefu::audit
