#include "projections/directory/normalise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kefu::directory {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(NormaliseName, SpellingsOfOneNameBecomeOne) {
  EXPECT_EQ(NormaliseName("陳美麗"), NormaliseName("陈美丽"));
  EXPECT_EQ(NormaliseName("王 小明"), "王小明");
  EXPECT_EQ(NormaliseName("ＷＡＮＧ　Xiaoming"), "wang xiaoming");
  EXPECT_EQ(NormaliseName("  López,  Ana-Maria "), "lopez ana maria");
  EXPECT_EQ(NormaliseName("歐陽·娜娜"), NormaliseName("欧阳娜娜"));
  EXPECT_EQ(NormaliseName("Straße"), "strasse");
}

TEST(NormaliseName, TakesAnyBytes) {
  EXPECT_EQ(NormaliseName(""), "");
  EXPECT_EQ(NormaliseName("!?"), "");
  EXPECT_EQ(NormaliseName("a\xff\xfe"
                          "b"),
            "a b");
  EXPECT_EQ(NormaliseName(std::string(100000, 'a')), std::string(128, 'a'));
}

TEST(NameParts, AChineseNameIsFoundFromEachCharacter) {
  EXPECT_THAT(NameParts("王小明"), testing::UnorderedElementsAre("王小明", "小明", "明"));
}

TEST(NameParts, ALatinNameIsFoundFromEachWord) {
  EXPECT_THAT(NameParts("Wang Xiaoming"), ElementsAre("wang xiaoming", "xiaoming"));
  EXPECT_THAT(NameParts("大華ABC Fund"),
              testing::UnorderedElementsAre("大华abc fund", "华abc fund", "abc fund", "fund"));
}

// What is typed is a beginning; its form must be a beginning of the name's form, whatever follows.
TEST(NamePrefix, AnyBeginningOfANameFindsIt) {
  for (const std::string name : {"單于明", "鮮于仲通", "歐陽娜娜", "金崙溪", "乾隆", "Ōta Ken", "大華ABC證券"}) {
    for (size_t size = 1; size <= name.size(); ++size) {
      if (size < name.size() && (static_cast<unsigned char>(name[size]) & 0xC0) == 0x80) continue;
      EXPECT_TRUE(NormaliseName(name).starts_with(NamePrefix(name.substr(0, size)))) << name << " " << size;
    }
  }
}

TEST(NameParts, ALongNameIsCutAndStillFoundByAsLongAPrefix) {
  const std::string name(60, 'a');
  ASSERT_EQ(NameParts(name).size(), 1u);
  EXPECT_EQ(NameParts(name)[0], NamePrefix(name));
  EXPECT_EQ(NamePrefix(name).size(), static_cast<size_t>(kLongestNamePart));
}

TEST(PhoneKeys, NationalAndInternationalFormsMeet) {
  EXPECT_THAT(PhoneKeys("0912-345-678"), ElementsAre("912345678"));
  EXPECT_THAT(PhoneKeys("+886 912 345 678"), ElementsAre("886912345678", "912345678"));
  EXPECT_THAT(PhoneKeys("00886-912345678"), ElementsAre("886912345678", "912345678"));
  EXPECT_THAT(PhoneKeys("０９１２３４５６７８"), ElementsAre("912345678"));
  EXPECT_THAT(PhoneKeys("(02) 2345-6789 轉 12"), ElementsAre("223456789"));
  EXPECT_THAT(PhoneKeys("+1 212 555 0100"), ElementsAre("12125550100"));
}

TEST(PhoneKeys, WhatHasNoDigitsHasNoKeys) {
  EXPECT_THAT(PhoneKeys(""), IsEmpty());
  EXPECT_THAT(PhoneKeys("unknown"), IsEmpty());
  EXPECT_THAT(PhoneKeys("000"), IsEmpty());
  EXPECT_THAT(PhoneKeys("\xff\xff"), IsEmpty());
}

TEST(NormaliseAccount, KeepsLettersAndDigits) {
  EXPECT_EQ(NormaliseAccount("8801-0012 34"), "8801001234");
  EXPECT_EQ(NormaliseAccount("a１２-b"), "A12B");
}

}  // namespace
}  // namespace kefu::directory
