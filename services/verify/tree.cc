#include "services/verify/tree.h"

#include <openssl/evp.h>

#include <string>
#include <utility>

namespace kefu::verify {
namespace {

std::string_view BytesOf(const Hash& hash) { return {reinterpret_cast<const char*>(hash.data()), hash.size()}; }

bool IsOdd(uint64_t number) { return (number & 1) != 0; }

}  // namespace

Hash Sha256(std::string_view bytes) {
  Hash hash;
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), hash.data(), &size, EVP_sha256(), nullptr);
  return hash;
}

Hash LeafHash(std::string_view record) {
  std::string bytes(1, '\0');
  bytes += record;
  return Sha256(bytes);
}

Hash NodeHash(const Hash& left, const Hash& right) {
  std::string bytes(1, '\1');
  bytes += BytesOf(left);
  bytes += BytesOf(right);
  return Sha256(bytes);
}

Hash RootOf(std::vector<Hash> leaves) {
  if (leaves.empty()) return Sha256("");
  // Pairs from the left; one that is left over goes up as it is. That is the split at the largest power of two.
  while (leaves.size() > 1) {
    std::vector<Hash> above;
    for (size_t i = 0; i + 1 < leaves.size(); i += 2) above.push_back(NodeHash(leaves[i], leaves[i + 1]));
    if (IsOdd(leaves.size())) above.push_back(leaves.back());
    leaves = std::move(above);
  }
  return leaves.front();
}

std::optional<Hash> RootByInclusion(const Hash& leaf, int64_t index, int64_t size, const std::vector<Hash>& path) {
  if (index < 0 || index >= size) return std::nullopt;
  auto fn = static_cast<uint64_t>(index);
  auto sn = static_cast<uint64_t>(size - 1);
  Hash root = leaf;
  for (const Hash& hash : path) {
    if (sn == 0) return std::nullopt;
    if (IsOdd(fn) || fn == sn) {
      root = NodeHash(hash, root);
      while (!IsOdd(fn) && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      root = NodeHash(root, hash);
    }
    fn >>= 1;
    sn >>= 1;
  }
  if (sn != 0) return std::nullopt;
  return root;
}

bool IsConsistent(int64_t old_size, const Hash& old_root, int64_t new_size, const Hash& new_root,
                  const std::vector<Hash>& path) {
  if (old_size < 0 || old_size > new_size) return false;
  if (old_size == new_size) return path.empty() && old_root == new_root;
  if (old_size == 0) return path.empty() && old_root == Sha256("");
  if (path.empty()) return false;
  std::vector<Hash> hashes;
  const auto size = static_cast<uint64_t>(old_size);
  if ((size & (size - 1)) == 0) hashes.push_back(old_root);
  hashes.insert(hashes.end(), path.begin(), path.end());

  uint64_t fn = size - 1;
  auto sn = static_cast<uint64_t>(new_size - 1);
  while (IsOdd(fn)) {
    fn >>= 1;
    sn >>= 1;
  }
  Hash fr = hashes.front();
  Hash sr = hashes.front();
  for (size_t i = 1; i < hashes.size(); ++i) {
    if (sn == 0) return false;
    if (IsOdd(fn) || fn == sn) {
      fr = NodeHash(hashes[i], fr);
      sr = NodeHash(hashes[i], sr);
      while (!IsOdd(fn) && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      sr = NodeHash(sr, hashes[i]);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && fr == old_root && sr == new_root;
}

}  // namespace kefu::verify
