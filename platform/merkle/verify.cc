#include "platform/merkle/verify.h"

#include <bit>

namespace kefu::merkle {

namespace {

bool IsRight(uint64_t node) { return (node & 1) == 1; }

// A node at the right edge without a sibling rises until it is a right one.
void Rise(uint64_t& node, uint64_t& last) {
  while (!IsRight(node) && node != 0) {
    node >>= 1;
    last >>= 1;
  }
}

Status WrongLength(int64_t size, const Path& path) {
  return InvalidArgument("the path has {} hashes; that does not fit a tree of {} leaves", path.size(), size);
}

Status WrongRoot(std::string_view which, int64_t size, const Hash& from_path, const Hash& root) {
  return InvalidArgument("the proof leads to the {}root {} for {} leaves; the root given is {}", which, Hex(from_path), size,
                         Hex(root));
}

}  // namespace

StatusOr<Hash> RootFromInclusion(const Hash& leaf_hash, int64_t leaf, int64_t size, const Path& path) {
  if (leaf < 0 || leaf >= size) return InvalidArgument("leaf {} cannot be in a tree of {}", leaf, size);
  auto node = static_cast<uint64_t>(leaf);
  auto last = static_cast<uint64_t>(size - 1);
  Hash hash = leaf_hash;
  for (const Hash& sibling : path) {
    if (last == 0) return WrongLength(size, path);
    if (IsRight(node) || node == last) {
      hash = NodeHash(sibling, hash);
      Rise(node, last);
    } else {
      hash = NodeHash(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  if (last != 0) return WrongLength(size, path);
  return hash;
}

Status VerifyInclusion(const Hash& leaf_hash, int64_t leaf, int64_t size, const Path& path, const Hash& root) {
  ASSIGN_OR_RETURN(const Hash from_path, RootFromInclusion(leaf_hash, leaf, size, path));
  return from_path == root ? OkStatus() : WrongRoot("", size, from_path, root);
}

Status VerifyConsistency(int64_t old_size, const Hash& old_root, int64_t new_size, const Hash& new_root,
                         const Path& path) {
  if (old_size < 0 || old_size > new_size)
    return InvalidArgument("a tree of {} leaves cannot begin with one of {}", new_size, old_size);
  if (old_size == 0 || old_size == new_size) {
    if (!path.empty()) return WrongLength(new_size, path);
    if (old_size == 0 && old_root != EmptyRoot()) return WrongRoot("old ", 0, EmptyRoot(), old_root);
    if (new_size == 0 && new_root != EmptyRoot()) return WrongRoot("new ", 0, EmptyRoot(), new_root);
    return old_size != new_size || old_root == new_root ? OkStatus() : WrongRoot("new ", new_size, old_root, new_root);
  }
  // Where the old tree is a whole subtree of the new one its root is where the path begins, and is not said again.
  const bool whole = std::has_single_bit(static_cast<uint64_t>(old_size));
  if (!whole && path.empty()) return WrongLength(new_size, path);
  auto node = static_cast<uint64_t>(old_size - 1);
  auto last = static_cast<uint64_t>(new_size - 1);
  while (IsRight(node)) {
    node >>= 1;
    last >>= 1;
  }
  Hash old_hash = whole ? old_root : path.front();
  Hash new_hash = old_hash;
  for (size_t i = whole ? 0 : 1; i < path.size(); ++i) {
    if (last == 0) return WrongLength(new_size, path);
    if (IsRight(node) || node == last) {
      old_hash = NodeHash(path[i], old_hash);
      new_hash = NodeHash(path[i], new_hash);
      Rise(node, last);
    } else {
      new_hash = NodeHash(new_hash, path[i]);
    }
    node >>= 1;
    last >>= 1;
  }
  if (last != 0) return WrongLength(new_size, path);
  if (old_hash != old_root) return WrongRoot("old ", old_size, old_hash, old_root);
  return new_hash == new_root ? OkStatus() : WrongRoot("new ", new_size, new_hash, new_root);
}

}  // namespace kefu::merkle
