#include "platform/merkle/tree.h"

#include <bit>
#include <cstring>
#include <map>
#include <utility>

#include "platform/base/check.h"

namespace kefu::merkle {

namespace {

// The largest power of two below `size`, which is 2 or more: where RFC 6962 splits.
int64_t SplitOf(int64_t size) { return static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(size - 1))); }

// The root over `count` hashes, a power of two.
Hash FoldWhole(const char* hashes, int64_t count) {
  std::array<Hash, kTileHashes> nodes;
  std::memcpy(nodes.data(), hashes, static_cast<size_t>(count) * kHashBytes);
  for (; count > 1; count /= 2)
    for (int64_t i = 0; i < count / 2; ++i) nodes[i] = NodeHash(nodes[2 * i], nodes[2 * i + 1]);
  return nodes[0];
}

class Tree {
 public:
  explicit Tree(const HashSource& source) : source_(source) {}

  // The root over leaves [begin, begin + count), which are a subtree of the whole: `begin` is a multiple of the power of
  // two that `count` is, or is below.
  StatusOr<Hash> Subtree(int64_t begin, int64_t count) {
    if (std::has_single_bit(static_cast<uint64_t>(count))) return Node(begin, count);
    const int64_t split = SplitOf(count);
    ASSIGN_OR_RETURN(const Hash left, Node(begin, split));
    ASSIGN_OR_RETURN(const Hash right, Subtree(begin + split, count - split));
    return NodeHash(left, right);
  }

  // Appends the path of leaf begin + `leaf` in the subtree of `count` leaves.
  Status Inclusion(int64_t leaf, int64_t begin, int64_t count, Path& path) {
    if (count == 1) return OkStatus();
    const int64_t split = SplitOf(count);
    const bool left = leaf < split;
    if (left) {
      RETURN_IF_ERROR(Inclusion(leaf, begin, split, path));
    } else {
      RETURN_IF_ERROR(Inclusion(leaf - split, begin + split, count - split, path));
    }
    ASSIGN_OR_RETURN(const Hash other, left ? Subtree(begin + split, count - split) : Subtree(begin, split));
    path.push_back(other);
    return OkStatus();
  }

  // SUBPROOF of RFC 6962 §2.1.2; `known`: whoever checks has the root over the old leaves of this subtree.
  Status Consistency(int64_t old_count, int64_t begin, int64_t count, bool known, Path& path) {
    if (old_count == count) {
      if (known) return OkStatus();
      ASSIGN_OR_RETURN(const Hash root, Subtree(begin, count));
      path.push_back(root);
      return OkStatus();
    }
    const int64_t split = SplitOf(count);
    const bool left = old_count <= split;
    if (left) {
      RETURN_IF_ERROR(Consistency(old_count, begin, split, known, path));
    } else {
      RETURN_IF_ERROR(Consistency(old_count - split, begin + split, count - split, false, path));
    }
    ASSIGN_OR_RETURN(const Hash other, left ? Subtree(begin + split, count - split) : Subtree(begin, split));
    path.push_back(other);
    return OkStatus();
  }

 private:
  // The root over 2^n leaves that lie where a node is: of one tile, and stored in it for every eighth n.
  StatusOr<Hash> Node(int64_t begin, int64_t count) {
    const int height = std::countr_zero(static_cast<uint64_t>(count));
    const int level = height / kTileHeight;
    const int64_t first = begin >> (kTileHeight * level);
    const int64_t hashes = int64_t{1} << (height % kTileHeight);
    const int64_t at = first % kTileHashes;
    ASSIGN_OR_RETURN(const std::string* const tile, Tile(level, first / kTileHashes, at + hashes));
    return FoldWhole(tile->data() + at * static_cast<int64_t>(kHashBytes), hashes);
  }

  StatusOr<const std::string*> Tile(int level, int64_t index, int64_t hashes) {
    const auto [place, is_new] = tiles_.try_emplace({level, index});
    if (is_new) {
      ASSIGN_OR_RETURN(place->second, source_(level, index));
    }
    const size_t bytes = place->second.size();
    if (bytes % kHashBytes != 0 || bytes < static_cast<size_t>(hashes) * kHashBytes)
      return DataLoss("tile {} of level {} has {} bytes; {} hashes are needed of it", index, level, bytes, hashes);
    return &place->second;
  }

  const HashSource& source_;
  std::map<std::pair<int, int64_t>, std::string> tiles_;
};

Status CheckSize(int64_t size) {
  return size >= 0 ? OkStatus() : InvalidArgument("a tree of {} leaves is asked for", size);
}

}  // namespace

StatusOr<Hash> Root(int64_t size, const HashSource& source) {
  RETURN_IF_ERROR(CheckSize(size));
  if (size == 0) return EmptyRoot();
  return Tree(source).Subtree(0, size);
}

StatusOr<Path> InclusionPath(int64_t leaf, int64_t size, const HashSource& source) {
  RETURN_IF_ERROR(CheckSize(size));
  if (leaf < 0 || leaf >= size) return InvalidArgument("leaf {} of a tree of {} is asked for", leaf, size);
  Path path;
  RETURN_IF_ERROR(Tree(source).Inclusion(leaf, 0, size, path));
  return path;
}

StatusOr<Path> ConsistencyPath(int64_t old_size, int64_t new_size, const HashSource& source) {
  RETURN_IF_ERROR(CheckSize(old_size));
  if (old_size > new_size) return InvalidArgument("a tree of {} leaves cannot begin with one of {}", new_size, old_size);
  Path path;
  if (old_size > 0) RETURN_IF_ERROR(Tree(source).Consistency(old_size, 0, new_size, true, path));
  return path;
}

Hash TileRoot(std::string_view tile) {
  KEFU_CHECK(tile.size() == kTileHashes * kHashBytes, "a tile of {} bytes", tile.size());
  return FoldWhole(tile.data(), kTileHashes);
}

}  // namespace kefu::merkle
