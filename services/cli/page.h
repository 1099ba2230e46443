#pragma once

// Pages for people: what all of them have in common.

#include <string>
#include <string_view>

namespace kefu::cli {

// `text` as may be shown to people: UTF-8, no control characters but line breaks, and what turns the direction of writing
// or ends a line in other ways as [U+202E]: so nobody can make a page say what its events do not.
std::string Shown(std::string_view text);

// The same as HTML text, or as the value of an attribute in quotes.
std::string HtmlText(std::string_view text);

// A whole page around `body`, which is HTML: nothing is fetched, nothing runs. Good on A4 paper. `title` is plain text; `style`
// is CSS that this page has besides the common one.
std::string HtmlPage(std::string_view title, std::string_view style, std::string_view body);

}  // namespace kefu::cli
