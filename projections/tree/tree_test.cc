#include "projections/tree/tree.h"

#include <gtest/gtest.h>

#include <random>

#include "platform/merkle/merkle_testing.h"
#include "platform/merkle/verify.h"
#include "platform/testkit/client_events.h"
#include "platform/testkit/golden.h"
#include "platform/testkit/history.h"
#include "platform/testkit/projection_driver.h"
#include "projections/tree/tree_testing.h"

namespace kefu::tree {
namespace {

using namespace testkit;
using merkle::Hash;

constexpr auto kApplied = sdk::Outcome::Kind::kApplied;

TEST(Tree, RefusedAndDoubledEventsAreLeavesToo) {
  ProjectionDriver<TreeView> test;
  test.Given(Opened("K-1").Id("x").AtMinute(1));
  test.When(Opened("K-1").Id("x").AtMinute(1), Closed("K-1")).Then(Duplicate(), Refused("case_not_resolved"));
  const auto* size = test.Row<Sizes>(0);
  ASSERT_NE(size, nullptr);
  EXPECT_EQ(size->leaves(), 3);
  EXPECT_EQ(size->last_offset(), test.last().offset.value());
  std::string hashes;
  for (const Delivery& delivery : test.deliveries()) hashes += merkle::BytesOf(merkle::LeafHash(delivery.bytes));
  EXPECT_EQ(size->open(), hashes);
}

TEST(Tree, GoldenDump) {
  ProjectionDriver<TreeView> test;
  test.Play(RandomHistory({.seed = 3, .clients = 4, .events = 20}));
  ExpectGolden("projections/tree/golden/tree.txt", test.Dump());
}

TEST(Tree, AHistoryOfSomeTilesIsTheSameHoweverItIsFolded) {
  ProjectionDriver<TreeView> test;
  test.Play(RandomHistory({.seed = 4, .clients = 9, .events = 700}));
  EXPECT_EQ(test.run().view().RawRows("tiles").size(), 3u) << "two of leaves, one above them";
  EXPECT_EQ(test.Row<Sizes>(0)->leaves(), 700);
}

TEST(Tree, OffsetsThatFollowOneAnotherLeaveNoGaps) {
  MemoryTree tree;
  for (int64_t i = 0; i < 5; ++i) ASSERT_EQ(tree.Append(i, SomeRecord(i)).kind(), kApplied);
  EXPECT_TRUE(tree.stage().Rows("gaps").empty());
  ASSERT_EQ(tree.Append(9, SomeRecord(5)).kind(), kApplied);
  ASSERT_EQ(tree.Append(10, SomeRecord(6)).kind(), kApplied);
  const auto rows = tree.stage().Rows("gaps");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].second->ShortDebugString(), "offset: 9 leaf: 5");
}

TEST(TreeProperty, OneTo2000RecordsHaveTheRootOfTheDefinition) {
  MemoryTree tree;
  std::vector<Hash> leaves;
  for (int64_t i = 0; i < 2'000; ++i) {
    ASSERT_EQ(tree.Append(i, SomeRecord(i)).kind(), kApplied);
    leaves.push_back(merkle::LeafHash(SomeRecord(i)));
    const auto root = merkle::Root(i + 1, tree.Read().Hashes());
    ASSERT_TRUE(root.ok()) << ToString(root.status());
    ASSERT_EQ(*root, merkle::PlainRoot(leaves, 0, leaves.size())) << i + 1 << " leaves";
  }
}

// Two full levels of tiles, and what begins behind them. Earlier sizes are asked of the later tree, as of a checkpoint.
TEST(TreeProperty, ProofsOfALargeTreeHold) {
  constexpr int64_t kLeaves = 65'536 + 300;
  MemoryTree tree;
  std::vector<Hash> leaves;
  for (int64_t i = 0; i < kLeaves; ++i) {
    ASSERT_EQ(tree.Append(i, SomeRecord(i)).kind(), kApplied);
    leaves.push_back(merkle::LeafHash(SomeRecord(i)));
  }
  const Reading reading = tree.Read();
  const uint64_t seed = 17;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  std::vector<int64_t> sizes = {1, 255, 256, 257, 65'535, 65'536, 65'537, kLeaves};
  while (sizes.size() < 20) sizes.push_back(1 + static_cast<int64_t>(random() % kLeaves));
  for (const int64_t size : sizes) {
    const Hash root = *merkle::Root(size, reading.Hashes());
    ASSERT_EQ(root, merkle::PlainRoot(leaves, 0, static_cast<size_t>(size))) << size;
    const auto leaf = static_cast<int64_t>(random() % static_cast<uint64_t>(size));
    const auto path = merkle::InclusionPath(leaf, size, reading.Hashes());
    ASSERT_TRUE(path.ok()) << ToString(path.status());
    EXPECT_EQ(merkle::VerifyInclusion(leaves[leaf], leaf, size, *path, root), OkStatus()) << leaf << " of " << size;
    const auto growth = merkle::ConsistencyPath(size, kLeaves, reading.Hashes());
    ASSERT_TRUE(growth.ok()) << ToString(growth.status());
    EXPECT_EQ(merkle::VerifyConsistency(size, root, kLeaves, *merkle::Root(kLeaves, reading.Hashes()), *growth), OkStatus());
  }
}

// One changed record anywhere gives another root: the control of all of the above.
TEST(TreeProperty, AnyOtherByteGivesAnotherRoot) {
  const auto root_with = [](int64_t changed) {
    MemoryTree tree;
    for (int64_t i = 0; i < 600; ++i)
      EXPECT_EQ(tree.Append(i, i == changed ? "another" : SomeRecord(i)).kind(), kApplied);
    return *merkle::Root(600, tree.Read().Hashes());
  };
  const Hash root = root_with(-1);
  EXPECT_EQ(root, root_with(-1));
  for (const int64_t changed : {0, 255, 256, 511, 512, 599}) EXPECT_NE(root, root_with(changed)) << changed;
}

TEST(Tree, ATileThatIsNotAsLongAsItMustBeParksTheRecord) {
  MemoryTree tree;
  for (int64_t i = 0; i < 511; ++i) ASSERT_EQ(tree.Append(i, SomeRecord(i)).kind(), kApplied);
  tree.stage().PutRaw(Tiles::kId, Tiles::Key::Encode(1, 0), "");
  const sdk::Outcome outcome = tree.Append(511, SomeRecord(511));
  EXPECT_EQ(outcome.kind(), sdk::Outcome::Kind::kParked);
  EXPECT_EQ(outcome.reason(), "tile_damaged");
}

}  // namespace
}  // namespace kefu::tree
