#include "projections/tree/reading.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "projections/tree/tree_testing.h"

namespace kefu::tree {
namespace {

TEST(TreeReading, OfAnEmptyTree) {
  MemoryTree tree;
  const Reading reading = tree.Read();
  EXPECT_EQ(reading.size(), 0);
  EXPECT_EQ(reading.next_offset(), Offset(0));
  EXPECT_EQ(*reading.LeavesBefore(Offset(5)), 0);
  EXPECT_EQ(reading.LeafOf(Offset(0)).status().code(), StatusCode::kOutOfRange);
  EXPECT_EQ(reading.OffsetOf(0).status().code(), StatusCode::kOutOfRange);
  EXPECT_EQ(reading.LeafHash(0).status().code(), StatusCode::kOutOfRange);
  EXPECT_EQ(*merkle::Root(0, reading.Hashes()), merkle::EmptyRoot());
}

TEST(TreeReading, WithoutGapsOffsetsAreLeavesAndNothingIsRead) {
  MemoryTree tree;
  for (int64_t i = 0; i < 300; ++i) ASSERT_EQ(tree.Append(i, SomeRecord(i)).kind(), sdk::Outcome::Kind::kApplied);
  int reads = 0;
  const Reading reading = tree.Read(&reads);
  for (int64_t i = 0; i < 300; ++i) {
    EXPECT_EQ(*reading.LeafOf(Offset(i)), i);
    EXPECT_EQ(*reading.OffsetOf(i), Offset(i));
    EXPECT_EQ(*reading.LeavesBefore(Offset(i)), i);
  }
  EXPECT_EQ(reads, 1) << "the size";
  for (int64_t i = 0; i < 300; ++i) EXPECT_EQ(*reading.LeafHash(i), merkle::LeafHash(SomeRecord(i))) << i;
}

TEST(TreeReading, FindsLeavesAndOffsetsAroundGaps) {
  for (const uint64_t seed : {31, 32, 33, 34}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    MemoryTree tree;
    std::vector<int64_t> offsets;
    int64_t offset = seed % 2 == 0 ? 0 : 7;  // as where the log's beginning is gone
    for (int64_t i = 0; i < 600; ++i) {
      ASSERT_EQ(tree.Append(offset, SomeRecord(i)).kind(), sdk::Outcome::Kind::kApplied);
      offsets.push_back(offset);
      offset += random() % 5 == 0 ? 1 + static_cast<int64_t>(random() % 40) : 1;
    }
    const Reading reading = tree.Read();
    EXPECT_EQ(reading.size(), 600);
    EXPECT_EQ(reading.next_offset(), Offset(offsets.back() + 1));
    for (int64_t leaf = 0; leaf < 600; ++leaf) ASSERT_EQ(*reading.OffsetOf(leaf), Offset(offsets[leaf])) << leaf;
    for (int64_t at = -2; at < offsets.back() + 5; ++at) {
      const auto place = std::lower_bound(offsets.begin(), offsets.end(), at);
      ASSERT_EQ(*reading.LeavesBefore(Offset(at)), place - offsets.begin()) << at;
      const auto leaf = reading.LeafOf(Offset(at));
      if (at < 0 || place == offsets.end()) {
        EXPECT_EQ(leaf.status().code(), StatusCode::kOutOfRange) << at;
      } else if (*place == at) {
        ASSERT_EQ(*leaf, place - offsets.begin()) << at;
      } else {
        EXPECT_EQ(leaf.status().code(), StatusCode::kNotFound) << at;
      }
    }
    int reads = 0;
    ASSERT_TRUE(tree.Read(&reads).OffsetOf(300).ok());
    EXPECT_LE(reads, 10) << "one for each doubling of the number of gaps, and the size";
  }
}

TEST(TreeReading, DamagedAndMissingRowsAreSaid) {
  MemoryTree tree;
  for (int64_t i = 0; i < 600; ++i) ASSERT_EQ(tree.Append(2 * i, SomeRecord(i)).kind(), sdk::Outcome::Kind::kApplied);
  const GetRow whole = tree.Get();
  const auto without = [&](std::string_view lost, std::optional<std::string> instead) -> GetRow {
    return [=](std::string_view table, std::string_view key) -> StatusOr<std::optional<std::string>> {
      if (table == lost) return instead;
      return whole(table, key);
    };
  };
  EXPECT_EQ(Reading::Open(without("size", "\xff")).status().code(), StatusCode::kDataLoss);
  for (const std::optional<std::string>& instead : {std::optional<std::string>(), std::optional<std::string>("\xff")}) {
    EXPECT_EQ(Reading::Open(without("gaps", instead))->LeafOf(Offset(8)).status().code(), StatusCode::kDataLoss);
    EXPECT_EQ(Reading::Open(without("tiles", instead))->LeafHash(8).status().code(), StatusCode::kDataLoss);
    EXPECT_EQ(merkle::Root(600, Reading::Open(without("tiles", instead))->Hashes()).status().code(), StatusCode::kDataLoss);
  }
  const GetRow broken = [](std::string_view, std::string_view) -> StatusOr<std::optional<std::string>> {
    return Unavailable("the disk is gone");
  };
  EXPECT_EQ(Reading::Open(broken).status().code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace kefu::tree
