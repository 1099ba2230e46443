#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "platform/testkit/golden.h"
#include "services/report_form/csv.h"
#include "services/cli/report/report_html.h"
#include "services/cli/report/report_table.h"
#include "services/report_form/values.h"

namespace kefu::cli {
namespace {

using namespace report_form;

using query::v1::Report;
using query::v1::ReportColumn;
using query::v1::ReportRow;
using ::testing::HasSubstr;
using ::testing::Not;

void AddColumn(const char* title, query::v1::ReportColumnKind kind, query::v1::ReportTable* table) {
  auto* column = table->add_columns();
  column->set_title(title);
  column->set_kind(kind);
}

void AddText(const std::string& text, ReportRow* row) { row->add_cells()->set_text(text); }
void AddNumber(int64_t number, std::optional<int64_t> trend, ReportRow* row) {
  auto* cell = row->add_cells();
  cell->set_number(number);
  if (trend.has_value()) cell->set_trend_bp(*trend);
}

// A report whose texts try to be formulas, markup and lines of their own.
Report Hostile() {
  Report report;
  report.set_name("reports/complaints");
  report.set_title("Complaints: <北區> & \"partners\"");
  report.set_from_day("2026-03-01");
  report.set_to_day("2026-03-31");
  report.mutable_as_of()->set_seconds(1'775'000'000);
  auto* table = report.add_tables();
  table->set_title("Complaints by period and product");
  AddColumn("Product", query::v1::REPORT_COLUMN_KIND_TEXT, table);
  AddColumn("Opened", query::v1::REPORT_COLUMN_KIND_COUNT, table);
  AddColumn("Upheld", query::v1::REPORT_COLUMN_KIND_SHARE, table);
  AddColumn("Redress CNY", query::v1::REPORT_COLUMN_KIND_AMOUNT, table);
  AddColumn("Redress JPY", query::v1::REPORT_COLUMN_KIND_AMOUNT, table);
  AddColumn("Half resolved within", query::v1::REPORT_COLUMN_KIND_DURATION, table);
  AddColumn("Last", query::v1::REPORT_COLUMN_KIND_TIME, table);
  AddColumn("NPS", query::v1::REPORT_COLUMN_KIND_SCORE, table);
  for (const char* product : {"=HYPERLINK(\"http://x\",\"y\")", "+1", "-2+3", "@SUM(A1)", "\tx", "\rx",
                              "a,b \"c\"\r\nd", "<script>alert(1)</script>", "基金 7", ""}) {
    ReportRow* row = table->add_rows();
    AddText(product, row);
    AddNumber(1204, 1250, row);
    AddNumber(3333, -300, row);
    AddNumber(-123456, std::nullopt, row);
    AddNumber(9876543, 0, row);
    AddNumber(5'400'000, std::nullopt, row);
    row->add_cells()->mutable_time()->set_seconds(1'774'000'000);
    AddNumber(-12'500, std::nullopt, row);
  }
  table->mutable_rows(8)->mutable_cells(2)->Clear();
  auto* quote = table->mutable_rows(8)->add_quotes();
  quote->set_text("我的錢呢? <img src=x onerror=alert(1)> & 'more'");
  quote->set_case_id("K-1");
  quote = table->mutable_rows(8)->add_quotes();
  quote->set_text("=cmd|' /C calc'!A0\nsecond line");
  quote->set_case_id("K-2");
  table->set_rows_total(2010);
  auto* empty = report.add_tables();
  empty->set_title("Resolved complaints");
  AddColumn("Cause", query::v1::REPORT_COLUMN_KIND_TEXT, empty);
  return report;
}

class ReportFormats : public testing::Test {
 protected:
  // Times are shown in the zone of TZ.
  void SetUp() override {
    ASSERT_EQ(setenv("TZ", "Asia/Taipei", 1), 0);
    tzset();
  }
};

TEST_F(ReportFormats, HtmlIsAsReviewed) {
  testkit::ExpectGolden("services/cli/report/testdata/complaints.html", ReportHtml(Hostile()));
}

TEST_F(ReportFormats, CsvIsAsReviewed) {
  testkit::ExpectGolden("services/cli/report/testdata/complaints.csv", ReportCsv(Hostile()));
}

TEST_F(ReportFormats, TableIsAsReviewed) {
  testkit::ExpectGolden("services/cli/report/testdata/complaints.txt", ReportTables(Hostile(), 0));
}

TEST_F(ReportFormats, HtmlNeedsNothingElseAndRunsNothing) {
  const std::string html = ReportHtml(Hostile());
  for (const char* never : {"<script", "<img", "<link", "<iframe", "href=", "src=\"", "@import", "url(", "javascript:"})
    EXPECT_THAT(html, Not(HasSubstr(never))) << never;
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;"));
}

// Reads CSV by RFC 4180 alone.
std::vector<std::vector<std::string>> ReadCsv(const std::string& csv) {
  std::vector<std::vector<std::string>> records(1);
  std::string field;
  bool quoted = false;
  for (size_t i = 0; i < csv.size(); ++i) {
    if (quoted) {
      if (csv[i] != '"') {
        field += csv[i];
      } else if (i + 1 < csv.size() && csv[i + 1] == '"') {
        field += csv[++i];
      } else {
        quoted = false;
      }
    } else if (csv[i] == '"') {
      EXPECT_TRUE(field.empty());
      quoted = true;
    } else if (csv[i] == ',' || (csv[i] == '\r' && i + 1 < csv.size() && csv[i + 1] == '\n')) {
      records.back().push_back(std::move(field));
      field.clear();
      if (csv[i] == '\r') {
        ++i;
        records.emplace_back();
      }
    } else {
      EXPECT_TRUE(csv[i] != '\r' && csv[i] != '\n') << "outside quotes";
      field += csv[i];
    }
  }
  EXPECT_FALSE(quoted);
  records.pop_back();
  return records;
}

TEST_F(ReportFormats, NoTextOfCsvIsAFormulaAndAllComesBack) {
  const Report report = Hostile();
  const auto records = ReadCsv(TableCsv(report.tables(0)));
  ASSERT_EQ(records.size(), 1u + static_cast<size_t>(report.tables(0).rows_size()));
  for (size_t r = 1; r < records.size(); ++r) {
    ASSERT_EQ(records[r].size(), records[0].size());
    for (const size_t text : {size_t{0}, records[r].size() - 1}) {
      const std::string& field = records[r][text];
      EXPECT_EQ(field.find_first_of("=+-@\t\r\n"), field.find_first_of("=+-@\t\r\n", 1)) << field;
    }
    std::string product = records[r][0];
    if (product.starts_with('\'')) product.erase(0, 1);
    EXPECT_EQ(product, report.tables(0).rows(static_cast<int>(r) - 1).cells(0).text());
    EXPECT_EQ(records[r][1], "1204");
  }
  EXPECT_EQ(records[1][5], "-1234.56") << "a negative number is a number";
  EXPECT_EQ(CsvText("＝1"), "'＝1");
  // The control: what does not begin so is left alone.
  EXPECT_EQ(CsvText("1-2"), "1-2");
  EXPECT_EQ(CsvText(" =1"), " =1");
}

TEST(ReportValues, DecimalsAreExact) {
  EXPECT_EQ(Decimal(0, 2), "0.00");
  EXPECT_EQ(Decimal(-5, 2), "-0.05");
  EXPECT_EQ(Decimal(123456, 2), "1234.56");
  EXPECT_EQ(Decimal(INT64_MIN, 2), "-92233720368547758.08");
  EXPECT_EQ(Decimal(-7, 0), "-7");
  EXPECT_EQ(TrendText(1250), "▲ 12.5 % more");
  EXPECT_EQ(TrendText(-300), "▼ 3.0 % less");
  EXPECT_EQ(TrendText(0), "= as before");
}

}  // namespace
}  // namespace kefu::cli
