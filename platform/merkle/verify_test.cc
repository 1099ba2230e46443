#include "platform/merkle/verify.h"

#include <gtest/gtest.h>

#include <random>

#include "platform/merkle/merkle_testing.h"

namespace kefu::merkle {
namespace {

constexpr StatusCode kRefused = StatusCode::kInvalidArgument;

TEST(MerkleVerify, TakesTheProofOfEveryLeafOfEveryTreeUpTo300) {
  const std::vector<Hash> leaves = SomeLeaves(300);
  const MemoryTiles tiles(leaves);
  for (int64_t size = 1; size <= 300; ++size) {
    const Hash root = *Root(size, tiles.Source());
    // Every leaf of small trees and of those around a whole tile; of the others every seventh.
    const int64_t step = size <= 64 || (size >= 254 && size <= 258) ? 1 : 7;
    for (int64_t leaf = 0; leaf < size; leaf += step) {
      const Path path = *InclusionPath(leaf, size, tiles.Source());
      ASSERT_EQ(VerifyInclusion(leaves[leaf], leaf, size, path, root), OkStatus()) << "leaf " << leaf << " of " << size;
      ASSERT_EQ(*RootFromInclusion(leaves[leaf], leaf, size, path), root);
    }
    for (int64_t old_size = 0; old_size <= size; old_size += step) {
      const Path path = *ConsistencyPath(old_size, size, tiles.Source());
      ASSERT_EQ(VerifyConsistency(old_size, *Root(old_size, tiles.Source()), size, root, path), OkStatus())
          << old_size << " in " << size;
    }
  }
}

// One thing is changed at a time; each must be refused. Sizes and leaves that lead to the same arithmetic do not count:
// the proof of a leaf at the right edge says nothing of how the tree is numbered beyond its path.
TEST(MerkleVerify, RefusesEveryProofOfAnotherLeafOrRootOrWithAnotherHash) {
  const uint64_t seed = 71;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  const std::vector<Hash> leaves = SomeLeaves(700);
  const MemoryTiles tiles(leaves);
  const auto flip = [&](Hash hash) {
    hash[random() % kHashBytes] ^= static_cast<uint8_t>(1 << random() % 8);
    return hash;
  };
  for (int round = 0; round < 400; ++round) {
    const auto size = static_cast<int64_t>(2 + random() % 699);
    const auto leaf = static_cast<int64_t>(random() % static_cast<uint64_t>(size));
    const Hash root = *Root(size, tiles.Source());
    const Path path = *InclusionPath(leaf, size, tiles.Source());
    SCOPED_TRACE(testing::Message() << "leaf " << leaf << " of " << size);
    ASSERT_EQ(VerifyInclusion(leaves[leaf], leaf, size, path, root), OkStatus());
    const auto refused = [&](const Hash& hash, int64_t at, const Path& changed, const Hash& to) {
      EXPECT_EQ(VerifyInclusion(hash, at, size, changed, to).code(), kRefused);
    };
    refused(flip(leaves[leaf]), leaf, path, root);
    refused(leaves[leaf], leaf, path, flip(root));
    refused(leaves[(leaf + 1) % size], leaf, path, root);
    refused(leaves[leaf], (leaf + 1) % size, path, root);
    refused(leaves[leaf], -1, path, root);
    refused(leaves[leaf], size, path, root);
    Path changed = path;
    Hash& one = changed[random() % changed.size()];
    one = flip(one);
    refused(leaves[leaf], leaf, changed, root);
    changed = path;
    changed.pop_back();
    refused(leaves[leaf], leaf, changed, root);
    changed = path;
    changed.insert(changed.begin() + static_cast<std::ptrdiff_t>(random() % (path.size() + 1)), leaves[0]);
    refused(leaves[leaf], leaf, changed, root);
    if (path.size() > 1) {
      changed = path;
      std::swap(changed[0], changed[1]);
      refused(leaves[leaf], leaf, changed, root);
    }
  }
}

TEST(MerkleVerify, RefusesEveryConsistencyOfAnotherPastOrWithAnotherHash) {
  const uint64_t seed = 72;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  const std::vector<Hash> leaves = SomeLeaves(700);
  const MemoryTiles tiles(leaves);
  for (int round = 0; round < 400; ++round) {
    const auto size = static_cast<int64_t>(2 + random() % 699);
    const auto old_size = static_cast<int64_t>(1 + random() % static_cast<uint64_t>(size - 1));
    const Hash root = *Root(size, tiles.Source()), old_root = *Root(old_size, tiles.Source());
    const Path path = *ConsistencyPath(old_size, size, tiles.Source());
    SCOPED_TRACE(testing::Message() << old_size << " in " << size);
    ASSERT_EQ(VerifyConsistency(old_size, old_root, size, root, path), OkStatus());
    // The same log with one record replaced: its old root is another, or the new one is.
    std::vector<Hash> forged = leaves;
    forged[random() % static_cast<uint64_t>(old_size)] = LeafHash("forged");
    EXPECT_EQ(VerifyConsistency(old_size, PlainRoot(forged, 0, old_size), size, root, path).code(), kRefused);
    EXPECT_EQ(VerifyConsistency(old_size, old_root, size, PlainRoot(forged, 0, size), path).code(), kRefused);
    // And its own proof does not help.
    const MemoryTiles of_forged(forged);
    EXPECT_EQ(VerifyConsistency(old_size, old_root, size, PlainRoot(forged, 0, size),
                                *ConsistencyPath(old_size, size, of_forged.Source()))
                  .code(),
              kRefused);
    Path changed = path;
    Hash& one = changed[random() % changed.size()];
    one[0] ^= 1;
    EXPECT_EQ(VerifyConsistency(old_size, old_root, size, root, changed).code(), kRefused);
    changed = path;
    changed.pop_back();
    EXPECT_EQ(VerifyConsistency(old_size, old_root, size, root, changed).code(), kRefused);
    changed = path;
    changed.push_back(leaves[0]);
    EXPECT_EQ(VerifyConsistency(old_size, old_root, size, root, changed).code(), kRefused);
    EXPECT_EQ(VerifyConsistency(size, root, old_size, old_root, path).code(), kRefused);
  }
}

// A control: without looking at the old root, a rewritten past goes through.
TEST(MerkleVerify, TheNewRootAloneDoesNotShowThatThePastWasRewritten) {
  std::vector<Hash> leaves = SomeLeaves(100);
  const Hash old_root = PlainRoot(leaves, 0, 60);
  leaves[3] = LeafHash("forged");
  const MemoryTiles tiles(leaves);
  const Path path = *ConsistencyPath(60, 100, tiles.Source());
  const Hash forged_old = PlainRoot(leaves, 0, 60), forged_new = PlainRoot(leaves, 0, 100);
  EXPECT_EQ(VerifyConsistency(60, forged_old, 100, forged_new, path), OkStatus());
  EXPECT_EQ(VerifyConsistency(60, old_root, 100, forged_new, path).code(), kRefused);
}

TEST(MerkleVerify, LooksAtTheRootsWhereThereIsNothingToProve) {
  const Hash root = LeafHash("a"), other = LeafHash("b");
  EXPECT_EQ(VerifyConsistency(1, root, 1, root, {}), OkStatus());
  EXPECT_EQ(VerifyConsistency(1, root, 1, other, {}).code(), kRefused);
  EXPECT_EQ(VerifyConsistency(1, root, 1, root, {other}).code(), kRefused);
  EXPECT_EQ(VerifyConsistency(0, EmptyRoot(), 1, root, {}), OkStatus());
  EXPECT_EQ(VerifyConsistency(0, other, 1, root, {}).code(), kRefused);
  EXPECT_EQ(VerifyConsistency(0, EmptyRoot(), 0, EmptyRoot(), {}), OkStatus());
  EXPECT_EQ(VerifyConsistency(0, EmptyRoot(), 0, root, {}).code(), kRefused);
  EXPECT_EQ(VerifyConsistency(3, root, 4, other, {}).code(), kRefused);
  EXPECT_EQ(VerifyConsistency(2, root, 4, other, {}).code(), kRefused);
  EXPECT_EQ(VerifyConsistency(-1, root, 4, other, {}).code(), kRefused);
}

}  // namespace
}  // namespace kefu::merkle
