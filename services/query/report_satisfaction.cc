// satisfaction: what clients said of brokers, products, branches and channels; and who stayed.

#include <absl/time/civil_time.h>

#include <algorithm>
#include <array>

#include "kefu/query/v1/segment.pb.h"
#include "projections/activity/activity.h"
#include "services/query/merged_scan.h"
#include "services/query/page.h"
#include "services/query/report.h"
#include "services/query/report_figures.h"

namespace kefu::query {
namespace {

using query::v1::ClientActivity;
using query::v1::Report;
using query::v1::ReportRow;
using Values = CubeFigures::Values;

constexpr auto kText = query::v1::REPORT_COLUMN_KIND_TEXT;
constexpr auto kCount = query::v1::REPORT_COLUMN_KIND_COUNT;
constexpr auto kShare = query::v1::REPORT_COLUMN_KIND_SHARE;
constexpr auto kScore = query::v1::REPORT_COLUMN_KIND_SCORE;

Status AddRatingsBy(std::string_view dimension, const char* title, const char* column, const ReportQuestion& question,
                    Report* report) {
  ASSIGN_OR_RETURN(const CubeFigures ratings, CubeFigures::Read(question, {.cube = "ratings",
                                                                           .rows = {dimension, "scale"},
                                                                           .columns = {"score"},
                                                                           .durations = false}));
  TableWriter table(question, report, title,
                    {{"From", kText},
                     {"To", kText},
                     {column, kText},
                     {"CSAT answers", kCount},
                     {"Mean", kScore},
                     {"4 or 5", kShare},
                     {"NPS answers", kCount},
                     {"NPS", kScore}});
  for (size_t period = 0; period < ratings.periods(); ++period) {
    for (const Values& values : ratings.Rows(period, 1, {})) {
      ReportRow* row = table.AddRow();
      if (row == nullptr) continue;
      const auto of = [&](const char* scale, const std::vector<ColumnIs>& where) {
        return ratings.Of(period, {values[0], scale}, where);
      };
      const Figure content = of("csat", {}), loyal = of("nps", {});
      AddDays(ratings.days_of(period), row);
      AddText(values[0], row);
      AddCount(content, row);
      AddMean(content, "score", row);
      AddShare(of("csat", {{"score", {"4", "5"}}}), content, row);
      AddCount(loyal, row);
      AddNetPromoters(of("nps", {{"score", {"9", "10"}}}),
                      of("nps", {{"score", {"0", "1", "2", "3", "4", "5", "6"}}}), loyal, row);
    }
  }
  return OkStatus();
}

// --- loyalty ---

struct TenureClass {
  const char* name;
  // Whole years, from the first on.
  int from_years;
};
constexpr std::array<TenureClass, 5> kTenures = {
    {{"under 1 year", 0}, {"1 to 2 years", 1}, {"3 to 4 years", 3}, {"5 to 9 years", 5}, {"10 years and more", 10}}};

struct Loyalty {
  int64_t clients = 0;
  int64_t stayed = 0;
  int64_t rated = 0;
  int64_t rated_and_stayed = 0;
};

absl::CivilDay DayOf(int32_t day) { return absl::CivilDay(1970, 1, 1) + day; }
int32_t MonthOf(int32_t day) {
  const absl::CivilDay civil = DayOf(day);
  return static_cast<int32_t>((civil.year() - 1970) * 12 + civil.month() - 1);
}

int YearsBetween(int32_t from, int32_t until) {
  const absl::CivilDay a = DayOf(from), b = DayOf(until);
  const auto years = static_cast<int>(b.year() - a.year());
  return b < absl::CivilDay(b.year(), a.month(), a.day()) ? years - 1 : years;
}

size_t TenureOf(int32_t registered_day, int32_t until) {
  const int years = YearsBetween(registered_day, until);
  size_t place = 0;
  while (place + 1 < kTenures.size() && years >= kTenures[place + 1].from_years) ++place;
  return place;
}

// In one of the months that the days touch; older ones than the view keeps count as none.
bool HasRated(const ClientActivity& client, DaySpan days) {
  const int32_t from = MonthOf(days.from_day), until = MonthOf(days.to_day);
  for (int i = 0; i < client.ratings_size(); ++i) {
    const int32_t month = client.first_month() + i;
    if (month >= from && month <= until && client.ratings(i) > 0) return true;
  }
  return false;
}

Status AddLoyalty(const ReportQuestion& question, Report* report) {
  std::array<Loyalty, kTenures.size()> by_tenure;
  ScanPlan plan;
  plan.view = std::string(activity::ActivityView::kName);
  plan.rows = std::string(activity::Clients::kName);
  plan.table = std::string(activity::Clients::kName);
  plan.ranges.push_back({});
  ASSIGN_OR_RETURN(const auto scan, MergedScan::Open(question.moment, std::move(plan), {}));
  ClientActivity client;
  for (int64_t examined = 1;; ++examined) {
    ASSIGN_OR_RETURN(const bool found, scan->Next());
    if (!found) break;
    if (examined % kRowsBetweenChecks == 0) RETURN_IF_ERROR(question.keeps_going());
    ASSIGN_OR_RETURN(const std::string_view stored, scan->Row());
    if (!client.ParseFromArray(stored.data(), static_cast<int>(stored.size()))) return UnreadableRow(*scan);
    if (!client.has_registered_day() || client.registered_day() > question.days.to_day) continue;
    if (question.lens.unit_of != nullptr && !question.lens.unit_of(client.branch_id()).has_value()) continue;
    // Who had left before these days is none of those who could stay.
    if (client.has_closed_day() && client.closed_day() < question.days.from_day) continue;
    Loyalty& loyalty = by_tenure[TenureOf(client.registered_day(), question.days.to_day)];
    const bool stayed = !client.has_closed_day() || client.closed_day() > question.days.to_day;
    const bool rated = HasRated(client, question.days);
    ++loyalty.clients;
    loyalty.stayed += stayed;
    loyalty.rated += rated;
    loyalty.rated_and_stayed += rated && stayed;
  }
  TableWriter table(question, report, "Loyalty by time as a client",
                    {{"Client for", kText},
                     {"Clients", kCount},
                     {"Stayed", kShare},
                     {"Answered", kCount},
                     {"Stayed of those who answered", kShare},
                     {"Answered and stayed of all", kShare}});
  for (size_t place = 0; place < kTenures.size(); ++place) {
    ReportRow* row = table.AddRow();
    if (row == nullptr) continue;
    const Loyalty& loyalty = by_tenure[place];
    AddText(kTenures[place].name, row);
    AddNumber(loyalty.clients, row);
    AddPlainShare(loyalty.stayed, loyalty.clients, row);
    AddNumber(loyalty.rated, row);
    AddPlainShare(loyalty.rated_and_stayed, loyalty.rated, row);
    AddPlainShare(loyalty.rated_and_stayed, loyalty.clients, row);
  }
  return OkStatus();
}

}  // namespace

Status MakeSatisfactionReport(const ReportQuestion& question, Report* report) {
  RETURN_IF_ERROR(AddRatingsBy("broker", "Satisfaction by broker", "Broker", question, report));
  RETURN_IF_ERROR(AddRatingsBy("product", "Satisfaction by product", "Product", question, report));
  RETURN_IF_ERROR(AddRatingsBy("branch", "Satisfaction by branch", "Branch", question, report));
  RETURN_IF_ERROR(AddRatingsBy("channel", "Satisfaction by channel", "Channel", question, report));
  return AddLoyalty(question, report);
}

}  // namespace kefu::query
