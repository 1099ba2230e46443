#pragma once

// One form for what people type in many: names, phones, account numbers. The directory's indexes hold what these give,
// so a query must ask with the same. Depends on ICU's data (72 in Debian 12): with another edition, raise the view's
// version, and it is rebuilt.
//
// All functions take any bytes, never fail, and are thread-safe.

#include <string>
#include <string_view>
#include <vector>

namespace kefu::directory {

// Code points of a name that are compared; what follows is not looked at.
inline constexpr int kLongestNamePart = 32;

// Case, width, accents, traditional or simplified characters and punctuation make no difference: "王 小明", "ＷＡＮＧ",
// "López" become "王小明", "wang", "lopez". At most 128 code points.
std::string NormaliseName(std::string_view name);

// The parts of a name that a search may begin with, each from a word's first letter or any Chinese character to the
// end, cut at kLongestNamePart: "王小明", "小明", "明"; "wang xiaoming", "xiaoming". Sorted, distinct, normal.
std::vector<std::string> NameParts(std::string_view name);

// The prefix to look for among NameParts when someone typed `typed`. Empty: nothing to look for.
std::string NamePrefix(std::string_view typed);

// What a phone number is found under: its digits without leading zeros, and, for numbers written internationally with a
// country code of the region (86, 886, 852, 853, 65), also without that. So 0912-345-678 and +886 912 345 678 meet in
// one key. Extensions are dropped. A query tries all keys of what was typed; one or two, none if there are no digits.
std::vector<std::string> PhoneKeys(std::string_view phone);

// Letters and digits only, in capitals, full width made plain: "8801-0012 34" becomes "8801001234".
std::string NormaliseAccount(std::string_view account);

}  // namespace kefu::directory
