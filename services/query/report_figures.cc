#include "services/query/report_figures.h"

#include <algorithm>

#include "platform/base/time.h"
#include "projections/statistics/durations.h"
#include "projections/statistics/sums.h"
#include "services/query/days.h"
#include "services/query/estimate_clients.h"

namespace kefu::query {
namespace {

using query::v1::ReportCell;
using query::v1::ReportRow;
using statistics::Cell;

constexpr size_t kMostGroups = 100'000;

// Rounds to the nearest, halves away from zero; `whole` is above 0.
int64_t Divided(__int128 part, int64_t whole) {
  const __int128 half = part < 0 ? -(whole / 2) : whole / 2;
  const __int128 result = (part + half) / whole;
  return static_cast<int64_t>(std::clamp<__int128>(result, INT64_MIN, INT64_MAX));
}

void SetTrend(int64_t now, int64_t before, ReportCell* cell) {
  if (const auto trend = TrendOf(now, before)) cell->set_trend_bp(*trend);
}

ReportCell* AddFigure(const Figure& figure, int64_t number, ReportRow* row) {
  ReportCell* cell = row->add_cells();
  cell->set_number(number);
  cell->set_cell_token(figure.token);
  return cell;
}

int64_t Share(int64_t part, int64_t whole) { return Divided(static_cast<__int128>(part) * 10'000, whole); }

int64_t MeanDuration(const Cell& cell) {
  const int64_t count = statistics::CountOf(cell.durations());
  return count == 0 ? 0 : Divided(cell.durations().sum_milliseconds(), count);
}

int64_t Mean(const Cell& cell, std::string_view name) {
  if (cell.count() == 0) return 0;
  return Divided(static_cast<__int128>(statistics::SumNamed(cell, name)) * 1000, cell.count());
}

}  // namespace

StatusOr<CubeFigures> CubeFigures::Read(const ReportQuestion& question, const Asked& asked) {
  CubeFigures figures;
  figures.question_ = &question;
  figures.asked_ = asked;
  figures.periods_ = PeriodsOf(question.days, question.granularity);
  if (figures.periods_.size() > 1) figures.periods_.push_back(question.days);
  figures.plan_ = std::make_unique<RollupPlan>();
  RollupPlan& plan = *figures.plan_;
  ASSIGN_OR_RETURN(plan.cells, ReadCubeCells(asked.cube, DayText(question.days.from_day),
                                             DayText(question.days.to_day), asked.filter));
  plan.spans = figures.periods_;
  for (const DaySpan& period : figures.periods_) plan.spans.push_back(Before(period));
  for (const auto* names : {&asked.rows, &asked.columns})
    for (const std::string_view name : *names) {
      ASSIGN_OR_RETURN(const size_t place, DimensionOf(*plan.cells.cube, name, "name"));
      plan.group_by.push_back(place);
    }
  plan.unit_of = question.lens.unit_of;
  plan.clients = asked.clients;
  plan.durations = asked.durations;
  plan.most_groups = kMostGroups;
  plan.newest = question.quotes;
  Rollup rollup(plan);
  RETURN_IF_ERROR(rollup.Add(question.moment, question.keeps_going));
  figures.groups_ = rollup.Take();
  return figures;
}

bool CubeFigures::Holds(const RollupGroup& group, const ColumnIs& where) const {
  if (where.any_of.empty()) return true;
  const auto at = std::find(asked_.columns.begin(), asked_.columns.end(), where.dimension) - asked_.columns.begin();
  const std::string& value = group.values[asked_.rows.size() + static_cast<size_t>(at)];
  return std::find(where.any_of.begin(), where.any_of.end(), value) != where.any_of.end();
}

template <class Visit>
void CubeFigures::Each(size_t span, const Values& row, const Visit& visit) const {
  const auto begins_so = [&](const RollupGroup& group) {
    return std::equal(row.begin(), row.end(), group.values.begin());
  };
  auto at = std::lower_bound(groups_.begin(), groups_.end(), std::tie(span, row),
                             [](const RollupGroup& group, const auto& wanted) {
                               return std::tie(group.span, group.values) < wanted;
                             });
  for (; at != groups_.end() && at->span == span && begins_so(*at); ++at) visit(*at);
}

std::vector<CubeFigures::Values> CubeFigures::Rows(size_t period, size_t depth, const ColumnIs& where) const {
  std::vector<Values> rows;
  Each(period, {}, [&](const RollupGroup& group) {
    if (!Holds(group, where)) return;
    Values row(group.values.begin(), group.values.begin() + static_cast<std::ptrdiff_t>(depth));
    if (rows.empty() || rows.back() != row) rows.push_back(std::move(row));
  });
  return rows;
}

Figure CubeFigures::Of(size_t period, const Values& row, const std::vector<ColumnIs>& where) const {
  const auto holds = [&](const RollupGroup& group) {
    return std::all_of(where.begin(), where.end(), [&](const ColumnIs& one) { return Holds(group, one); });
  };
  Figure figure;
  CountedCells counted{plan_->cells, CountedUntil(question_->moment), 0};
  CubeCells& cells = counted.cells;
  if (plan_->unit_of != nullptr) cells.branches.emplace();
  Each(period, row, [&](const RollupGroup& group) {
    if (!holds(group)) return;
    UniteCells(group.cell, &figure.now);
    if (cells.branches.has_value()) cells.branches->insert(group.branches.begin(), group.branches.end());
  });
  Each(periods_.size() + period, row, [&](const RollupGroup& group) {
    if (holds(group)) UniteCells(group.cell, &figure.before);
  });
  cells.from_day = periods_[period].from_day;
  cells.to_day = periods_[period].to_day;
  for (size_t i = 0; i < row.size(); ++i) cells.values.emplace_back(plan_->group_by[i], row[i]);
  for (const ColumnIs& one : where)
    if (!one.any_of.empty())
      cells.filter_text =
          NarrowedToAny(cells.filter_text, one.dimension, std::set<std::string>(one.any_of.begin(), one.any_of.end()));
  counted.count = figure.now.count();
  figure.token = question_->tokens.Make(counted);
  return figure;
}

std::vector<std::string> CubeFigures::SumNames(std::string_view of) const {
  std::set<std::string> names;
  for (const RollupGroup& group : groups_)
    for (const statistics::Sum& sum : group.cell.sums())
      if (group.span < periods_.size() && (sum.name() == of || sum.name().starts_with(std::string(of) + ".")))
        names.insert(sum.name());
  return {names.begin(), names.end()};
}

std::vector<CellPlace> CubeFigures::NewestOf(size_t period, const Values& row, const ColumnIs& where) const {
  std::vector<CellPlace> places;
  Each(period, row, [&](const RollupGroup& group) {
    if (Holds(group, where)) places.insert(places.end(), group.newest.begin(), group.newest.end());
  });
  return places;
}

std::optional<int64_t> TrendOf(int64_t now, int64_t before) {
  if (before == 0 || before == INT64_MIN) return std::nullopt;
  return Divided((static_cast<__int128>(now) - before) * 10'000, before < 0 ? -before : before);
}

void AddNothing(ReportRow* row) { row->add_cells(); }
void AddText(std::string_view text, ReportRow* row) { row->add_cells()->set_text(std::string(text)); }
void AddDays(DaySpan days, ReportRow* row) {
  AddText(DayText(days.from_day), row);
  AddText(DayText(days.to_day), row);
}
void AddTime(absl::Time time, ReportRow* row) { *row->add_cells()->mutable_time() = ToProto(time); }
void AddNumber(int64_t number, ReportRow* row) { row->add_cells()->set_number(number); }

void AddCount(const Figure& figure, ReportRow* row) {
  SetTrend(figure.now.count(), figure.before.count(), AddFigure(figure, figure.now.count(), row));
}

void AddClients(const Figure& figure, ReportRow* row) {
  const int64_t now = EstimateClients(figure.now.clients());
  SetTrend(now, EstimateClients(figure.before.clients()), AddFigure(figure, now, row));
}

void AddShare(const Figure& part, const Figure& whole, ReportRow* row) {
  if (whole.count() == 0) return AddNothing(row);
  const int64_t share = Share(part.count(), whole.count());
  ReportCell* cell = AddFigure(part, share, row);
  cell->set_whole_cell_token(whole.token);
  if (whole.before.count() > 0) SetTrend(share, Share(part.before.count(), whole.before.count()), cell);
}

void AddQuantile(const Figure& figure, int per_mille, ReportRow* row) {
  if (statistics::CountOf(figure.now.durations()) == 0) return AddNothing(row);
  const int64_t now = statistics::QuantileMilliseconds(figure.now.durations(), per_mille);
  SetTrend(now, statistics::QuantileMilliseconds(figure.before.durations(), per_mille), AddFigure(figure, now, row));
}

void AddMeanDuration(const Figure& figure, ReportRow* row) {
  if (statistics::CountOf(figure.now.durations()) == 0) return AddNothing(row);
  const int64_t now = MeanDuration(figure.now);
  SetTrend(now, MeanDuration(figure.before), AddFigure(figure, now, row));
}

void AddSum(const Figure& figure, std::string_view name, ReportRow* row) {
  const int64_t now = statistics::SumNamed(figure.now, name);
  SetTrend(now, statistics::SumNamed(figure.before, name), AddFigure(figure, now, row));
}

void AddMean(const Figure& figure, std::string_view name, ReportRow* row) {
  if (figure.count() == 0) return AddNothing(row);
  const int64_t now = Mean(figure.now, name);
  SetTrend(now, Mean(figure.before, name), AddFigure(figure, now, row));
}

namespace {

std::optional<int64_t> NetPromoters(int64_t promoters, int64_t detractors, int64_t all) {
  if (all == 0) return std::nullopt;
  return (promoters - detractors) * 100'000 / all;
}

}  // namespace

void AddNetPromoters(const Figure& promoters, const Figure& detractors, const Figure& all, ReportRow* row) {
  const auto now = NetPromoters(promoters.count(), detractors.count(), all.count());
  if (!now.has_value()) return AddNothing(row);
  auto* cell = row->add_cells();
  cell->set_number(*now);
  cell->set_cell_token(all.token);
  const auto before =
      NetPromoters(promoters.before.count(), detractors.before.count(), all.before.count()).value_or(0);
  if (const auto trend = TrendOf(*now, before)) cell->set_trend_bp(*trend);
}

void AddPlainShare(int64_t part, int64_t whole, ReportRow* row) {
  if (whole == 0) return AddNothing(row);
  AddNumber(Share(part, whole), row);
}

}  // namespace kefu::query
