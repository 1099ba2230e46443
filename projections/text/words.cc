#include "projections/text/words.h"

#include <unicode/brkiter.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/utext.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "platform/base/check.h"
#include "platform/base/hash.h"
#include "platform/unicode/fold.h"

namespace kefu::text {
namespace {

enum class Kind {
  kCharacter,    // a unit by itself
  kWord,         // part of a word
  kTransparent,  // marks and joiners, which change nothing
  kOther,
};

bool IsOfUnspacedScript(UChar32 c) {
  // The prolonged sound mark is common to two scripts.
  if (c == 0x30FC || c == 0xFF70) return true;
  UErrorCode error = U_ZERO_ERROR;
  switch (uscript_getScript(c, &error)) {
    case USCRIPT_HAN:
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
    case USCRIPT_HANGUL:
    case USCRIPT_BOPOMOFO:
      return true;
    default:
      return false;
  }
}

Kind KindOf(UChar32 c) {
  if (c < 0) return Kind::kOther;
  if (c < 0x80) return u_isalnum(c) ? Kind::kWord : Kind::kOther;
  if (c >= 0x4E00 && c < 0xA000) return Kind::kCharacter;
  if ((U_GET_GC_MASK(c) & (U_GC_M_MASK | U_GC_CF_MASK)) != 0) return Kind::kTransparent;
  if (!unicode::IsOfWord(c)) return Kind::kOther;
  return IsOfUnspacedScript(c) ? Kind::kCharacter : Kind::kWord;
}

UChar32 NextCharacter(std::string_view text, int32_t* at) {
  UChar32 c;
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  U8_NEXT(bytes, *at, static_cast<int32_t>(text.size()), c);
  return c;
}

// ICU's rules for words, one a thread: it is dear to make, and keeps nothing of a text once it has the next.
icu::BreakIterator& WordRules() {
  thread_local const std::unique_ptr<icu::BreakIterator> rules = [] {
    UErrorCode error = U_ZERO_ERROR;
    std::unique_ptr<icu::BreakIterator> made(icu::BreakIterator::createWordInstance(icu::Locale::getRoot(), error));
    KEFU_CHECK(U_SUCCESS(error) && made != nullptr, "ICU has no rules for words: {}", u_errorName(error));
    return made;
  }();
  return *rules;
}

class Cutter {
 public:
  Cutter(std::string_view text, size_t most) : text_(text), most_(most) {}

  std::vector<Unit> Cut() {
    // What is no character goes to the rules for words, a stretch at a time.
    int32_t stretch = 0;
    bool has_word = false;
    bool joined = false;
    const auto size = static_cast<int32_t>(text_.size());
    for (int32_t at = 0; at < size && units_.size() < most_;) {
      const int32_t from = at;
      const UChar32 c = NextCharacter(text_, &at);
      const Kind kind = KindOf(c);
      if (kind == Kind::kCharacter) {
        if (has_word) AddWords(stretch, from);
        has_word = false;
        const size_t before = units_.size();
        AddCharacter(c, from, at, joined);
        joined = joined || units_.size() > before;
        stretch = at;
      } else if (kind != Kind::kTransparent) {
        has_word = has_word || kind == Kind::kWord;
        joined = false;
      }
    }
    if (has_word) AddWords(stretch, size);
    return std::move(units_);
  }

 private:
  void Add(Unit unit) {
    if (!unit.form.empty() && units_.size() < most_) units_.push_back(std::move(unit));
  }

  void AddCharacter(UChar32 c, int32_t begin, int32_t end, bool joined) {
    Unit unit{{}, static_cast<uint32_t>(begin), static_cast<uint32_t>(end), true, joined};
    unicode::AppendFolded(c, &unit.form);
    Add(std::move(unit));
  }

  void AddWords(int32_t begin, int32_t end) {
    UErrorCode error = U_ZERO_ERROR;
    UText source = UTEXT_INITIALIZER;
    utext_openUTF8(&source, text_.data() + begin, end - begin, &error);
    icu::BreakIterator& rules = WordRules();
    rules.setText(&source, error);
    KEFU_CHECK(U_SUCCESS(error), "ICU takes no text: {}", u_errorName(error));
    int32_t from = rules.first();
    for (int32_t to = rules.next(); to != icu::BreakIterator::DONE && units_.size() < most_; to = rules.next()) {
      if (rules.getRuleStatus() >= UBRK_WORD_NONE_LIMIT) AddWord(begin + from, begin + to);
      from = to;
    }
    utext_close(&source);
  }

  // Words joined by a sign are several: who looks for one of them should find it.
  void AddWord(int32_t begin, int32_t end) {
    Unit word;
    int length = 0;
    for (int32_t at = begin; at < end;) {
      const int32_t from = at;
      const UChar32 c = NextCharacter(text_, &at);
      const Kind kind = KindOf(c);
      if (kind == Kind::kOther) {
        if (c == '\'' || c == 0x2019 || c == 0xFF07 || c == ',') continue;
        Add(std::exchange(word, {}));
        length = 0;
        continue;
      }
      if (length++ == 0) word.begin = static_cast<uint32_t>(from);
      word.end = static_cast<uint32_t>(at);
      if (length <= kLongestWord) unicode::AppendFolded(c, &word.form);
    }
    Add(std::move(word));
  }

  const std::string_view text_;
  const size_t most_;
  std::vector<Unit> units_;
};

}  // namespace

std::vector<Unit> CutIntoUnits(std::string_view text, size_t most) { return Cutter(text, most).Cut(); }

bool StandsAlone(const std::vector<Unit>& units, size_t at) {
  return !units[at].joined && (at + 1 == units.size() || !units[at + 1].joined);
}

std::vector<std::string> TermsOf(const std::vector<Unit>& units) {
  std::vector<std::string> terms;
  terms.reserve(units.size());
  for (size_t i = 0; i < units.size(); ++i) {
    if (!units[i].character || StandsAlone(units, i)) {
      terms.push_back(units[i].form);
    } else if (i + 1 < units.size() && units[i + 1].joined) {
      terms.push_back(units[i].form + units[i + 1].form);
    }
  }
  std::sort(terms.begin(), terms.end());
  terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
  return terms;
}

int64_t TermNumber(std::string_view term) { return static_cast<int64_t>(FastHash64(term)); }

}  // namespace kefu::text
