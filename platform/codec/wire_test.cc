#include "platform/codec/wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <vector>

#include "platform/base/hash.h"
#include "platform/codec/wire_list.h"

namespace kefu::codec {
namespace {

using List = WireList<18>;

std::vector<std::string> Payloads(const List& list) {
  std::vector<std::string> payloads;
  for (size_t at = list.begin(); at < list.end(); at = list.At(at).end) payloads.emplace_back(list.At(at).payload);
  return payloads;
}

size_t Place(const List& list, size_t index) {
  size_t at = list.begin();
  while (index-- > 0) at = list.At(at).end;
  return at;
}

TEST(Wire, VarintsComeBackAndTooShortOnesDoNot) {
  for (const uint64_t value : {uint64_t{0}, uint64_t{1}, uint64_t{127}, uint64_t{128}, uint64_t{300},
                               std::numeric_limits<uint64_t>::max()}) {
    std::string bytes;
    AppendVarint(&bytes, value);
    std::string_view rest = bytes;
    uint64_t back = 0;
    ASSERT_TRUE(TakeVarint(&rest, &back));
    EXPECT_EQ(back, value);
    EXPECT_TRUE(rest.empty());
    rest = std::string_view(bytes).substr(0, bytes.size() - 1);
    EXPECT_FALSE(TakeVarint(&rest, &back));
  }
}

// From the encoding guide: field 1 as 150, field 2 as "testing".
TEST(Wire, FieldsAreThoseOfTheEncodingGuide) {
  std::string bytes;
  AppendVarintField(&bytes, 1, 150);
  AppendTextField(&bytes, 2, "testing");
  AppendVarintField(&bytes, 3, 0);
  AppendTextField(&bytes, 4, "");
  EXPECT_EQ(Hex(bytes), "089601120774657374696e67");
  std::string_view rest = bytes;
  Field field;
  ASSERT_TRUE(TakeField(&rest, &field));
  EXPECT_EQ(field.number, 1);
  EXPECT_EQ(field.value, 150u);
  ASSERT_TRUE(TakeField(&rest, &field));
  EXPECT_EQ(field.payload, "testing");
  EXPECT_EQ(field.whole.size(), 9u);
  EXPECT_FALSE(TakeField(&rest, &field));
  EXPECT_TRUE(rest.empty());
}

TEST(Wire, AFieldThatIsCutOffOrOfAnotherTypeIsNone) {
  for (const std::string_view bad : {std::string_view("\x12\x07test", 6), std::string_view("\x08", 1),
                                     std::string_view("\x09\x01\x02\x03\x04\x05\x06\x07\x08", 9)}) {
    std::string_view rest = bad;
    Field field;
    EXPECT_FALSE(TakeField(&rest, &field)) << Hex(bad);
    EXPECT_FALSE(rest.empty());
  }
}

TEST(WireListProperty, HoldsWhatAListOfTextsHolds) {
  std::mt19937_64 random(7);
  List list;
  std::vector<std::string> plain;
  for (int i = 0; i < 5000; ++i) {
    std::string text(random() % 300, static_cast<char>('a' + random() % 26));
    const size_t index = plain.empty() ? 0 : random() % plain.size();
    switch (random() % 4) {
      case 0:
        list.Insert(Place(list, index), text);
        plain.insert(plain.begin() + static_cast<std::ptrdiff_t>(index), text);
        break;
      case 1:
        list.Append(text);
        plain.push_back(text);
        break;
      case 2:
        if (plain.empty()) break;
        list.Replace(list.At(Place(list, index)), text);
        plain[index] = text;
        break;
      default:
        if (plain.size() < 20) break;
        list.Erase(list.At(Place(list, index)));
        plain.erase(plain.begin() + static_cast<std::ptrdiff_t>(index));
    }
    ASSERT_EQ(list.size(), static_cast<int>(plain.size()));
  }
  EXPECT_EQ(Payloads(list), plain);
}

}  // namespace
}  // namespace kefu::codec
