#include "platform/unicode/fold.h"

#include <unicode/normalizer2.h>
#include <unicode/translit.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <memory>
#include <vector>

#include "platform/base/check.h"

namespace kefu::unicode {
namespace {

const icu::Normalizer2& Form(const icu::Normalizer2* (*get)(UErrorCode&)) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* form = get(error);
  KEFU_CHECK(form != nullptr, "ICU has no normalisation data: {}", u_errorName(error));
  return *form;
}

// The blocks of common Chinese characters, where folding case changes nothing.
constexpr UChar32 kFirstChinese = 0x3400, kEndOfChinese = 0xA000;
bool IsCommonChinese(UChar32 c) { return c >= kFirstChinese && c < kEndOfChinese; }

// The simplified form of one Chinese character. ICU's rules also look at neighbours ("單于"), which would give the
// beginning of a text another form than the text has; so they are asked once for each character alone, into a table.
UChar32 Simplified(UChar32 c) {
  static const std::vector<UChar32>* table = [] {
    UErrorCode error = U_ZERO_ERROR;
    const std::unique_ptr<icu::Transliterator> rules(
        icu::Transliterator::createInstance("Traditional-Simplified", UTRANS_FORWARD, error));
    KEFU_CHECK(rules != nullptr, "ICU has no transliteration data: {}", u_errorName(error));
    auto* made = new std::vector<UChar32>;
    for (UChar32 each = kFirstChinese; each < kEndOfChinese; ++each) {
      icu::UnicodeString text(each);
      rules->transliterate(text);
      made->push_back(text.countChar32() == 1 ? text.char32At(0) : each);
    }
    return made;
  }();
  return IsCommonChinese(c) ? (*table)[static_cast<size_t>(c - kFirstChinese)] : c;
}

void AppendUtf8(UChar32 c, std::string* text) {
  uint8_t bytes[U8_MAX_LENGTH];
  int32_t size = 0;
  U8_APPEND_UNSAFE(bytes, size, c);
  text->append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
}

}  // namespace

icu::UnicodeString FromUtf8(std::string_view text) {
  return icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
}

std::string ToUtf8(const icu::UnicodeString& text) {
  std::string bytes;
  text.toUTF8String(bytes);
  return bytes;
}

icu::UnicodeString FoldCase(const icu::UnicodeString& text) {
  static const icu::Normalizer2& fold = Form(&icu::Normalizer2::getNFKCCasefoldInstance);
  UErrorCode error = U_ZERO_ERROR;
  return fold.normalize(text, error);
}

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

void AppendFolded(UChar32 character, std::string* folded) {
  if (character < 0x80) {
    const char c = static_cast<char>(character);
    folded->push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  } else if (IsCommonChinese(character)) {
    AppendUtf8(Simplified(character), folded);
  } else {
    Simplify(FoldCase(icu::UnicodeString(character))).toUTF8String(*folded);
  }
}

bool IsOfWord(UChar32 c) { return (U_GET_GC_MASK(c) & (U_GC_L_MASK | U_GC_N_MASK | U_GC_M_MASK)) != 0; }

}  // namespace kefu::unicode
