#pragma once

#include <string_view>

namespace kefu::event {

// True if `text` is well-formed UTF-8 as the Unicode standard has it (table 3-7): no surrogates, no overlong forms,
// nothing above U+10FFFF.
bool IsUtf8(std::string_view text);

}  // namespace kefu::event
