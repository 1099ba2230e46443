#pragma once

// What tests of trees need: leaves, trees by the plain definition, and hashes kept in tiles in memory.

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <map>
#include <utility>

#include "platform/merkle/tree.h"

namespace kefu::merkle {

// Leaf hashes of records that are unlike for every number.
inline std::vector<Hash> SomeLeaves(int64_t count) {
  std::vector<Hash> leaves;
  for (int64_t i = 0; i < count; ++i) leaves.push_back(LeafHash(fmt::format("record {}", i)));
  return leaves;
}

// RFC 6962 §2.1, word by word: MTH(D[begin:end]).
inline Hash PlainRoot(const std::vector<Hash>& leaves, size_t begin, size_t end) {
  const size_t count = end - begin;
  if (count == 0) return EmptyRoot();
  if (count == 1) return leaves[begin];
  const size_t split = begin + std::bit_floor(count - 1);
  return NodeHash(PlainRoot(leaves, begin, split), PlainRoot(leaves, split, end));
}

// §2.1.1: PATH(leaf, D[begin:end]).
inline Path PlainInclusion(const std::vector<Hash>& leaves, size_t leaf, size_t begin, size_t end) {
  if (end - begin == 1) return {};
  const size_t split = begin + std::bit_floor(end - begin - 1);
  const bool left = begin + leaf < split;
  Path path = left ? PlainInclusion(leaves, leaf, begin, split)
                   : PlainInclusion(leaves, begin + leaf - split, split, end);
  path.push_back(left ? PlainRoot(leaves, split, end) : PlainRoot(leaves, begin, split));
  return path;
}

// §2.1.2: SUBPROOF(old_count, D[begin:end], known).
inline Path PlainConsistency(const std::vector<Hash>& leaves, size_t old_count, size_t begin, size_t end, bool known) {
  if (old_count == end - begin) return known ? Path{} : Path{PlainRoot(leaves, begin, end)};
  const size_t split = begin + std::bit_floor(end - begin - 1);
  const bool left = begin + old_count <= split;
  Path path = left ? PlainConsistency(leaves, old_count, begin, split, known)
                   : PlainConsistency(leaves, begin + old_count - split, split, end, false);
  path.push_back(left ? PlainRoot(leaves, split, end) : PlainRoot(leaves, begin, split));
  return path;
}

// Tiles over leaves, cut here by the plain definition.
class MemoryTiles {
 public:
  explicit MemoryTiles(std::vector<Hash> leaves) {
    levels_.push_back(std::move(leaves));
    while (levels_.back().size() >= kTileHashes) {
      const std::vector<Hash>& below = levels_.back();
      std::vector<Hash> level;
      for (size_t end = kTileHashes; end <= below.size(); end += kTileHashes)
        level.push_back(PlainRoot(below, end - kTileHashes, end));
      levels_.push_back(std::move(level));
    }
  }

  std::string Tile(int level, int64_t index) const {
    std::string bytes;
    if (static_cast<size_t>(level) >= levels_.size()) return bytes;
    const std::vector<Hash>& hashes = levels_[level];
    const auto begin = static_cast<size_t>(index * kTileHashes);
    for (size_t i = begin; i < std::min(begin + kTileHashes, hashes.size()); ++i) bytes += BytesOf(hashes[i]);
    return bytes;
  }
  // Counts what is read in `reads`, if given.
  HashSource Source(int* reads = nullptr) const {
    return [this, reads](int level, int64_t index) -> StatusOr<std::string> {
      if (reads != nullptr) ++*reads;
      return Tile(level, index);
    };
  }

 private:
  std::vector<std::vector<Hash>> levels_;
};

// The inputs that implementations of RFC 6962 share, as leaf hashes.
inline std::vector<Hash> KnownLeaves() {
  const auto bytes = [](std::initializer_list<int> values) { return std::string(values.begin(), values.end()); };
  std::vector<Hash> leaves;
  for (const std::string& record :
       {bytes({}), bytes({0x00}), bytes({0x10}), bytes({0x20, 0x21}), bytes({0x30, 0x31}), bytes({0x40, 0x41, 0x42, 0x43}),
        bytes({0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57}),
        bytes({0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f})})
    leaves.push_back(LeafHash(record));
  return leaves;
}

}  // namespace kefu::merkle
