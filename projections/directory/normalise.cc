#include "projections/directory/normalise.h"

#include <unicode/normalizer2.h>
#include <unicode/translit.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <memory>

#include "platform/base/check.h"

namespace kefu::directory {

namespace {

constexpr int kLongestName = 128;

bool IsPlain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

icu::UnicodeString FromUtf8(std::string_view text) {
  return icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
}

std::string ToUtf8(const icu::UnicodeString& text) {
  std::string bytes;
  text.toUTF8String(bytes);
  return bytes;
}

const icu::Normalizer2& Form(const icu::Normalizer2* (*get)(UErrorCode&)) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* form = get(error);
  KEFU_CHECK(form != nullptr, "ICU has no normalisation data: {}", u_errorName(error));
  return *form;
}

// Full width, ligatures and case.
icu::UnicodeString Fold(const icu::UnicodeString& text) {
  static const icu::Normalizer2& fold = Form(&icu::Normalizer2::getNFKCCasefoldInstance);
  UErrorCode error = U_ZERO_ERROR;
  return fold.normalize(text, error);
}

// The simplified form of one Chinese character. ICU's rules also look at neighbours ("單于"), which would give the
// beginning of a name another form than the name has; so they are asked once for each character alone, into a table.
UChar32 Simplified(UChar32 c) {
  constexpr UChar32 kFirst = 0x3400, kEnd = 0xA000;
  static const std::vector<UChar32>* table = [] {
    UErrorCode error = U_ZERO_ERROR;
    const std::unique_ptr<icu::Transliterator> rules(
        icu::Transliterator::createInstance("Traditional-Simplified", UTRANS_FORWARD, error));
    KEFU_CHECK(rules != nullptr, "ICU has no transliteration data: {}", u_errorName(error));
    auto* made = new std::vector<UChar32>;
    for (UChar32 each = kFirst; each < kEnd; ++each) {
      icu::UnicodeString text(each);
      rules->transliterate(text);
      made->push_back(text.countChar32() == 1 ? text.char32At(0) : each);
    }
    return made;
  }();
  return c >= kFirst && c < kEnd ? (*table)[c - kFirst] : c;
}

// Accents off, traditional characters to simplified ones.
icu::UnicodeString Simplify(const icu::UnicodeString& text) {
  static const icu::Normalizer2& apart = Form(&icu::Normalizer2::getNFDInstance);
  static const icu::Normalizer2& together = Form(&icu::Normalizer2::getNFCInstance);
  UErrorCode error = U_ZERO_ERROR;
  const icu::UnicodeString marked = apart.normalize(text, error);
  icu::UnicodeString plain;
  for (int32_t i = 0; i < marked.length(); i = marked.moveIndex32(i, 1)) {
    const UChar32 c = marked.char32At(i);
    if (u_charType(c) != U_NON_SPACING_MARK) plain.append(Simplified(c));
  }
  return together.normalize(plain, error);
}

bool IsIdeograph(UChar32 c) { return u_hasBinaryProperty(c, UCHAR_IDEOGRAPHIC); }

// Letters, digits, and marks that belong to them.
bool IsOfWord(UChar32 c) { return (U_GET_GC_MASK(c) & (U_GC_L_MASK | U_GC_N_MASK | U_GC_M_MASK)) != 0; }

// Words joined by one space; none between Chinese characters.
icu::UnicodeString JoinWords(const icu::UnicodeString& text) {
  icu::UnicodeString joined;
  UChar32 last = 0;
  bool gap = false;
  int count = 0;
  for (int32_t i = 0; i < text.length() && count < kLongestName; i = text.moveIndex32(i, 1)) {
    const UChar32 c = text.char32At(i);
    if (!IsOfWord(c)) {
      gap = last != 0;
      continue;
    }
    if (gap && !(IsIdeograph(last) && IsIdeograph(c))) joined.append(static_cast<UChar32>(' '));
    joined.append(c);
    last = c;
    gap = false;
    ++count;
  }
  return joined;
}

icu::UnicodeString Normal(std::string_view name) {
  icu::UnicodeString text = Fold(FromUtf8(name));
  if (!IsPlain(name)) text = Simplify(text);
  return JoinWords(text);
}

std::string Cut(const icu::UnicodeString& text, int32_t from) {
  return ToUtf8(text.tempSubStringBetween(from, text.moveIndex32(from, kLongestNamePart)));
}

void SortDistinct(std::vector<std::string>& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

void DropLeadingZeros(std::string& digits) { digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size())); }

}  // namespace

std::string NormaliseName(std::string_view name) { return ToUtf8(Normal(name)); }

std::vector<std::string> NameParts(std::string_view name) {
  const icu::UnicodeString text = Normal(name);
  std::vector<std::string> parts;
  bool word_begins = true;
  for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const UChar32 c = text.char32At(i);
    if (c != ' ' && (word_begins || IsIdeograph(c))) parts.push_back(Cut(text, i));
    // A Latin word right behind a Chinese character begins there.
    word_begins = c == ' ' || IsIdeograph(c);
  }
  SortDistinct(parts);
  return parts;
}

std::string NamePrefix(std::string_view typed) { return Cut(Normal(typed), 0); }

std::vector<std::string> PhoneKeys(std::string_view phone) {
  constexpr std::array<std::string_view, 5> kCountryCodes = {"886", "852", "853", "86", "65"};
  const icu::UnicodeString text = FromUtf8(phone);
  std::string digits;
  bool international = false;
  for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const UChar32 c = text.char32At(i);
    const int32_t digit = u_charDigitValue(c);
    if (digit >= 0) {
      digits.push_back(static_cast<char>('0' + digit));
    } else if (digits.empty() && (c == '+' || c == U'＋')) {
      international = true;
    } else if (c == '#' || c == 'x' || c == 'X' || c == U'轉' || c == U'转' || c == U'分') {
      break;  // an extension
    }
  }
  international = international || digits.starts_with("00");
  DropLeadingZeros(digits);
  std::vector<std::string> keys;
  if (digits.empty()) return keys;
  keys.push_back(digits);
  for (const std::string_view code : kCountryCodes) {
    if (!international || !digits.starts_with(code)) continue;
    std::string national = digits.substr(code.size());
    DropLeadingZeros(national);
    if (!national.empty()) keys.push_back(std::move(national));
    break;
  }
  SortDistinct(keys);
  return keys;
}

std::string NormaliseAccount(std::string_view account) {
  icu::UnicodeString text = IsPlain(account) ? FromUtf8(account) : Fold(FromUtf8(account));
  icu::UnicodeString kept;
  for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const UChar32 c = text.char32At(i);
    if (IsOfWord(c)) kept.append(u_toupper(c));
  }
  return ToUtf8(kept);
}

}  // namespace kefu::directory
