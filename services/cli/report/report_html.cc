#include "services/cli/report/report_html.h"

#include <fmt/format.h>

#include "platform/base/time.h"
#include "services/report_form/values.h"

namespace kefu::cli {
namespace {

using namespace report_form;

using query::v1::ReportCell;
using query::v1::ReportRow;
using query::v1::ReportTable;

// What a browser holds the page to, should anything have slipped through.
constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
)";

constexpr std::string_view kStyle = R"(<style>
body { font: 15px/1.45 system-ui, "Noto Sans CJK TC", "Microsoft JhengHei", sans-serif; color: #1c2024;
  margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; }
.about { color: #5b636b; margin: .25rem 0 2rem; }
.wide { overflow-x: auto; margin-bottom: 2.5rem; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; font-weight: 600; font-size: 1.1rem; padding-bottom: .5rem; }
th, td { padding: .35rem .6rem; border-bottom: 1px solid #dfe3e6; text-align: left; vertical-align: top;
  unicode-bidi: isolate; }
th { border-bottom: 2px solid #9aa3ab; font-weight: 600; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.trend { display: block; font-size: .8rem; color: #5b636b; }
.words td { padding-top: 0; color: #3b434a; }
.words ul { margin: 0; padding-left: 1.2rem; }
.case { color: #5b636b; font-size: .85rem; }
.none, .more { color: #5b636b; }
@media print { body { margin: 0; max-width: none; font-size: 10px; } .wide { overflow: visible; }
  tr { break-inside: avoid; } thead { display: table-header-group; } }
</style>
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

std::string HtmlText(std::string_view text) {
  std::string html;
  html.reserve(text.size());
  for (const char c : text) {
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
        if ((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
          html += "\uFFFD";
        else
          html += c;
    }
  }
  return html;
}

std::string ReportHtml(const query::v1::Report& report) {
  std::string html(kHead);
  html += fmt::format("<title>{}</title>\n", HtmlText(report.title()));
  html += kStyle;
  html += fmt::format("</head>\n<body>\n<h1>{}</h1>\n<p class=\"about\">{}</p>\n", HtmlText(report.title()),
                      HtmlText(AboutText(report)));
  for (const ReportTable& table : report.tables()) AddTable(table, &html);
  html += "</body>\n</html>\n";
  return html;
}

}  // namespace kefu::cli
