#include "projections/tree/size_row.h"

#include <gtest/gtest.h>

#include <random>

#include "platform/base/hash.h"
#include "platform/merkle/hash.h"

namespace kefu::tree {
namespace {

std::string BytesOf(const SizeRow& row) {
  std::string bytes;
  row.AppendTo(&bytes);
  return bytes;
}

TEST(SizeRow, ItsBytesAreThoseOfTheMessage) {
  const uint64_t seed = 11;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 200; ++round) {
    Size message;
    if (round > 0) message.set_leaves(static_cast<int64_t>(random() >> (1 + random() % 62)));
    message.set_last_offset(static_cast<int64_t>(random() >> (1 + random() % 62)));
    message.set_gaps(static_cast<int64_t>(random() % 3));
    for (int64_t i = 0; i < message.leaves() % 256; ++i)
      message.mutable_open()->append(merkle::BytesOf(Sha256(std::to_string(random()))));
    SizeRow row;
    ASSERT_TRUE(row.Parse(message.SerializeAsString()));
    EXPECT_EQ(row.leaves, message.leaves());
    EXPECT_EQ(row.last_offset, message.last_offset());
    EXPECT_EQ(row.gaps, message.gaps());
    EXPECT_EQ(row.open, message.open());
    EXPECT_EQ(BytesOf(row), message.SerializeAsString());
  }
}

TEST(SizeRow, OtherBytesAreNone) {
  SizeRow row;
  EXPECT_TRUE(row.Parse(""));
  EXPECT_EQ(row.leaves, 0);
  Size message;
  message.set_leaves(2);
  message.set_open(std::string(64, 'x'));
  const std::string good = message.SerializeAsString();
  EXPECT_TRUE(row.Parse(good));
  EXPECT_FALSE(row.Parse(good.substr(0, good.size() - 1)));
  EXPECT_FALSE(row.Parse(good + "x"));
  message.set_open(std::string(96, 'x'));
  EXPECT_FALSE(row.Parse(message.SerializeAsString())) << "more hashes than leaves behind the last full tile";
  message.set_open(std::string(32, 'x'));
  EXPECT_FALSE(row.Parse(message.SerializeAsString())) << "fewer";
}

}  // namespace
}  // namespace kefu::tree
