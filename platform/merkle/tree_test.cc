#include "platform/merkle/tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "platform/merkle/merkle_testing.h"

namespace kefu::merkle {
namespace {

std::vector<std::string> Hexes(const Path& path) {
  std::vector<std::string> texts;
  for (const Hash& hash : path) texts.push_back(Hex(hash));
  return texts;
}

TEST(MerkleTree, GivesTheProofsThatImplementationsShare) {
  const MemoryTiles tiles(KnownLeaves());
  EXPECT_THAT(Hexes(*InclusionPath(0, 8, tiles.Source())),
              testing::ElementsAre("96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                                   "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                                   "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"));
  EXPECT_THAT(Hexes(*InclusionPath(5, 8, tiles.Source())),
              testing::ElementsAre("bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                                   "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                                   "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"));
  EXPECT_THAT(Hexes(*ConsistencyPath(6, 8, tiles.Source())),
              testing::ElementsAre("0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                                   "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                                   "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"));
}

TEST(MerkleTree, RootsAreThoseOfTheDefinition) {
  const std::vector<Hash> leaves = SomeLeaves(1'100);
  const MemoryTiles tiles(leaves);
  for (int64_t size = 0; size <= 1'100; ++size)
    ASSERT_EQ(*Root(size, tiles.Source()), PlainRoot(leaves, 0, static_cast<size_t>(size))) << size << " leaves";
}

TEST(MerkleTree, InclusionOfEveryLeafOfEverySmallTreeIsTheDefinitions) {
  const std::vector<Hash> leaves = SomeLeaves(70);
  const MemoryTiles tiles(leaves);
  for (size_t size = 1; size <= leaves.size(); ++size)
    for (size_t leaf = 0; leaf < size; ++leaf)
      ASSERT_EQ(*InclusionPath(static_cast<int64_t>(leaf), static_cast<int64_t>(size), tiles.Source()),
                PlainInclusion(leaves, leaf, 0, size))
          << "leaf " << leaf << " of " << size;
}

TEST(MerkleTree, ConsistencyOfEveryPairOfSmallTreesIsTheDefinitions) {
  const std::vector<Hash> leaves = SomeLeaves(70);
  const MemoryTiles tiles(leaves);
  for (size_t size = 1; size <= leaves.size(); ++size)
    for (size_t old_size = 1; old_size <= size; ++old_size)
      ASSERT_EQ(*ConsistencyPath(static_cast<int64_t>(old_size), static_cast<int64_t>(size), tiles.Source()),
                PlainConsistency(leaves, old_size, 0, size, true))
          << old_size << " in " << size;
}

// Sizes around whole tiles of the first three levels, and random ones between.
TEST(MerkleTree, LargeTreesAreThoseOfTheDefinition) {
  const std::vector<Hash> leaves = SomeLeaves(66'600);
  const MemoryTiles tiles(leaves);
  const uint64_t seed = 20'261;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  std::vector<size_t> sizes = {255, 256, 257, 511, 512, 513, 65'279, 65'280, 65'535, 65'536, 65'537, 65'792, 66'600};
  while (sizes.size() < 20) sizes.push_back(300 + random() % (leaves.size() - 300));
  for (const size_t size : sizes) {
    ASSERT_EQ(*Root(static_cast<int64_t>(size), tiles.Source()), PlainRoot(leaves, 0, size)) << size;
    for (const size_t leaf : {size_t{0}, size - 1, random() % size}) {
      int reads = 0;
      const auto path = InclusionPath(static_cast<int64_t>(leaf), static_cast<int64_t>(size), tiles.Source(&reads));
      ASSERT_EQ(*path, PlainInclusion(leaves, leaf, 0, size)) << "leaf " << leaf << " of " << size;
      EXPECT_LE(reads, 6) << "leaf " << leaf << " of " << size;
    }
    for (const size_t old_size : {size_t{1}, size_t{256}, size - 1, 1 + random() % size}) {
      if (old_size > size) continue;
      const auto path = ConsistencyPath(static_cast<int64_t>(old_size), static_cast<int64_t>(size), tiles.Source());
      ASSERT_EQ(*path, PlainConsistency(leaves, old_size, 0, size, true)) << old_size << " in " << size;
    }
  }
}

TEST(MerkleTree, WhatCannotBeAskedIsRefused) {
  const MemoryTiles tiles(SomeLeaves(10));
  EXPECT_EQ(Root(-1, tiles.Source()).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(InclusionPath(10, 10, tiles.Source()).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(InclusionPath(-1, 10, tiles.Source()).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(InclusionPath(0, 0, tiles.Source()).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(ConsistencyPath(11, 10, tiles.Source()).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(ConsistencyPath(-1, 10, tiles.Source()).status().code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(ConsistencyPath(0, 10, tiles.Source())->empty());
  EXPECT_TRUE(ConsistencyPath(10, 10, tiles.Source())->empty());
}

TEST(MerkleTree, TilesThatLackHashesOrCannotBeReadAreSaid) {
  const MemoryTiles tiles(SomeLeaves(10));
  EXPECT_EQ(Root(11, tiles.Source()).status().code(), StatusCode::kDataLoss);
  const HashSource torn = [&](int level, int64_t index) -> StatusOr<std::string> {
    return tiles.Tile(level, index).substr(1);
  };
  EXPECT_EQ(Root(9, torn).status().code(), StatusCode::kDataLoss);
  const HashSource broken = [](int, int64_t) -> StatusOr<std::string> { return Unavailable("the disk is gone"); };
  EXPECT_EQ(InclusionPath(1, 9, broken).status().code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace kefu::merkle
