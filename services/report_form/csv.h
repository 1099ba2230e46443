#pragma once

// A report as CSV by RFC 4180, for spreadsheets and programs.

#include <string>
#include <string_view>

#include "kefu/query/v1/report.pb.h"

namespace kefu::report_form {

// A text as a field: in quotes where it must be. One that a spreadsheet would take for a formula (it begins with
// = + - @, half or full width, a tab or a line break) gets an apostrophe in front.
std::string CsvText(std::string_view text);

// A table with its headings; lines end in CR LF. A column with trends is followed by one of them, in percent; one with
// what clients said comes last, if there is any.
std::string TableCsv(const query::v1::ReportTable& table);

// All tables, an empty line between them.
std::string ReportCsv(const query::v1::Report& report);

}  // namespace kefu::report_form
