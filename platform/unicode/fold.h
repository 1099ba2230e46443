#pragma once

// One form for what people write in many: case, width, accents, traditional and simplified characters. What views keep
// in keys is made with this, and queries ask with the same. Depends on ICU's data (72 in Debian 12): with another
// edition, raise the version of the views that use it, and they are rebuilt.
//
// All functions take any text, never fail, and are thread-safe.

#include <unicode/unistr.h>

#include <string>
#include <string_view>

namespace kefu::unicode {

// Broken UTF-8 becomes U+FFFD.
icu::UnicodeString FromUtf8(std::string_view text);
std::string ToUtf8(const icu::UnicodeString& text);

// Full width, ligatures and case: "ＷＡＮＧ" becomes "wang". (Unicode's NFKC_Casefold.)
icu::UnicodeString FoldCase(const icu::UnicodeString& text);

// Accents off, traditional characters to simplified ones, each by itself: the neighbours of a character do not matter,
// so that the form of a beginning is the beginning of the form.
icu::UnicodeString Simplify(const icu::UnicodeString& text);

// Appends the form of one character, case folded and simplified, as UTF-8; nothing for a mark that is dropped. No
// word's form depends on what stands beside it. Costs little for ASCII and Chinese, a walk through ICU's tables for the
// rest.
void AppendFolded(UChar32 character, std::string* folded);

// Letters, digits, and marks that belong to them.
bool IsOfWord(UChar32 character);

}  // namespace kefu::unicode
