#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kefu::runtime {

// Aligned columns for people. Widths are display columns, so Chinese names line up.
//
//   Table table({"CASE", "STATUS", "SUBJECT"});
//   table.Row({"K-1", "open", "扣款兩次"});
//   fmt::print("{}", table.Text(TerminalWidth(stdout)));
class Table {
 public:
  explicit Table(std::vector<std::string> headings);

  // As many cells as headings. Cells are made printable.
  void Row(std::vector<std::string> cells);
  bool empty() const { return rows_.size() == 1; }

  // Lines with a line break each. When they are wider than `max_width`, the widest columns are cut, each to no less
  // than 8. 0: never cut.
  std::string Text(int max_width = 0) const;

 private:
  // rows_[0] holds the headings.
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace kefu::runtime
