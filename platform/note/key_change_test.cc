#include "platform/note/key_change.h"

#include <gmock/gmock.h>

#include "platform/note/checkpoint.h"
#include "platform/note/note_testing.h"

namespace kefu::note {
namespace {

using testing::HasSubstr;

std::string WhyNot(const Status& status) { return status.ok() ? "fine" : ToString(status); }

struct Keys {
  Signer before = *Signer::OfSeed("kefu", AnswersOfGo()[0].Seed());
  Signer after = *Signer::OfSeed("branch-7", AnswersOfGo()[1].Seed());
  KeyChange Change() const { return {"kefu/log-1", 12'345, before.verifier(), after.verifier()}; }
};

// Frozen: statements lie in auditors' safes.
TEST(KeyChange, IsTheseFiveLines) {
  const Keys keys;
  const std::string text = *FormatKeyChange(keys.Change());
  EXPECT_EQ(text, fmt::format("kefu/log-1\nkey change\n12345\n{}\n{}\n", AnswersOfGo()[0].verifier_key,
                              keys.after.verifier().Text()));
  const auto read = ParseKeyChange(text);
  ASSERT_TRUE(read.ok()) << ToString(read.status());
  EXPECT_EQ(*read, keys.Change());
}

TEST(KeyChange, IsNoCheckpointAndNoCheckpointIsOne) {
  const Keys keys;
  EXPECT_FALSE(ParseCheckpoint(*FormatKeyChange(keys.Change())).ok());
  EXPECT_FALSE(ParseKeyChange(*FormatCheckpoint({.origin = "kefu/log-1", .size = 12'345, .extensions = {"a", "b"}})).ok());
}

TEST(KeyChange, WhatIsMalformedIsNamedByItsLine) {
  const Keys keys;
  const std::string before = keys.before.verifier().Text(), after = keys.after.verifier().Text();
  const auto why = [&](std::string_view origin, std::string_view words, std::string_view size, std::string_view first,
                       std::string_view second, std::string_view rest = "") {
    return WhyNot(ParseKeyChange(fmt::format("{}\n{}\n{}\n{}\n{}\n{}", origin, words, size, first, second, rest)).status());
  };
  ASSERT_EQ(why("kefu/a", "key change", "0", before, after), "fine");
  EXPECT_THAT(why("kefu a", "key change", "0", before, after), HasSubstr("line 1 (origin)"));
  EXPECT_THAT(why("", "key change", "0", before, after), HasSubstr("line 1 (origin)"));
  EXPECT_THAT(why("kefu/a", "key  change", "0", before, after), HasSubstr("line 2"));
  for (const char* size : {"", "-1", "01", "+1", "1 ", "9223372036854775808", "x"})
    EXPECT_THAT(why("kefu/a", "key change", size, before, after), HasSubstr("line 3 (size)")) << size;
  EXPECT_THAT(why("kefu/a", "key change", "0", "kefu", after), HasSubstr("line 4 (the key before)"));
  EXPECT_THAT(why("kefu/a", "key change", "0", before, after + "A"), HasSubstr("line 5 (the key from here on)"));
  EXPECT_THAT(why("kefu/a", "key change", "0", before, before), HasSubstr("both keys"));
  EXPECT_THAT(why("kefu/a", "key change", "0", before, after, "more\n"), HasSubstr("more than 5 lines"));
  EXPECT_THAT(WhyNot(ParseKeyChange("kefu/a\nkey change\n").status()), HasSubstr("fewer than 5 lines"));
  EXPECT_THAT(WhyNot(ParseKeyChange("").status()), HasSubstr("key change"));
}

TEST(KeyChange, OpensOnlyWithTheSignatureOfTheKeyBefore) {
  const Keys keys;
  const std::string text = *FormatKeyChange(keys.Change());
  const auto opened = OpenKeyChange(*keys.before.Sign(text));
  ASSERT_TRUE(opened.ok()) << ToString(opened.status());
  EXPECT_EQ(*opened, keys.Change());
  EXPECT_THAT(WhyNot(OpenKeyChange(*keys.after.Sign(text)).status()), HasSubstr("by none of the 1 keys"));
  // Another key of the same name.
  EXPECT_FALSE(OpenKeyChange(*Signer::Generate("kefu")->Sign(text)).ok());
  // One byte of it, whichever.
  const std::string note = *keys.before.Sign(text);
  for (size_t at = 0; at < note.size(); ++at) {
    std::string other = note;
    other[at] = static_cast<char>(other[at] ^ 1);
    EXPECT_FALSE(OpenKeyChange(other).ok()) << at;
  }
}

}  // namespace
}  // namespace kefu::note
