#include "services/audit/leaf_index.h"

namespace kefu::audit {

// Every record is a leaf, and offsets follow one another from 0.
StatusOr<int64_t> LeafIndexer::IndexOf(Offset offset) { return offset.value(); }

}  // namespace kefu::audit
