#pragma once

// Numbers of a report: what a cube counted in a period and in the span of equal length before it.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/query/report.h"

namespace kefu::query {

// Some cells of a cube as one.
struct Figure {
  statistics::Cell now;
  statistics::Cell before;
  // Opens `now`.
  std::string token;

  int64_t count() const { return now.count(); }
};

// A column's condition: one of the dimensions must have one of these values.
struct ColumnIs {
  std::string_view dimension;
  std::vector<std::string> any_of;
};

// Operation: reads a cube once, by row dimensions and column dimensions, for every period, for all of them together,
//   and for the spans before. Figures are then put together from that.
// Concurrency: const calls may run together. The question must outlive it.
class CubeFigures {
 public:
  struct Asked {
    std::string_view cube;
    std::string_view filter = {};
    // Rows are told apart by the first of these.
    std::vector<std::string_view> rows = {};
    std::vector<std::string_view> columns = {};
    bool clients = false;
    bool durations = true;
  };
  static StatusOr<CubeFigures> Read(const ReportQuestion& question, const Asked& asked);

  // Periods in order; one more for all of them together if there are several.
  size_t periods() const { return periods_.size(); }
  DaySpan days_of(size_t period) const { return periods_[period]; }
  bool is_whole(size_t period) const { return periods_.size() > 1 && period + 1 == periods_.size(); }

  using Values = std::vector<std::string>;
  // The values that the first `depth` row dimensions have in a period where the condition holds, ascending.
  std::vector<Values> Rows(size_t period, size_t depth, const ColumnIs& where) const;
  // Of rows that begin so.
  Figure Of(size_t period, const Values& row, const std::vector<ColumnIs>& where) const;
  // The names of the sums, such as "redress.CNY", ascending.
  std::vector<std::string> SumNames(std::string_view of) const;
  // Where the newest events are of rows that begin so.
  std::vector<CellPlace> NewestOf(size_t period, const Values& row, const ColumnIs& where) const;
  const RollupPlan& plan() const { return *plan_; }

 private:
  CubeFigures() = default;
  bool Holds(const RollupGroup& group, const ColumnIs& where) const;
  // Of one span, whose row begins so.
  template <class Visit>
  void Each(size_t span, const Values& row, const Visit& visit) const;

  const ReportQuestion* question_ = nullptr;
  std::unique_ptr<RollupPlan> plan_;
  Asked asked_;
  std::vector<DaySpan> periods_;
  // By span and values.
  std::vector<RollupGroup> groups_;
};

// A cell without a number, where there is nothing to tell.
void AddNothing(query::v1::ReportRow* row);
void AddText(std::string_view text, query::v1::ReportRow* row);
// The first and the last day, as two texts.
void AddDays(DaySpan days, query::v1::ReportRow* row);
void AddTime(absl::Time time, query::v1::ReportRow* row);
void AddNumber(int64_t number, query::v1::ReportRow* row);
// How many events, or clients, with the trend.
void AddCount(const Figure& figure, query::v1::ReportRow* row);
void AddClients(const Figure& figure, query::v1::ReportRow* row);
void AddShare(const Figure& part, const Figure& whole, query::v1::ReportRow* row);
// So many in a thousand took no longer than that.
void AddQuantile(const Figure& figure, int per_mille, query::v1::ReportRow* row);
void AddMeanDuration(const Figure& figure, query::v1::ReportRow* row);
void AddSum(const Figure& figure, std::string_view name, query::v1::ReportRow* row);
// A sum over its count, in thousandths.
void AddMean(const Figure& figure, std::string_view name, query::v1::ReportRow* row);
// Promoters less detractors, in thousandths of a point from -100 to 100.
void AddNetPromoters(const Figure& promoters, const Figure& detractors, const Figure& all, query::v1::ReportRow* row);
// `part` of `whole` in basis points; nothing where there is no whole. Of numbers that no events are behind.
void AddPlainShare(int64_t part, int64_t whole, query::v1::ReportRow* row);
// By how much `now` is more than `before`, in basis points of it; nothing where there was nothing.
std::optional<int64_t> TrendOf(int64_t now, int64_t before);

}  // namespace kefu::query
