#include "projections/text/words.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kefu::text {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// "form" of a word, "·form" of a character, "+form" of one that stands right behind another.
std::vector<std::string> Cut(std::string_view text, size_t most = 1000) {
  std::vector<std::string> units;
  for (const Unit& unit : CutIntoUnits(text, most))
    units.push_back((unit.joined ? "+" : unit.character ? "·" : "") + unit.form);
  return units;
}

std::vector<std::string> Terms(std::string_view text) { return TermsOf(CutIntoUnits(text, 1000)); }

TEST(Words, AreCutAsTheTableSays) {
  const struct {
    std::string_view text;
    std::vector<std::string> units;
  } table[] = {
      // Chinese, both scripts.
      {"投訴", {"·投", "+诉"}},
      {"投诉", {"·投", "+诉"}},
      {"扣款兩次，未退", {"·扣", "+款", "+两", "+次", "·未", "+退"}},
      {"好", {"·好"}},
      // Latin: case, accents, width.
      {"Wire TRANSFER", {"wire", "transfer"}},
      {"López ＷＡＮＧ", {"lopez", "wang"}},
      {"don't O’Neil", {"dont", "oneil"}},
      {"wang@example.com", {"wang", "example", "com"}},
      {"e-mail", {"e", "mail"}},
      {"snake_case", {"snake", "case"}},
      // Numbers.
      {"１２３４５", {"12345"}},
      {"1,000.50元", {"1000", "50", "·元"}},
      {"3.14", {"3", "14"}},
      {"+886-912", {"886", "912"}},
      // Mixed.
      {"A股K線", {"a", "·股", "k", "·线"}},
      {"請看ETF基金 T+0", {"·请", "+看", "etf", "·基", "+金", "t", "0"}},
      // Other scripts without spaces, and with.
      {"トヨタ株", {"·ト", "+ヨ", "+タ", "+株"}},
      {"Привет мир", {"привет", "мир"}},
      // Marks between characters change nothing.
      {"投\xEF\xB8\x8F訴", {"·投", "+诉"}},
      {"cafe\xCC\x81", {"cafe"}},
      // What is no word.
      {"", {}},
      {"  ，。！?!--\n\t", {}},
      {"😀👍🏽", {}},
      {"好😀評", {"·好", "·评"}},
      {"\x01\x02", {}},
  };
  for (const auto& line : table) EXPECT_EQ(Cut(line.text), line.units) << line.text;
}

TEST(Words, SayWhereTheyAre) {
  const std::string_view text = "退 Ｆee，don't 投訴";
  std::vector<std::string> places;
  for (const Unit& unit : CutIntoUnits(text, 1000)) places.emplace_back(text.substr(unit.begin, unit.end - unit.begin));
  EXPECT_THAT(places, ElementsAre("退", "Ｆee", "don't", "投", "訴"));
}

TEST(Words, BrokenUtf8PartsWordsAndNothingElse) {
  EXPECT_THAT(Cut("ab\xFF"
                  "cd \xE6\x8A 投\xC0訴\xED\xA0\x80"),
              ElementsAre("ab", "cd", "·投", "·诉"));
  std::string bytes;
  for (int i = 0; i < 4096; ++i) bytes.push_back(static_cast<char>((i * 37 + i / 256) & 0xFF));
  for (size_t cut = 0; cut < bytes.size(); cut += 97)
    for (const Unit& unit : CutIntoUnits(std::string_view(bytes).substr(cut), 10'000))
      ASSERT_LE(unit.end, bytes.size() - cut);
}

TEST(Words, VeryLongOnesAreComparedByTheirBeginning) {
  const std::string longest(kLongestWord, 'x');
  EXPECT_THAT(Cut(longest + "y"), ElementsAre(longest));
  EXPECT_THAT(Cut(std::string(1'000'000, 'X') + " z"), ElementsAre(longest, "z"));
}

TEST(Words, AreNoMoreThanAskedFor) {
  EXPECT_THAT(Cut("a b c", 2), ElementsAre("a", "b"));
  EXPECT_THAT(Cut("投訴人", 2), ElementsAre("·投", "+诉"));
  EXPECT_THAT(Cut("a", 0), IsEmpty());
}

TEST(Terms, AreWordsAndPairsAndCharactersThatStandAlone) {
  EXPECT_THAT(Terms("我要投訴"), UnorderedElementsAre("我要", "要投", "投诉"));
  EXPECT_THAT(Terms("A股 refund refund 好。好"), UnorderedElementsAre("a", "股", "refund", "好"));
  EXPECT_THAT(Terms("，"), IsEmpty());
}

// On disk: a change would lose what was indexed.
TEST(Terms, NumbersAreFrozen) {
  EXPECT_EQ(TermNumber("投诉"), TermNumber(Terms("投訴").at(0)));
  EXPECT_EQ(fmt::format("{:016x}", static_cast<uint64_t>(TermNumber("refund"))), "cf70f723acc59cd1");
}

}  // namespace
}  // namespace kefu::text
