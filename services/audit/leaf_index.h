#pragma once

#include "platform/base/ids.h"
#include "platform/base/status.h"
#include "projections/engine/engine.h"

namespace kefu::audit {

// Which leaf of its partition's tree a record is. Ask in ascending order.
class LeafIndexer {
 public:
  LeafIndexer(const engine::Engine& engine, Partition partition) : engine_(engine), partition_(partition) {}

  StatusOr<int64_t> IndexOf(Offset offset);

 private:
  const engine::Engine& engine_;
  const Partition partition_;
};

}  // namespace kefu::audit
