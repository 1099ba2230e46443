#include "platform/note/checkpoint.h"

#include <gmock/gmock.h>

#include <limits>

#include "platform/note/note_testing.h"

namespace kefu::note {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kRoot = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

std::string WhyNot(std::string_view text) {
  const auto checkpoint = ParseCheckpoint(text);
  return checkpoint.ok() ? "read" : std::string(MessageOf(checkpoint.status()));
}

TEST(Checkpoint, IsReadAndWritten) {
  const std::string text = AnswersOfGo()[2].text;
  const auto read = ParseCheckpoint(text);
  ASSERT_TRUE(read.ok()) << ToString(read.status());
  EXPECT_EQ(read->origin, "kefu/log-1");
  EXPECT_EQ(read->size, 123'456'789'012);
  for (size_t i = 0; i < read->root.size(); ++i) EXPECT_EQ(read->root[i], i);
  EXPECT_THAT(read->extensions, ElementsAre("partitions 8"));
  EXPECT_EQ(*FormatCheckpoint(*read), text);
  EXPECT_EQ(ParseCheckpoint(AnswersOfGo()[0].text)->size, 7);
  EXPECT_EQ(ParseCheckpoint(fmt::format("a\n{}\n{}\n", std::numeric_limits<int64_t>::max(), kRoot))->size,
            std::numeric_limits<int64_t>::max());
}

TEST(Checkpoint, EverythingMalformedIsNamed) {
  const auto why = [](std::string_view origin, std::string_view size, std::string_view root, std::string_view rest = "") {
    return WhyNot(fmt::format("{}\n{}\n{}\n{}", origin, size, root, rest));
  };
  ASSERT_EQ(why("a", "1", kRoot), "read");
  EXPECT_THAT(WhyNot(""), HasSubstr("newline"));
  EXPECT_THAT(WhyNot("a\n"), HasSubstr("fewer than 3 lines"));
  EXPECT_THAT(WhyNot("a\n1\n"), HasSubstr("fewer than 3 lines"));
  EXPECT_THAT(why("", "1", kRoot), HasSubstr("line 1 (origin)"));
  EXPECT_THAT(why("a b", "1", kRoot), HasSubstr("line 1 (origin)"));
  EXPECT_THAT(why("a+b", "1", kRoot), HasSubstr("line 1 (origin)"));
  for (const std::string_view size : {"", "-1", "-0", "+1", "01", "00", "1 ", " 1", "1.0", "0x1", "1e3", "９", "1,000",
                                      "9223372036854775808", "99999999999999999999999"})
    EXPECT_THAT(why("a", size, kRoot), HasSubstr("line 2 (size)")) << size;
  EXPECT_EQ(why("a", "0", kRoot), "read");
  for (const std::string_view root : {"", "AAAA", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
                                      "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=",
                                      "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gIQ==",
                                      "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= "})
    EXPECT_THAT(why("a", "1", root), HasSubstr("line 3 (root)")) << root;
  EXPECT_EQ(why("a", "1", kRoot, "x\ny z\n"), "read");
  EXPECT_THAT(why("a", "1", kRoot, "x\n\ny\n"), HasSubstr("line 5 is empty"));
  EXPECT_THAT(why("a", "1", kRoot, "\n"), HasSubstr("line 4 is empty"));
  EXPECT_THAT(why("a", "1", kRoot, "x"), HasSubstr("newline"));
}

TEST(Checkpoint, WhatWouldBeReadAsSomethingElseIsNotWritten) {
  EXPECT_TRUE(FormatCheckpoint({.origin = "a"}).ok());
  EXPECT_FALSE(FormatCheckpoint({.origin = ""}).ok());
  EXPECT_FALSE(FormatCheckpoint({.origin = "a\n5"}).ok());
  EXPECT_FALSE(FormatCheckpoint({.origin = "a", .size = -1}).ok());
  EXPECT_FALSE(FormatCheckpoint({.origin = "a", .extensions = {""}}).ok());
  EXPECT_FALSE(FormatCheckpoint({.origin = "a", .extensions = {"x\ny"}}).ok());
}

TEST(Checkpoint, OriginsNameTheLogAndThePartition) {
  EXPECT_EQ(OriginOf("0190b3c8-7a1e"), "kefu/0190b3c8-7a1e");
  EXPECT_EQ(OriginOf("my cluster+1/kefu.events", Partition(12)), "kefu/my-cluster-1/kefu.events/12");
}

}  // namespace
}  // namespace kefu::note
