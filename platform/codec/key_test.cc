#include "platform/codec/key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <tuple>

#include "platform/base/hash.h"

namespace kefu::codec {
namespace {

// These bytes are on disks. If this test fails, existing stores can no longer be read: add a new kind of part instead.
TEST(Key, BytesAreFrozen) {
  EXPECT_EQ(Hex(Key("C-1")), "432d310001");
  EXPECT_EQ(Hex(Key(std::string("a\0b", 3))), "6100ff620001");
  EXPECT_EQ(Hex(Key(int64_t{1})), "8000000000000001");
  EXPECT_EQ(Hex(Key(int64_t{-1})), "7fffffffffffffff");
  EXPECT_EQ(Hex(Key(int32_t{7})), "80000007");
  EXPECT_EQ(Hex(Key(absl::FromUnixMicros(1))), "8000000000000001");
}

TEST(Key, SortsAsItsPartsDo) {
  const uint32_t seed = 20260301;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  const auto text = [&] {
    std::string value(random() % 4, ' ');
    for (char& c : value) c = static_cast<char>(std::array<int, 5>{0, 1, 'a', 'b', 255}[random() % 5]);
    return value;
  };
  using Parts = std::tuple<std::string, int64_t, std::string>;
  std::vector<Parts> all;
  for (int i = 0; i < 2000; ++i) all.emplace_back(text(), static_cast<int64_t>(random() % 5) - 2, text());
  const auto unsigned_less = [](const std::string& a, const std::string& b) {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                        [](char x, char y) { return uint8_t(x) < uint8_t(y); });
  };
  for (size_t i = 1; i < all.size(); ++i) {
    const auto& [a1, a2, a3] = all[i - 1];
    const auto& [b1, b2, b3] = all[i];
    const bool parts_less = a1 != b1 ? unsigned_less(a1, b1) : a2 != b2 ? a2 < b2 : unsigned_less(a3, b3);
    ASSERT_EQ(unsigned_less(Key(a1, a2, a3), Key(b1, b2, b3)), parts_less);

    std::string key = Key(a1, a2, a3);
    std::string_view rest = key;
    std::string back1, back3;
    int64_t back2;
    ASSERT_TRUE(TakePart(rest, &back1) && TakePart(rest, &back2) && TakePart(rest, &back3));
    ASSERT_TRUE(rest.empty());
    ASSERT_EQ(std::tie(back1, back2, back3), all[i - 1]);
  }
}

TEST(Key, TheOpenPrefixFindsLongerTexts) {
  const std::string prefix = OpenTextPrefix("王");
  EXPECT_TRUE(Key("王小明", "C-1").starts_with(prefix));
  EXPECT_LT(Key("王小明"), PrefixEnd(prefix));
  EXPECT_FALSE(Key("李").starts_with(prefix));
  EXPECT_EQ(PrefixEnd("\xff\xff"), "");
}

TEST(Key, BrokenBytesAreSaidToBeBroken) {
  for (const std::string& bytes : {std::string(""), std::string("a"), std::string("a\0", 2), std::string("a\0b", 3)}) {
    std::string_view rest = bytes;
    std::string text;
    EXPECT_FALSE(TakePart(rest, &text)) << Hex(bytes);
  }
  using ClientAndTime = KeyOf<std::string, absl::Time>;
  EXPECT_THAT(ClientAndTime::Describe("xyz"), testing::ElementsAre("?78797a", "?"));
  EXPECT_THAT(ClientAndTime::Describe(ClientAndTime::Encode("C-1", absl::UnixEpoch())),
              testing::ElementsAre("C-1", "1970-01-01T00:00:00Z"));
}

}  // namespace
}  // namespace kefu::codec
