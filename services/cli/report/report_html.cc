#include "services/cli/report/report_html.h"

#include <fmt/format.h>

#include "platform/base/time.h"
#include "services/cli/page.h"
#include "services/report_form/values.h"

namespace kefu::cli {
namespace {

using namespace report_form;

using query::v1::ReportCell;
using query::v1::ReportRow;
using query::v1::ReportTable;

// Besides what all pages have.
constexpr std::string_view kStyle = R"(h1 { font-size: 1.5rem; }
h1 + .about { margin: .25rem 0 2rem; }
.wide { overflow-x: auto; margin-bottom: 2.5rem; }
caption { text-align: left; font-weight: 600; font-size: 1.1rem; padding-bottom: .5rem; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.trend { display: block; font-size: .8rem; color: #50606f; }
.words td { padding-top: 0; color: #33414e; }
.words ul { margin: 0; padding-left: 1.2rem; white-space: normal; }
.words li { white-space: pre-line; }
.case { color: #50606f; font-size: .85rem; }
.more { color: #50606f; }
@media print { .wide { overflow: visible; } }
)";

std::string AboutText(const query::v1::Report& report) {
  std::string about;
  if (!report.from_day().empty()) about = fmt::format("{} to {} · ", report.from_day(), report.to_day());
  about += "as of " + absl::FormatTime("%Y-%m-%d %H:%M %z", FromProto(report.as_of()), absl::LocalTimeZone());
  return about;
}

std::string_view ClassOf(const query::v1::ReportColumn& column) { return IsNumeric(column) ? " class=\"number\"" : ""; }

void AddRow(const ReportTable& table, const ReportRow& row, std::string* html) {
  *html += "<tr>";
  for (int i = 0; i < table.columns_size(); ++i) {
    const auto& cell = i < row.cells_size() ? row.cells(i) : ReportCell::default_instance();
    *html += fmt::format("<td{}>{}", ClassOf(table.columns(i)), HtmlText(ReadableText(table.columns(i), cell)));
    if (cell.has_trend_bp()) *html += fmt::format("<span class=\"trend\">{}</span>", TrendText(cell.trend_bp()));
    *html += "</td>";
  }
  *html += "</tr>\n";
  if (row.quotes().empty()) return;
  *html += fmt::format("<tr class=\"words\"><td colspan=\"{}\"><ul>\n", table.columns_size());
  for (const auto& quote : row.quotes())
    *html += fmt::format("<li><q>{}</q> <span class=\"case\">case {}</span></li>\n", HtmlText(quote.text()),
                         HtmlText(quote.case_id()));
  *html += "</ul></td></tr>\n";
}

void AddTable(const ReportTable& table, std::string* html) {
  *html += fmt::format("<div class=\"wide\">\n<table>\n<caption>{}</caption>\n<thead><tr>", HtmlText(table.title()));
  for (const auto& column : table.columns())
    *html += fmt::format("<th scope=\"col\"{}>{}</th>", ClassOf(column), HtmlText(column.title()));
  *html += "</tr></thead>\n<tbody>\n";
  for (const ReportRow& row : table.rows()) AddRow(table, row, html);
  if (table.rows().empty())
    *html += fmt::format("<tr><td class=\"none\" colspan=\"{}\">Nothing was counted.</td></tr>\n",
                         table.columns_size());
  *html += "</tbody>\n</table>\n";
  if (table.rows_total() > table.rows_size())
    *html += fmt::format("<p class=\"more\">{} more rows are not shown.</p>\n", table.rows_total() - table.rows_size());
  *html += "</div>\n";
}

}  // namespace

std::string ReportHtml(const query::v1::Report& report) {
  std::string html = fmt::format("<h1>{}</h1>\n<p class=\"about\">{}</p>\n", HtmlText(report.title()),
                                 HtmlText(AboutText(report)));
  for (const ReportTable& table : report.tables()) AddTable(table, &html);
  return HtmlPage(report.title(), kStyle, html);
}

}  // namespace kefu::cli
