#include "services/query/search_query.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/base/reason.h"

namespace kefu::query {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

std::vector<std::string> PhrasesOf(std::string_view typed) {
  std::vector<std::string> phrases;
  const auto query = ReadSearchQuery(typed);
  EXPECT_TRUE(query.ok()) << ToString(query.status());
  if (!query.ok()) return phrases;
  for (const Phrase& phrase : query->phrases) {
    std::string text;
    for (const text::Unit& unit : phrase) text += (text.empty() || unit.joined ? "" : " ") + unit.form;
    phrases.push_back(text);
  }
  return phrases;
}

std::vector<std::string> TermsOf(std::string_view typed) {
  const auto query = ReadSearchQuery(typed);
  return query.ok() ? query->terms : std::vector<std::string>{ToString(query.status())};
}

std::string ReasonFor(std::string_view typed) { return std::string(ReasonOf(ReadSearchQuery(typed).status())); }

TEST(SearchQuery, IsMadeOfPiecesThatStandTogether) {
  EXPECT_THAT(PhrasesOf("投訴 Refund"), ElementsAre("投诉", "refund"));
  EXPECT_THAT(PhrasesOf("投訴，退款。"), ElementsAre("投诉", "退款"));
  EXPECT_THAT(PhrasesOf("\"wire transfer\" fee"), ElementsAre("wire transfer", "fee"));
  EXPECT_THAT(PhrasesOf("“王 小明”「退款」"), ElementsAre("王 小明", "退款"));
  EXPECT_THAT(PhrasesOf("e-mail A股"), ElementsAre("e mail", "a 股"));
  EXPECT_THAT(PhrasesOf("fee \"never closed"), ElementsAre("fee", "never closed"));
  EXPECT_THAT(PhrasesOf("!! fee \"\" 😀"), ElementsAre("fee"));
}

TEST(SearchQuery, AsksTheIndexForWhatEveryMatchHas) {
  EXPECT_THAT(TermsOf("投訴人 fee fee"), UnorderedElementsAre("投诉", "诉人", "fee"));
  // In a longer phrase the text may go on behind a single character.
  EXPECT_THAT(TermsOf("A股"), ElementsAre("a"));
  EXPECT_THAT(TermsOf("股"), ElementsAre("股"));
}

TEST(SearchQuery, ThatCannotBeAnsweredIsRefusedWithoutItsWords) {
  for (const char* nothing : {"", "   ", "，。！", "\"\"", "😀", "\xFF\xFE"})
    EXPECT_EQ(ReasonFor(nothing), "SEARCH_EMPTY");
  EXPECT_EQ(ReasonFor("\"股 市\""), "SEARCH_TOO_SHORT");
  EXPECT_EQ(ReasonFor(std::string(kLongestSearch + 1, 'x')), "SEARCH_TOO_LONG");
  std::string many;
  for (size_t i = 0; i <= kMostSearchUnits; ++i) many += fmt::format("w{} ", i);
  EXPECT_EQ(ReasonFor(many), "SEARCH_TOO_LONG");
  EXPECT_EQ(ToString(ReadSearchQuery(many).status()).find("w1"), std::string::npos);
  EXPECT_TRUE(ReadSearchQuery(std::string(kLongestSearch, 'x')).ok());
}

// The snippet with what was found between brackets; "no" without a match.
std::string Shown(std::string_view text, std::string_view typed) {
  events::v1::Event event;
  event.mutable_case_note_added()->set_text(std::string(text));
  query::v1::TextHit hit;
  if (!FillMatch(text::TextsOf(event), *ReadSearchQuery(typed), &hit)) return "no";
  EXPECT_EQ(hit.field(), "text");
  std::string shown = hit.cut_before() ? "…" : "";
  for (const auto& part : hit.snippet()) shown += part.match() ? "[" + part.text() + "]" : part.text();
  return shown + (hit.cut_after() ? "…" : "");
}

TEST(Match, IsAsTheTableSays) {
  const struct {
    std::string_view text, typed, shown;
  } table[] = {
      {"客戶投訴扣款", "投诉", "客戶[投訴]扣款"},
      {"投 訴", "投訴", "no"},
      {"投，訴", "投訴", "no"},
      {"扣款投訴", "投訴 扣款", "[扣款][投訴]"},
      {"A股市場", "A股", "[A股]市場"},
      {"股市", "股", "no"},
      {"買 股", "股", "買 [股]"},
      {"a WIRE, transfer", "\"wire transfer\"", "a [WIRE, transfer]"},
      {"transfer wire", "\"wire transfer\"", "no"},
      {"fee and fee", "fee", "[fee] and [fee]"},
      {"López paid", "lopez", "[López] paid"},
      {"３０００元", "3,000", "[３０００]元"},
      {"don’t", "dont", "[don’t]"},
      {"feet", "fee", "no"},
      {"好好好好", "好好", "[好好][好好]"},
  };
  for (const auto& line : table)
    EXPECT_EQ(Shown(line.text, line.typed), line.shown) << line.text << " / " << line.typed;
}

TEST(Match, ASnippetShowsSomeWordsAroundIt) {
  std::string before, after;
  for (int i = 0; i < 30; ++i) before += "前";
  for (int i = 0; i < 200; ++i) after += "後";
  const std::string shown = Shown(before + "投訴，" + after, "投訴");
  EXPECT_TRUE(shown.starts_with("…前前")) << shown;
  EXPECT_TRUE(shown.find("[投訴]") == std::string::npos ? false : shown.ends_with("後…")) << shown;
  EXPECT_EQ(Shown(before + "。投訴", "投訴").find("[投訴]") != std::string::npos, true);
}

TEST(Match, WordsMayStandInSeveralTextsButAPhraseInOne) {
  events::v1::Event event;
  auto* opening = event.mutable_complaint_received()->mutable_opening();
  opening->set_subject("wire fee");
  opening->set_description("transfer was late");
  query::v1::TextHit hit;
  EXPECT_TRUE(FillMatch(text::TextsOf(event), *ReadSearchQuery("late wire"), &hit));
  EXPECT_EQ(hit.field(), "opening.description");
  EXPECT_FALSE(FillMatch(text::TextsOf(event), *ReadSearchQuery("\"fee transfer\""), &hit));
}

}  // namespace
}  // namespace kefu::query
