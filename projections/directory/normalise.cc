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

// Full width, ligatures and case.
icu::UnicodeString Fold(const icu::UnicodeString& text) {
  UErrorCode error = U_ZERO_ERROR;
  static const icu::Normalizer2* fold = icu::Normalizer2::getNFKCCasefoldInstance(error);
  KEFU_CHECK(fold != nullptr, "ICU has no NFKC data: {}", u_errorName(error));
  icu::UnicodeString folded;
  error = U_ZERO_ERROR;
  fold->normalize(text, folded, error);
  return U_SUCCESS(error) ? folded : text;
}

// Accents off, traditional characters to simplified ones.
void Simplify(icu::UnicodeString& text) {
  static const icu::Transliterator* simplify = [] {
    UErrorCode error = U_ZERO_ERROR;
    const auto* made = icu::Transliterator::createInstance("NFD; [:Nonspacing Mark:] Remove; NFC; Traditional-Simplified",
                                                           UTRANS_FORWARD, error);
    KEFU_CHECK(made != nullptr, "ICU has no transliteration data: {}", u_errorName(error));
    return made;
  }();
  simplify->transliterate(text);
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
  if (!IsPlain(name)) Simplify(text);
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
