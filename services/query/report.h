#pragma once

// How reports are made. A report is one function that adds tables; the numbers in them come from CubeFigures, which
// gives each the token that opens it.

#include <absl/time/time.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "kefu/query/v1/report.pb.h"
#include "services/query/cell_token.h"
#include "services/query/cube_rollup.h"
#include "services/query/reader.h"
#include "services/query/unit_lens.h"

namespace kefu::query {

// A table ends here, or where the answer grows too large; `rows_total` goes on counting.
inline constexpr int kMostReportRows = 2000;
inline constexpr int kMostQuotes = 5;

// What one RunReport asks, at the moment it reads.
struct ReportQuestion {
  const Moment& moment;
  const CellTokens& tokens;
  UnitLens lens;
  DaySpan days;
  query::v1::Granularity granularity = query::v1::GRANULARITY_UNSPECIFIED;
  absl::Time as_of;
  int quotes = 0;
  std::function<Status()> keeps_going;
  // What the answer may still grow by.
  size_t* bytes_left = nullptr;
};

struct ReportKind {
  std::string_view name;
  std::string_view title;
  std::string_view description;
  // The view its numbers are of.
  std::string_view view;
  bool has_days = true;
  Status (*make)(const ReportQuestion& question, query::v1::Report* report);
};

Status MakeComplaintsReport(const ReportQuestion& question, query::v1::Report* report);
Status MakeServiceQualityReport(const ReportQuestion& question, query::v1::Report* report);
Status MakeChannelMixReport(const ReportQuestion& question, query::v1::Report* report);
Status MakeSatisfactionReport(const ReportQuestion& question, query::v1::Report* report);
Status MakeCallBacksReport(const ReportQuestion& question, query::v1::Report* report);
Status MakeOpenCasesReport(const ReportQuestion& question, query::v1::Report* report);

// Adds rows up to the most; counts all.
class TableWriter {
 public:
  using Kind = query::v1::ReportColumnKind;
  using Columns = std::vector<std::pair<std::string, Kind>>;
  TableWriter(const ReportQuestion& question, query::v1::Report* report, std::string_view title,
              const Columns& columns);
  ~TableWriter() { EndRow(); }

  // The next row, to be filled until the one after it; null where there is no more room.
  query::v1::ReportRow* AddRow();

 private:
  void EndRow();

  const ReportQuestion& question_;
  query::v1::ReportTable* const table_;
  bool in_row_ = false;
};

}  // namespace kefu::query
