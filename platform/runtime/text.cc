#include "platform/runtime/text.h"

#include <sys/ioctl.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace kefu::runtime {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";

// Takes one code point off `text` at `at`; negative for a byte that is no UTF-8.
UChar32 NextCodePoint(std::string_view text, int32_t* at) {
  UChar32 code_point;
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  const auto size = static_cast<int32_t>(text.size());
  U8_NEXT(bytes, *at, size, code_point);
  return code_point;
}

int WidthOf(UChar32 code_point) {
  if (code_point < 0) return 1;
  if (code_point < 0x300) return 1;  // Latin, without a look into the tables
  switch (u_charType(code_point)) {
    case U_NON_SPACING_MARK:
    case U_ENCLOSING_MARK:
    case U_FORMAT_CHAR:
      return 0;
    default:
      break;
  }
  const auto width = static_cast<UEastAsianWidth>(u_getIntPropertyValue(code_point, UCHAR_EAST_ASIAN_WIDTH));
  return width == U_EA_WIDE || width == U_EA_FULLWIDTH ? 2 : 1;
}

}  // namespace

int DisplayWidth(std::string_view text) {
  int width = 0;
  for (int32_t at = 0; at < static_cast<int32_t>(text.size());) width += WidthOf(NextCodePoint(text, &at));
  return width;
}

std::string CutToWidth(std::string_view text, int width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  if (width <= 0) return "";
  int used = 0;
  int32_t end = 0;
  for (int32_t at = 0; at < static_cast<int32_t>(text.size()); end = at) {
    used += WidthOf(NextCodePoint(text, &at));
    if (used > width - 1) break;
  }
  return std::string(text.substr(0, end)).append(kEllipsis);
}

std::string PadToWidth(std::string_view text, int width) {
  std::string padded(text);
  padded.append(std::max(0, width - DisplayWidth(text)), ' ');
  return padded;
}

std::string Printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (int32_t at = 0; at < static_cast<int32_t>(text.size());) {
    const int32_t from = at;
    const UChar32 code_point = NextCodePoint(text, &at);
    if (code_point == '\n' || code_point == '\t' || code_point == '\r') {
      out.push_back(' ');
      continue;
    }
    // Marks that turn the writing direction are as good as control characters for hiding things.
    const bool steers =
        (code_point >= 0x202A && code_point <= 0x202E) || (code_point >= 0x2066 && code_point <= 0x2069);
    if (code_point < 0 || u_iscntrl(code_point) || steers) {
      out.append(kReplacement);
    } else {
      out.append(text.substr(from, at - from));
    }
  }
  return out;
}

bool IsTerminal(std::FILE* file) { return isatty(fileno(file)) == 1; }

int TerminalWidth(std::FILE* file) {
  winsize size{};
  if (ioctl(fileno(file), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 100;
}

std::string WithThousands(int64_t number) {
  std::string digits = std::to_string(number);
  const int first = number < 0 ? 1 : 0;
  for (int at = static_cast<int>(digits.size()) - 3; at > first; at -= 3) digits.insert(at, ",");
  return digits;
}

int EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::vector<int>> cost(a.size() + 1, std::vector<int>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) cost[i][0] = static_cast<int>(i);
  for (size_t j = 0; j <= b.size(); ++j) cost[0][j] = static_cast<int>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const int change = a[i - 1] == b[j - 1] ? 0 : 1;
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace kefu::runtime
