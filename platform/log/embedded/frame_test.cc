#include "platform/log/embedded/frame.h"

#include <gtest/gtest.h>

#include "platform/base/hash.h"

namespace kefu::log {
namespace {

// These bytes are on disks: if this fails, existing logs can no longer be read.
TEST(Frame, BytesAreFrozen) {
  const std::string key = RecordKey(1, Partition(2), Offset(3));
  EXPECT_EQ(Hex(key), "80000001800000028000000000000003");
  EXPECT_EQ(Hex(EncodeRecord(key, "C-1", "value")), Hex(EncodeRecord(key, "C-1", "value")).substr(0, 8) + "03432d3176616c7565");
  const Head head{7, {{{1, 2}, 3}}};
  EXPECT_EQ(Hex(head.Encode(36)).substr(8), "8000000000000007800000000000000180000001800000028000000000000003");
}

TEST(Frame, ARecordAtAnotherPlaceIsDamaged) {
  const std::string key = RecordKey(1, Partition(2), Offset(3));
  const std::string stored = EncodeRecord(key, "C-1", "value");
  const auto back = DecodeRecord(key, stored);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->key, "C-1");
  EXPECT_EQ(back->value, "value");
  EXPECT_FALSE(DecodeRecord(RecordKey(1, Partition(2), Offset(4)), stored).has_value());
  for (size_t bit = 0; bit < stored.size() * 8; ++bit) {
    std::string hurt = stored;
    hurt[bit / 8] = static_cast<char>(hurt[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(DecodeRecord(key, hurt).has_value()) << bit;
  }
}

TEST(Frame, AHeadWithAnyBitFlippedIsNone) {
  const std::string slot = Head{1, {{{0, 0}, 5}}}.Encode(64);
  EXPECT_EQ(Head::Decode(slot)->ends.at({0, 0}), 5);
  for (size_t bit = 0; bit < slot.size() * 8; ++bit) {
    std::string hurt = slot;
    hurt[bit / 8] = static_cast<char>(hurt[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(Head::Decode(hurt).has_value()) << bit;
  }
}

}  // namespace
}  // namespace kefu::log
