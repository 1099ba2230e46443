#include "services/cli/report/report_table.h"

#include <fmt/format.h>

#include "platform/runtime/table.h"
#include "platform/runtime/text.h"
#include "services/report_form/values.h"

namespace kefu::cli {
namespace {

using namespace report_form;

using query::v1::ReportRow;
using query::v1::ReportTable;

std::string Heading(std::string title) {
  for (char& c : title) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return title;
}

// What tells a row apart: its texts.
std::string LabelOf(const ReportRow& row) {
  std::string label;
  for (const auto& cell : row.cells())
    if (cell.value_case() == query::v1::ReportCell::kText && !cell.text().empty())
      label += (label.empty() ? "" : " ") + cell.text();
  return label;
}

void AddQuotes(const ReportTable& table, std::string* text) {
  for (const ReportRow& row : table.rows()) {
    if (row.quotes().empty()) continue;
    *text += fmt::format("\n{}\n", runtime::Printable(LabelOf(row)));
    for (const auto& quote : row.quotes())
      *text += fmt::format("  {}: {}\n", runtime::Printable(quote.case_id()), runtime::Printable(quote.text()));
  }
}

}  // namespace

std::string ReportTables(const query::v1::Report& report, int max_width) {
  std::string text;
  for (const ReportTable& table : report.tables()) {
    text += fmt::format("{}{}\n", text.empty() ? "" : "\n", runtime::Printable(table.title()));
    std::vector<std::string> headings;
    for (const auto& column : table.columns()) headings.push_back(Heading(column.title()));
    runtime::Table lines(headings);
    for (const ReportRow& row : table.rows()) {
      std::vector<std::string> cells;
      for (int i = 0; i < table.columns_size(); ++i) {
        const auto& cell = i < row.cells_size() ? row.cells(i) : query::v1::ReportCell::default_instance();
        std::string value = ReadableText(table.columns(i), cell);
        if (cell.has_trend_bp()) value += " " + TrendText(cell.trend_bp());
        cells.push_back(value.empty() ? "-" : std::move(value));
      }
      lines.Row(std::move(cells));
    }
    text += lines.Text(max_width);
    if (table.rows().empty()) text += "Nothing was counted.\n";
    if (table.rows_total() > table.rows_size())
      text += fmt::format("{} more rows are not shown.\n", table.rows_total() - table.rows_size());
    AddQuotes(table, &text);
  }
  return text;
}

}  // namespace kefu::cli
