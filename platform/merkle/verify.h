#pragma once

// The checks of proofs: RFC 9162 §2.1.3.2 and §2.1.4.2. kInvalidArgument says what does not hold; nothing is read.

#include "platform/merkle/tree.h"

namespace kefu::merkle {

// The root that a tree of `size` leaves has if `path` is right. kInvalidArgument: the path is too long or too short.
StatusOr<Hash> RootFromInclusion(const Hash& leaf_hash, int64_t leaf, int64_t size, const Path& path);

// That `leaf_hash` is leaf number `leaf` of the tree with this size and root.
Status VerifyInclusion(const Hash& leaf_hash, int64_t leaf, int64_t size, const Path& path, const Hash& root);

// That the new tree begins with the old one. Both roots are looked at, also where the path is empty.
Status VerifyConsistency(int64_t old_size, const Hash& old_root, int64_t new_size, const Hash& new_root,
                         const Path& path);

}  // namespace kefu::merkle
