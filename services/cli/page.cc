#include "services/cli/page.h"

#include <fmt/format.h>

#include <cstdint>

namespace kefu::cli {
namespace {

// A character that readers would not see, or that would move others.
bool IsHidden(uint32_t c) {
  return c == 0x061c || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
         c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

// The character at `text[*at]`, and `*at` after it; 0xfffd for a byte that begins none.
uint32_t Next(std::string_view text, size_t* at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(*at);
  int more = -1;
  if (first < 0x80) more = 0;
  if (first >= 0xc2 && first < 0xe0) more = 1;
  if ((first & 0xf0) == 0xe0) more = 2;
  if (first >= 0xf0 && first < 0xf5) more = 3;
  if (more < 0 || *at + static_cast<size_t>(more) >= text.size()) return ++*at, 0xfffd;
  uint32_t c = more == 0 ? first : first & (0x3f >> more);
  for (int i = 1; i <= more; ++i) {
    const unsigned char next = byte(*at + static_cast<size_t>(i));
    if ((next & 0xc0) != 0x80) return ++*at, 0xfffd;
    c = c << 6 | (next & 0x3f);
  }
  constexpr uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
  if (c < kLeast[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) return ++*at, 0xfffd;
  *at += static_cast<size_t>(more) + 1;
  return c;
}

// What a browser holds the page to, should anything have slipped through.
constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
)";

constexpr std::string_view kStyle = R"(@page { size: A4; margin: 16mm 14mm 18mm; }
* { box-sizing: border-box; }
body { font: 14px/1.5 "Noto Sans", "Noto Sans CJK TC", "Microsoft JhengHei", "PingFang TC", system-ui, sans-serif;
  color: #16191d; background: #fff; max-width: 70rem; margin: 2.5rem auto; padding: 0 1.5rem; }
header { border-top: 4px solid #1d3a5f; border-bottom: 1px solid #1d3a5f; padding: 1rem 0 .9rem; margin-bottom: 1.5rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0; font-weight: 650; }
h1 span, h2 span { font-weight: 400; color: #50606f; margin-left: .5rem; }
header p { margin: .35rem 0 0; color: #50606f; }
h2 { font-size: 1.12rem; margin: 2.2rem 0 .5rem; padding-bottom: .25rem; border-bottom: 1px solid #b9c4ce;
  break-after: avoid; }
.about { color: #50606f; margin: 0 0 .6rem; max-width: 60rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .55rem .3rem 0; border-bottom: 1px solid #dde3e8;
  unicode-bidi: isolate; overflow-wrap: anywhere; white-space: pre-line; }
thead th { border-bottom: 1.5px solid #6c7c8b; font-weight: 600; white-space: normal; }
.facts th { width: 15rem; font-weight: 600; color: #33414e; }
tr.marked td { background: #fbeeea; }
tr.marked td:first-child { border-left: 3px solid #a8321a; padding-left: .4rem; }
pre { background: #f3f5f7; border: 1px solid #dde3e8; padding: .6rem .8rem; margin: .4rem 0; overflow-x: auto;
  font: 12.5px/1.45 ui-monospace, "DejaVu Sans Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
.none { color: #50606f; font-style: italic; }
footer { margin-top: 3rem; padding-top: .6rem; border-top: 1px solid #b9c4ce; color: #50606f; font-size: .85rem; }
@media print { body { margin: 0; padding: 0; max-width: none; font-size: 9pt; } thead { display: table-header-group; }
  tr, pre { break-inside: avoid; } tr.marked td { background: none; } h2 { margin-top: 1.4rem; } }
)";

}  // namespace

std::string Shown(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t from = at;
    const uint32_t c = Next(text, &at);
    if (c == '\t') {
      shown += ' ';
    } else if (c == '\r') {
      // With a line feed it is one line break, and alone another one.
      if (at >= text.size() || text[at] != '\n') shown += '\n';
    } else if (c == 0xfffd || (c < 0x20 && c != '\n') || (c >= 0x7f && c < 0xa0)) {
      shown += "\uFFFD";
    } else if (IsHidden(c)) {
      shown += fmt::format("[U+{:04X}]", c);
    } else {
      shown += text.substr(from, at - from);
    }
  }
  return shown;
}

std::string HtmlText(std::string_view text) {
  std::string html;
  for (const char c : Shown(text)) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

std::string HtmlPage(std::string_view title, std::string_view style, std::string_view body) {
  std::string html(kHead);
  html += fmt::format("<title>{}</title>\n<style>\n", HtmlText(title));
  html += kStyle;
  html += style;
  html += "</style>\n</head>\n<body>\n";
  html += body;
  html += "</body>\n</html>\n";
  return html;
}

}  // namespace kefu::cli
