// The reports that are made of cubes: complaints, service_quality, channel_mix.

#include "services/query/report.h"
#include "services/query/report_figures.h"
#include "services/query/report_quotes.h"

namespace kefu::query {
namespace {

using query::v1::Report;
using query::v1::ReportRow;
using Columns = TableWriter::Columns;
using Values = CubeFigures::Values;

constexpr auto kText = query::v1::REPORT_COLUMN_KIND_TEXT;
constexpr auto kCount = query::v1::REPORT_COLUMN_KIND_COUNT;
constexpr auto kShare = query::v1::REPORT_COLUMN_KIND_SHARE;
constexpr auto kDuration = query::v1::REPORT_COLUMN_KIND_DURATION;
constexpr auto kAmount = query::v1::REPORT_COLUMN_KIND_AMOUNT;
constexpr auto kScore = query::v1::REPORT_COLUMN_KIND_SCORE;

const ColumnIs kAny{};
const ColumnIs kOpened{"step", {"opened"}};
const ColumnIs kResolved{"step", {"resolved"}};

Columns Join(Columns columns, const Columns& more) {
  columns.insert(columns.end(), more.begin(), more.end());
  return columns;
}

// --- complaints ---

Columns SettledColumns(const CubeFigures& cases) {
  Columns columns{{"Resolved", kCount}, {"Upheld", kShare}};
  for (const std::string& name : cases.SumNames("redress"))
    columns.emplace_back("Redress" + (name.find('.') == std::string::npos ? "" : " " + name.substr(name.find('.') + 1)),
                         kAmount);
  columns.emplace_back("Half resolved within", kDuration);
  columns.emplace_back("Nine in ten resolved within", kDuration);
  return columns;
}

void AddSettled(const CubeFigures& cases, size_t period, const Values& values, ReportRow* row) {
  const Figure resolved = cases.Of(period, values, {kResolved});
  // Upheld in full or in part.
  const Figure upheld = cases.Of(period, values, {kResolved, {"outcome", {"fulfilled", "partly"}}});
  AddCount(resolved, row);
  AddShare(upheld, resolved, row);
  for (const std::string& name : cases.SumNames("redress")) AddSum(resolved, name, row);
  AddQuantile(resolved, 500, row);
  AddQuantile(resolved, 900, row);
}

void AddComplaintsByPeriod(const ReportQuestion& question, const CubeFigures& cases, Report* report) {
  TableWriter table(question, report, "Complaints by period",
                    Join({{"From", kText}, {"To", kText}, {"Opened", kCount}}, SettledColumns(cases)));
  for (size_t period = 0; period < cases.periods(); ++period) {
    ReportRow* row = table.AddRow();
    if (row == nullptr) continue;
    AddDays(cases.days_of(period), row);
    AddCount(cases.Of(period, {}, {kOpened}), row);
    AddSettled(cases, period, {}, row);
  }
}

Status AddComplaintsByProduct(const ReportQuestion& question, const CubeFigures& cases, Report* report) {
  TableWriter table(question, report, "Complaints by period and product",
                    Join({{"From", kText}, {"To", kText}, {"Product", kText}, {"Opened", kCount}},
                         SettledColumns(cases)));
  for (size_t period = 0; period < cases.periods(); ++period) {
    for (const Values& values : cases.Rows(period, 1, {"step", {"opened", "resolved"}})) {
      ReportRow* row = table.AddRow();
      if (row == nullptr) continue;
      AddDays(cases.days_of(period), row);
      AddText(values[0], row);
      AddCount(cases.Of(period, values, {kOpened}), row);
      AddSettled(cases, period, values, row);
      RETURN_IF_ERROR(AddQuotes(question, cases.NewestOf(period, values, kOpened), row));
    }
  }
  return OkStatus();
}

// The cause is known once a complaint is resolved.
Status AddComplaintsByCause(const ReportQuestion& question, const CubeFigures& cases, Report* report) {
  TableWriter table(question, report, "Resolved complaints by period, product and cause",
                    Join({{"From", kText}, {"To", kText}, {"Product", kText}, {"Cause", kText}},
                         SettledColumns(cases)));
  for (size_t period = 0; period < cases.periods(); ++period) {
    for (const Values& values : cases.Rows(period, 2, kResolved)) {
      ReportRow* row = table.AddRow();
      if (row == nullptr) continue;
      AddDays(cases.days_of(period), row);
      AddText(values[0], row);
      AddText(values[1], row);
      AddSettled(cases, period, values, row);
      RETURN_IF_ERROR(AddQuotes(question, cases.NewestOf(period, values, kResolved), row));
    }
  }
  return OkStatus();
}

// --- service quality ---

Status AddAnswering(const ReportQuestion& question, Report* report) {
  ASSIGN_OR_RETURN(const CubeFigures cases,
                   CubeFigures::Read(question, {.cube = "cases",
                                                .filter = "step = acknowledged OR step = resolved OR step = reopened",
                                                .rows = {"kind"},
                                                .columns = {"step"}}));
  TableWriter table(question, report, "Acknowledging and resolving",
                    {{"From", kText},
                     {"To", kText},
                     {"Kind", kText},
                     {"Acknowledged", kCount},
                     {"Half acknowledged within", kDuration},
                     {"Nine in ten acknowledged within", kDuration},
                     {"Resolved", kCount},
                     {"Half resolved within", kDuration},
                     {"Nine in ten resolved within", kDuration},
                     {"Reopened", kCount}});
  for (size_t period = 0; period < cases.periods(); ++period) {
    for (const Values& values : cases.Rows(period, 1, kAny)) {
      ReportRow* row = table.AddRow();
      if (row == nullptr) continue;
      AddDays(cases.days_of(period), row);
      AddText(values[0], row);
      for (const char* step : {"acknowledged", "resolved"}) {
        const Figure figure = cases.Of(period, values, {{"step", {step}}});
        AddCount(figure, row);
        AddQuantile(figure, 500, row);
        AddQuantile(figure, 900, row);
      }
      AddCount(cases.Of(period, values, {{"step", {"reopened"}}}), row);
    }
  }
  return OkStatus();
}

Status AddClocks(const ReportQuestion& question, Report* report) {
  ASSIGN_OR_RETURN(
      const CubeFigures clocks,
      CubeFigures::Read(question, {.cube = "clocks", .rows = {"clock"}, .columns = {"event"}, .durations = false}));
  TableWriter table(question, report, "Clocks",
                    {{"From", kText},
                     {"To", kText},
                     {"Clock", kText},
                     {"Started", kCount},
                     {"Met in time", kCount},
                     {"Met late", kCount},
                     {"Breached", kCount},
                     {"Breaches taken back", kCount},
                     {"Dropped", kCount},
                     {"In time of those met", kShare}});
  for (size_t period = 0; period < clocks.periods(); ++period) {
    for (const Values& values : clocks.Rows(period, 1, kAny)) {
      ReportRow* row = table.AddRow();
      if (row == nullptr) continue;
      AddDays(clocks.days_of(period), row);
      AddText(values[0], row);
      for (const char* event : {"started", "met", "met_late", "breached", "retracted", "dropped"})
        AddCount(clocks.Of(period, values, {{"event", {event}}}), row);
      AddShare(clocks.Of(period, values, {{"event", {"met"}}}),
               clocks.Of(period, values, {{"event", {"met", "met_late"}}}), row);
    }
  }
  return OkStatus();
}

Status AddSatisfaction(const ReportQuestion& question, Report* report) {
  ASSIGN_OR_RETURN(
      const CubeFigures ratings,
      CubeFigures::Read(question, {.cube = "ratings", .rows = {"scale"}, .columns = {"score"}, .durations = false}));
  {
    TableWriter table(question, report, "Satisfaction (CSAT, 1 to 5)",
                      {{"From", kText}, {"To", kText}, {"Answers", kCount}, {"Mean", kScore}, {"4 or 5", kShare}});
    for (size_t period = 0; period < ratings.periods(); ++period) {
      ReportRow* row = table.AddRow();
      if (row == nullptr) continue;
      const Figure all = ratings.Of(period, {"csat"}, {});
      AddDays(ratings.days_of(period), row);
      AddCount(all, row);
      AddMean(all, "score", row);
      AddShare(ratings.Of(period, {"csat"}, {{"score", {"4", "5"}}}), all, row);
    }
  }
  TableWriter table(question, report, "Recommendation (NPS, 0 to 10)",
                    {{"From", kText},
                     {"To", kText},
                     {"Answers", kCount},
                     {"Promoters (9, 10)", kShare},
                     {"Detractors (0 to 6)", kShare},
                     {"NPS", kScore}});
  for (size_t period = 0; period < ratings.periods(); ++period) {
    ReportRow* row = table.AddRow();
    if (row == nullptr) continue;
    const Figure all = ratings.Of(period, {"nps"}, {});
    const Figure promoters = ratings.Of(period, {"nps"}, {{"score", {"9", "10"}}});
    const Figure detractors = ratings.Of(period, {"nps"}, {{"score", {"0", "1", "2", "3", "4", "5", "6"}}});
    AddDays(ratings.days_of(period), row);
    AddCount(all, row);
    AddShare(promoters, all, row);
    AddShare(detractors, all, row);
    AddNetPromoters(promoters, detractors, all, row);
  }
  return OkStatus();
}

Status AddUndertakings(const ReportQuestion& question, Report* report) {
  ASSIGN_OR_RETURN(const CubeFigures undertakings,
                   CubeFigures::Read(question, {.cube = "undertakings", .rows = {"kind"}, .columns = {"event"}}));
  TableWriter table(question, report, "Promises and call-backs",
                    {{"From", kText},
                     {"To", kText},
                     {"Kind", kText},
                     {"Made", kCount},
                     {"Kept in time", kCount},
                     {"Kept late", kCount},
                     {"Released", kCount},
                     {"In time of those kept", kShare},
                     {"Half kept within", kDuration}});
  for (size_t period = 0; period < undertakings.periods(); ++period) {
    for (const Values& values : undertakings.Rows(period, 1, kAny)) {
      ReportRow* row = table.AddRow();
      if (row == nullptr) continue;
      const auto of = [&](std::vector<std::string> events) {
        return undertakings.Of(period, values, {{"event", std::move(events)}});
      };
      const Figure in_time = of({"kept", "done"});
      const Figure kept = of({"kept", "kept_late", "done", "done_late"});
      AddDays(undertakings.days_of(period), row);
      AddText(values[0], row);
      AddCount(of({"made", "planned"}), row);
      AddCount(in_time, row);
      AddCount(of({"kept_late", "done_late"}), row);
      AddCount(of({"released", "cancelled"}), row);
      AddShare(in_time, kept, row);
      AddQuantile(kept, 500, row);
    }
  }
  return OkStatus();
}

}  // namespace

Status MakeComplaintsReport(const ReportQuestion& question, Report* report) {
  ASSIGN_OR_RETURN(const CubeFigures cases,
                   CubeFigures::Read(question, {.cube = "cases",
                                                .filter = "kind = complaint AND (step = opened OR step = resolved)",
                                                .rows = {"product", "cause"},
                                                .columns = {"step", "outcome"}}));
  AddComplaintsByPeriod(question, cases, report);
  RETURN_IF_ERROR(AddComplaintsByProduct(question, cases, report));
  return AddComplaintsByCause(question, cases, report);
}

Status MakeServiceQualityReport(const ReportQuestion& question, Report* report) {
  RETURN_IF_ERROR(AddAnswering(question, report));
  RETURN_IF_ERROR(AddClocks(question, report));
  RETURN_IF_ERROR(AddSatisfaction(question, report));
  return AddUndertakings(question, report);
}

Status MakeChannelMixReport(const ReportQuestion& question, Report* report) {
  ASSIGN_OR_RETURN(const CubeFigures contacts, CubeFigures::Read(question, {.cube = "contacts",
                                                                            .rows = {"channel", "direction"},
                                                                            .clients = true}));
  TableWriter table(question, report, "Contacts by channel and direction",
                    {{"From", kText},
                     {"To", kText},
                     {"Channel", kText},
                     {"Direction", kText},
                     {"Contacts", kCount},
                     {"Of all", kShare},
                     {"Different clients", kCount},
                     {"Mean length", kDuration}});
  for (size_t period = 0; period < contacts.periods(); ++period) {
    const Figure all = contacts.Of(period, {}, {});
    for (const Values& values : contacts.Rows(period, 2, kAny)) {
      ReportRow* row = table.AddRow();
      if (row == nullptr) continue;
      const Figure figure = contacts.Of(period, values, {});
      AddDays(contacts.days_of(period), row);
      AddText(values[0], row);
      AddText(values[1], row);
      AddCount(figure, row);
      AddShare(figure, all, row);
      AddClients(figure, row);
      AddMeanDuration(figure, row);
    }
  }
  return OkStatus();
}

}  // namespace kefu::query
