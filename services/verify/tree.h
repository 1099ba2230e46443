#pragma once

// The arithmetic of a log's tree: written from RFC 9162 alone, so that it can disagree with what the server computes.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "services/verify/text.h"

namespace kefu::verify {

Hash Sha256(std::string_view bytes);

// SHA-256(0x00, record) and SHA-256(0x01, left, right). Source: RFC 9162 §2.1.1.
Hash LeafHash(std::string_view record);
Hash NodeHash(const Hash& left, const Hash& right);

// The root over all leaves; of none: SHA-256 of nothing. Source: RFC 9162 §2.1.1. Costs 2 hashes a leaf.
Hash RootOf(std::vector<Hash> leaves);

// The root that `path` leads to from the leaf at `index` of `size`; nothing if the path has not as many hashes as one
// there must have. Source: RFC 9162 §2.1.3.2.
std::optional<Hash> RootByInclusion(const Hash& leaf, int64_t index, int64_t size, const std::vector<Hash>& path);

// Does `path` show that the tree of `new_size` begins with all of the tree of `old_size`? Source: RFC 9162 §2.1.4.2.
// Every tree begins with the empty one, and with itself: then the path is empty.
bool IsConsistent(int64_t old_size, const Hash& old_root, int64_t new_size, const Hash& new_root,
                  const std::vector<Hash>& path);

}  // namespace kefu::verify
