#include "services/report_form/csv.h"

#include <algorithm>
#include <vector>

#include "services/report_form/values.h"

namespace kefu::report_form {
namespace {

using query::v1::ReportCell;
using query::v1::ReportRow;
using query::v1::ReportTable;

constexpr std::string_view kLineEnd = "\r\n";

bool LooksLikeFormula(std::string_view text) {
  for (const std::string_view begin : {"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"})
    if (text.starts_with(begin)) return true;
  return false;
}

void AddLine(const std::vector<std::string>& fields, std::string* csv) {
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) csv->push_back(',');
    csv->append(fields[i]);
  }
  csv->append(kLineEnd);
}

bool HasTrends(const ReportTable& table, int column) {
  return std::any_of(table.rows().begin(), table.rows().end(), [&](const ReportRow& row) {
    return column < row.cells_size() && row.cells(column).has_trend_bp();
  });
}

bool HasQuotes(const ReportTable& table) {
  return std::any_of(table.rows().begin(), table.rows().end(),
                     [](const ReportRow& row) { return !row.quotes().empty(); });
}

std::string QuotesOf(const ReportRow& row) {
  std::string quotes;
  for (const auto& quote : row.quotes())
    quotes += (quotes.empty() ? "" : "\r\n") + quote.case_id() + ": " + quote.text();
  return quotes;
}

}  // namespace

std::string CsvText(std::string_view text) {
  std::string field(LooksLikeFormula(text) ? "'" : "");
  field += text;
  if (field.find_first_of(",\"\r\n\t") == std::string::npos) return field;
  std::string quoted = "\"";
  for (const char c : field) {
    if (c == '"') quoted.push_back('"');
    quoted.push_back(c);
  }
  return quoted + '"';
}

std::string TableCsv(const ReportTable& table) {
  std::string csv;
  std::vector<std::string> headings;
  std::vector<bool> trends;
  for (int i = 0; i < table.columns_size(); ++i) {
    headings.push_back(CsvText(PlainHeading(table.columns(i))));
    trends.push_back(HasTrends(table, i));
    if (trends.back()) headings.push_back(CsvText(table.columns(i).title() + ": trend (%)"));
  }
  const bool quotes = HasQuotes(table);
  if (quotes) headings.emplace_back("Clients' words");
  AddLine(headings, &csv);
  for (const ReportRow& row : table.rows()) {
    std::vector<std::string> fields;
    for (int i = 0; i < table.columns_size(); ++i) {
      const auto& cell = i < row.cells_size() ? row.cells(i) : ReportCell::default_instance();
      const std::string value = PlainText(table.columns(i), cell);
      // A number may begin with a minus.
      fields.push_back(cell.value_case() == ReportCell::kNumber ? value : CsvText(value));
      if (trends[static_cast<size_t>(i)])
        fields.push_back(cell.has_trend_bp() ? Decimal(cell.trend_bp(), 2) : std::string());
    }
    if (quotes) fields.push_back(CsvText(QuotesOf(row)));
    AddLine(fields, &csv);
  }
  return csv;
}

std::string ReportCsv(const query::v1::Report& report) {
  std::string csv;
  for (const ReportTable& table : report.tables()) {
    if (!csv.empty()) csv.append(kLineEnd);
    csv += TableCsv(table);
  }
  return csv;
}

}  // namespace kefu::report_form
