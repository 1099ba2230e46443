#include "services/report_form/values.h"

#include <fmt/format.h>

#include <algorithm>

#include "platform/base/time.h"
#include "platform/runtime/text.h"

namespace kefu::report_form {
namespace {

using query::v1::ReportCell;
using query::v1::ReportColumn;

// ISO 4217: these have no minor unit.
int DecimalsOf(const ReportColumn& column) {
  constexpr std::string_view kWhole[] = {"JPY", "KRW", "VND", "ISK", "CLP", "XAF", "XOF", "XPF"};
  for (const std::string_view currency : kWhole)
    if (column.title().ends_with(currency)) return 0;
  return 2;
}

std::string WithThousands(const std::string& decimal) {
  const size_t sign = decimal.starts_with('-') ? 1 : 0;
  const size_t end = std::min(decimal.find('.'), decimal.size());
  std::string text = decimal.substr(0, sign);
  for (size_t i = sign; i < end; ++i) {
    if (i > sign && (end - i) % 3 == 0) text.push_back(',');
    text.push_back(decimal[i]);
  }
  return text + decimal.substr(end);
}

// "850 ms", "1.5 s", "12.0 min", "3.4 h", "12.0 d".
std::string DurationText(int64_t milliseconds) {
  const double seconds = static_cast<double>(milliseconds) / 1000;
  if (milliseconds < 1000) return fmt::format("{} ms", milliseconds);
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  if (seconds < 3600) return fmt::format("{:.1f} min", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{:.1f} h", seconds / 3600);
  return fmt::format("{:.1f} d", seconds / 86400);
}

}  // namespace

bool IsNumeric(const ReportColumn& column) {
  return column.kind() != query::v1::REPORT_COLUMN_KIND_TEXT && column.kind() != query::v1::REPORT_COLUMN_KIND_TIME;
}

std::string Decimal(int64_t number, int decimals) {
  // The least number has no positive of its own.
  std::string digits = number < 0 ? std::to_string(number).substr(1) : std::to_string(number);
  if (decimals > 0) {
    if (digits.size() <= static_cast<size_t>(decimals))
      digits.insert(0, static_cast<size_t>(decimals) + 1 - digits.size(), '0');
    digits.insert(digits.size() - static_cast<size_t>(decimals), 1, '.');
  }
  return (number < 0 ? "-" : "") + digits;
}

std::string ReadableText(const ReportColumn& column, const ReportCell& cell) {
  if (cell.value_case() == ReportCell::kText) return cell.text();
  if (cell.value_case() == ReportCell::kTime)
    return absl::FormatTime("%Y-%m-%d %H:%M:%S", FromProto(cell.time()), absl::LocalTimeZone());
  if (cell.value_case() != ReportCell::kNumber) return {};
  switch (column.kind()) {
    case query::v1::REPORT_COLUMN_KIND_SHARE:
      return fmt::format("{:.1f} %", static_cast<double>(cell.number()) / 100);
    case query::v1::REPORT_COLUMN_KIND_DURATION:
      return DurationText(cell.number());
    case query::v1::REPORT_COLUMN_KIND_AMOUNT:
      return WithThousands(Decimal(cell.number(), DecimalsOf(column)));
    case query::v1::REPORT_COLUMN_KIND_SCORE:
      return fmt::format("{:.2f}", static_cast<double>(cell.number()) / 1000);
    default:
      return runtime::WithThousands(cell.number());
  }
}

std::string PlainHeading(const ReportColumn& column) {
  switch (column.kind()) {
    case query::v1::REPORT_COLUMN_KIND_SHARE:
      return column.title() + " (%)";
    case query::v1::REPORT_COLUMN_KIND_DURATION:
      return column.title() + " (s)";
    default:
      return column.title();
  }
}

std::string PlainText(const ReportColumn& column, const ReportCell& cell) {
  if (cell.value_case() == ReportCell::kText) return cell.text();
  if (cell.value_case() == ReportCell::kTime) return FormatRfc3339(FromProto(cell.time()));
  if (cell.value_case() != ReportCell::kNumber) return {};
  switch (column.kind()) {
    case query::v1::REPORT_COLUMN_KIND_SHARE:
      return Decimal(cell.number(), 2);
    case query::v1::REPORT_COLUMN_KIND_DURATION:
    case query::v1::REPORT_COLUMN_KIND_SCORE:
      return Decimal(cell.number(), 3);
    case query::v1::REPORT_COLUMN_KIND_AMOUNT:
      return Decimal(cell.number(), DecimalsOf(column));
    default:
      return std::to_string(cell.number());
  }
}

std::string TrendText(int64_t basis_points) {
  if (basis_points == 0) return "= as before";
  const double percent = static_cast<double>(basis_points) / 100;
  return basis_points > 0 ? fmt::format("▲ {:.1f} % more", percent) : fmt::format("▼ {:.1f} % less", -percent);
}

}  // namespace kefu::report_form
