#pragma once

// The hashes that trees of RFC 6962 §2.1 are made of. Frozen: what is signed is made of them.

#include <optional>
#include <string_view>
#include <vector>

#include "platform/base/hash.h"

namespace kefu::merkle {

using Hash = Sha256Digest;
constexpr size_t kHashBytes = 32;

// SHA-256(0x00, record). No allocation.
Hash LeafHash(std::string_view record);
// SHA-256(0x01, left, right). No allocation.
Hash NodeHash(const Hash& left, const Hash& right);
// Of a tree without leaves: SHA-256 of nothing.
Hash EmptyRoot();
// Of the tree with these leaves, given by their hashes.
Hash RootOf(std::vector<Hash> leaves);

inline std::string_view BytesOf(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}
// Nothing unless there are 32 bytes.
std::optional<Hash> HashFrom(std::string_view bytes);

}  // namespace kefu::merkle
