#include "platform/unicode/fold.h"

#include <gtest/gtest.h>
#include <unicode/utf8.h>

namespace kefu::unicode {
namespace {

std::string Folded(std::string_view text) {
  std::string folded;
  const icu::UnicodeString characters = FromUtf8(text);
  for (int32_t i = 0; i < characters.length(); i = characters.moveIndex32(i, 1))
    AppendFolded(characters.char32At(i), &folded);
  return folded;
}

TEST(Fold, SpellingsBecomeOne) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"投訴", "投诉"},   {"開戶", "开户"},
      {"帳賬", "帐账"},   {"ＷＡＮＧ　１２", "wang 12"},
      {"López", "lopez"}, {"Straße", "strasse"},
      {"ﬁne", "fine"},    {"Ａ股", "a股"},
      {"ﾄﾖﾀ", "トヨタ"},  {"😀", "😀"},
  };
  for (const auto& [text, form] : cases) EXPECT_EQ(Folded(text), form) << text;
}

TEST(Fold, CharacterByCharacterGivesWhatWholeTextsGive) {
  for (const std::string_view text : {"王小明 LÓPEZ", "單于", "乾隆通寶 Ⅳ", "한국 ｶﾅ", "x²"})
    EXPECT_EQ(Folded(text), ToUtf8(Simplify(FoldCase(FromUtf8(text))))) << text;
}

TEST(Fold, MarksAreDropped) { EXPECT_EQ(Folded("e\xCC\x81"), "e"); }

TEST(Fold, BrokenBytesBecomeTheReplacementCharacter) {
  EXPECT_EQ(ToUtf8(FromUtf8("a\xFF")), "a\xEF\xBF\xBD");
  EXPECT_EQ(ToUtf8(FromUtf8("")), "");
}

TEST(IsOfWord, TakesLettersDigitsAndTheirMarks) {
  for (const UChar32 c : {U'a', U'9', U'投', U'é', U'１', U'\u0301'}) EXPECT_TRUE(IsOfWord(c)) << c;
  for (const UChar32 c : {U' ', U',', U'，', U'$', U'\u200B', U'😀'}) EXPECT_FALSE(IsOfWord(c)) << c;
}

}  // namespace
}  // namespace kefu::unicode
