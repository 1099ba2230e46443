#pragma once

// Two builds of one view, key by key.

#include <string>

#include "kefu/admin/v1/view.pb.h"
#include "platform/base/hash.h"
#include "platform/store/store.h"
#include "projections/engine/engine.h"

namespace kefu::engine {

// Adds one key and its value to a digest as DigestView forms it.
void AddToDigest(std::string_view key, std::string_view value, Sha256Stream* digest);

// Walks the tables of two builds of `view`, both at one place in `snapshot`, side by side. Counts keys whose values are not
// alike, told apart by `expected`; shows at most `limit` of each kind, with rows as JSON. Digests are of this partition.
// Cost: both tables are read whole; nothing is kept but what is shown.
StatusOr<admin::v1::CompareBuildsResponse> CompareBuilds(
    const store::Snapshot& snapshot, Partition partition, const sdk::Projection& view, store::TableId serving,
    store::TableId other,
    const std::function<bool(std::string_view table, std::string_view key, std::optional<std::string_view> before,
                             std::optional<std::string_view> after)>& expected,
    int limit);

// Adds what another partition says; the digests become those over all partitions once `FinishDigests` was called.
void AddComparison(const admin::v1::CompareBuildsResponse& one, int limit, admin::v1::CompareBuildsResponse* sum);
// SHA-256 over the partitions' digests in order, in hex, as DigestView forms it.
void FinishDigests(admin::v1::CompareBuildsResponse* sum);

}  // namespace kefu::engine
