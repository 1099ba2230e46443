#include "platform/runtime/table.h"

#include <algorithm>
#include <numeric>

#include "platform/base/check.h"
#include "platform/runtime/text.h"

namespace kefu::runtime {
namespace {

constexpr int kGap = 2;
constexpr int kLeastWidth = 8;

// Takes columns off the widest until the line fits, or nothing more can go.
void Shrink(std::vector<int>& widths, int max_width) {
  const int gaps = kGap * (static_cast<int>(widths.size()) - 1);
  int total = std::accumulate(widths.begin(), widths.end(), gaps);
  while (total > max_width) {
    auto widest = std::max_element(widths.begin(), widths.end());
    if (*widest <= kLeastWidth) return;
    --*widest;
    --total;
  }
}

}  // namespace

Table::Table(std::vector<std::string> headings) { rows_.push_back(std::move(headings)); }

void Table::Row(std::vector<std::string> cells) {
  KEFU_CHECK(cells.size() == rows_[0].size(), "{} cells for {} headings", cells.size(), rows_[0].size());
  for (std::string& cell : cells) cell = Printable(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::Text(int max_width) const {
  std::vector<int> widths(rows_[0].size(), 0);
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], DisplayWidth(row[i]));
  }
  if (max_width > 0) Shrink(widths, max_width);
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line.append(kGap, ' ');
      line += PadToWidth(CutToWidth(row[i], widths[i]), widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line;
    text += '\n';
  }
  return text;
}

}  // namespace kefu::runtime
