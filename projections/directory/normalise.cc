#include "projections/directory/normalise.h"

#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>

#include "platform/unicode/fold.h"

namespace kefu::directory {

namespace {

using unicode::FoldCase;
using unicode::FromUtf8;
using unicode::IsOfWord;
using unicode::Simplify;
using unicode::ToUtf8;

constexpr int kLongestName = 128;

bool IsPlain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool IsIdeograph(UChar32 c) { return u_hasBinaryProperty(c, UCHAR_IDEOGRAPHIC); }

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
  icu::UnicodeString text = FoldCase(FromUtf8(name));
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
  icu::UnicodeString text = IsPlain(account) ? FromUtf8(account) : FoldCase(FromUtf8(account));
  icu::UnicodeString kept;
  for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const UChar32 c = text.char32At(i);
    if (IsOfWord(c)) kept.append(u_toupper(c));
  }
  return ToUtf8(kept);
}

}  // namespace kefu::directory
