#pragma once

// Cells of a report as text.

#include <cstdint>
#include <string>
#include <string_view>

#include "kefu/query/v1/report.pb.h"

namespace kefu::report_form {

// Is the column one of numbers, set flush right?
bool IsNumeric(const query::v1::ReportColumn& column);

// "1,204", "12.3 %", "3.4 h", "1,234.56", "4.21", "2026-03-01 09:30:00" in the zone of TZ; texts as they are; empty
// where there is nothing. An amount has as many decimals as the currency its column's title ends in.
std::string ReadableText(const query::v1::ReportColumn& column, const query::v1::ReportCell& cell);

// The heading with the unit in which PlainText counts: "Upheld (%)", "Half resolved within (s)".
std::string PlainHeading(const query::v1::ReportColumn& column);
// A number as programs read it: no thousands, a point, no unit; a time in UTC by RFC 3339.
std::string PlainText(const query::v1::ReportColumn& column, const query::v1::ReportCell& cell);

// "▲ 12.5 % more", "▼ 3.0 % less", "= as before".
std::string TrendText(int64_t basis_points);

// `number` of so many decimals: Decimal(-1234, 2) is "-12.34".
std::string Decimal(int64_t number, int decimals);

}  // namespace kefu::report_form
