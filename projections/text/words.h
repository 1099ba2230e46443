#pragma once

// Cuts text into what can be searched for. The view's index and the queries use the same; a change of it, or of ICU's
// data, needs a new version of the view.
//
// All functions take any bytes, never fail, and are thread-safe.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::text {

// Characters of a word that are compared; what follows is not looked at.
inline constexpr int kLongestWord = 64;

// A word, or one Chinese, Japanese or Korean character, in its normal form.
struct Unit {
  std::string form;
  // Where it is in the text, in bytes.
  uint32_t begin = 0;
  uint32_t end = 0;
  // One character of a script that puts no spaces between words.
  bool character = false;
  // Stands right behind the character before it.
  bool joined = false;
};

// Words are as ICU breaks them (Unicode Standard Annex 29), cut once more at signs inside them ("3.14", "example.com");
// an apostrophe and a comma within are dropped ("don't", "1,000"). Everything else parts words and is not kept: spaces,
// punctuation, emoji, control characters, broken UTF-8. At most `most` units, from the front.
std::vector<Unit> CutIntoUnits(std::string_view text, size_t most);

// What an index finds the units by, distinct: words, pairs of characters that stand together, and characters that stand
// alone.
std::vector<std::string> TermsOf(const std::vector<Unit>& units);

// Is there no character beside the one at `at`?
bool StandsAlone(const std::vector<Unit>& units, size_t at);

// A term as the index holds it: keys are short, and the words of clients are not in them. Two terms may share one, so
// what is found must be compared with the text. On disk; frozen.
int64_t TermNumber(std::string_view term);

}  // namespace kefu::text
