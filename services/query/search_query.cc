#include "services/query/search_query.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>

#include "platform/base/reason.h"

namespace kefu::query {
namespace {

// Characters that a snippet shows before the first match, and in all.
constexpr int kShownBefore = 24;
constexpr int kShown = 96;

Status Refused(const Status& status, std::string_view reason) { return WithReason(status, reason, "query"); }

UChar32 NextCharacter(std::string_view text, int32_t* at) {
  UChar32 c;
  U8_NEXT(reinterpret_cast<const uint8_t*>(text.data()), *at, static_cast<int32_t>(text.size()), c);
  return c;
}

bool IsQuote(UChar32 c) {
  return c == '"' || (c >= 0x201C && c <= 0x201F) || c == 0xFF02 || c == 0x300C || c == 0x300D;
}

// Spaces, and the signs that part clauses in Chinese, where nobody writes a space.
bool PartsPieces(UChar32 c) {
  return u_isUWhiteSpace(c) || c == 0x3001 || c == 0x3002 || c == 0xFF0C || c == 0xFF1B || c == 0xFF1A;
}

// Pieces as typed: between quotation marks, or between spaces outside of them. A mark that is never closed reaches to
// the end.
std::vector<std::string_view> Pieces(std::string_view typed) {
  std::vector<std::string_view> pieces;
  bool quoted = false;
  int32_t begin = 0;
  const auto size = static_cast<int32_t>(typed.size());
  const auto end_piece = [&](int32_t end, int32_t next) {
    if (end > begin) pieces.push_back(typed.substr(static_cast<size_t>(begin), static_cast<size_t>(end - begin)));
    begin = next;
  };
  for (int32_t at = 0; at < size;) {
    const int32_t from = at;
    const UChar32 c = NextCharacter(typed, &at);
    if (IsQuote(c)) {
      end_piece(from, at);
      quoted = !quoted;
    } else if (!quoted && PartsPieces(c)) {
      end_piece(from, at);
    }
  }
  end_piece(size, size);
  return pieces;
}

// A character alone in a longer phrase may have neighbours in the text, and then is no term of it.
std::vector<std::string> TermsOfPhrase(const Phrase& phrase) {
  if (phrase.size() == 1) return text::TermsOf(phrase);
  std::vector<std::string> terms;
  for (std::string& term : text::TermsOf(phrase)) {
    const bool alone = std::any_of(phrase.begin(), phrase.end(),
                                   [&](const text::Unit& unit) { return unit.character && unit.form == term; });
    if (!alone) terms.push_back(std::move(term));
  }
  return terms;
}

bool IsAt(const std::vector<text::Unit>& units, size_t at, const Phrase& phrase) {
  if (phrase.size() == 1 && phrase[0].character && !text::StandsAlone(units, at)) return false;
  for (size_t i = 0; i < phrase.size(); ++i) {
    const text::Unit& unit = units[at + i];
    if (unit.form != phrase[i].form || unit.character != phrase[i].character) return false;
    if (phrase[i].joined && !unit.joined) return false;
  }
  return true;
}

// `count` characters on from `at`, or back if negative.
size_t Step(std::string_view text, size_t at, int count) {
  const auto is_inside = [&](size_t place) { return (static_cast<uint8_t>(text[place]) & 0xC0) == 0x80; };
  for (; count > 0 && at < text.size(); --count) do
      ++at;
    while (at < text.size() && is_inside(at));
  for (; count < 0 && at > 0; ++count) do
      --at;
    while (at > 0 && is_inside(at));
  return at;
}

void AddPart(std::string_view text, size_t begin, size_t end, bool match, query::v1::TextHit* hit) {
  if (begin >= end) return;
  auto* part = hit->add_snippet();
  part->set_text(std::string(text.substr(begin, end - begin)));
  part->set_match(match);
}

// `matches` sorted by their beginnings, at least one.
void FillSnippet(std::string_view text, const std::vector<TextRange>& matches, query::v1::TextHit* hit) {
  size_t at = Step(text, matches.front().begin, -kShownBefore);
  const size_t end = std::max(Step(text, at, kShown), matches.front().end);
  hit->set_cut_before(at > 0);
  hit->set_cut_after(end < text.size());
  for (const TextRange& match : matches) {
    // A match that is cut by the end is not marked; one that another has covered already is not either.
    if (match.begin < at || match.end > end) continue;
    AddPart(text, at, match.begin, false, hit);
    AddPart(text, match.begin, match.end, true, hit);
    at = match.end;
  }
  AddPart(text, at, end, false, hit);
}

}  // namespace

StatusOr<SearchQuery> ReadSearchQuery(std::string_view typed) {
  if (typed.size() > kLongestSearch)
    return Refused(InvalidArgument("query: {} bytes; at most {} are looked for", typed.size(), kLongestSearch),
                   "SEARCH_TOO_LONG");
  SearchQuery query;
  size_t units = 0;
  for (const std::string_view piece : Pieces(typed)) {
    Phrase phrase = text::CutIntoUnits(piece, kMostSearchUnits + 1);
    if (phrase.empty()) continue;
    units += phrase.size();
    if (units > kMostSearchUnits)
      return Refused(InvalidArgument("query: more than {} words and characters", kMostSearchUnits), "SEARCH_TOO_LONG");
    std::vector<std::string> terms = TermsOfPhrase(phrase);
    query.terms.insert(query.terms.end(), terms.begin(), terms.end());
    query.phrases.push_back(std::move(phrase));
  }
  if (query.phrases.empty())
    return Refused(InvalidArgument("query: nothing to look for; give a word, Chinese or Latin, or a number"),
                   "SEARCH_EMPTY");
  if (query.terms.empty())
    return Refused(
        InvalidArgument("query: a phrase of single characters that are apart cannot be looked for; write them "
                        "together, or add a word"),
        "SEARCH_TOO_SHORT");
  std::sort(query.terms.begin(), query.terms.end());
  query.terms.erase(std::unique(query.terms.begin(), query.terms.end()), query.terms.end());
  return query;
}

std::vector<TextRange> FindPhrase(const std::vector<text::Unit>& units, const Phrase& phrase) {
  std::vector<TextRange> places;
  for (size_t at = 0; at + phrase.size() <= units.size();) {
    if (!IsAt(units, at, phrase)) {
      ++at;
      continue;
    }
    places.push_back({units[at].begin, units[at + phrase.size() - 1].end});
    at += phrase.size();
  }
  return places;
}

bool FillMatch(const std::vector<text::EventText>& texts, const SearchQuery& query, query::v1::TextHit* hit) {
  const text::EventText* shown = nullptr;
  for (const Phrase& phrase : query.phrases) {
    const auto holds = [&](const text::EventText& text) { return !FindPhrase(text.units, phrase).empty(); };
    const auto found = std::find_if(texts.begin(), texts.end(), holds);
    if (found == texts.end()) return false;
    if (shown == nullptr) shown = &*found;
  }
  std::vector<TextRange> matches;
  for (const Phrase& phrase : query.phrases)
    for (const TextRange& place : FindPhrase(shown->units, phrase)) matches.push_back(place);
  std::sort(matches.begin(), matches.end(), [](const TextRange& a, const TextRange& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
  });
  hit->set_field(std::string(shown->field));
  FillSnippet(shown->text, matches, hit);
  return true;
}

}  // namespace kefu::query
