// open_cases: the state of every open case, by what has to be done next.

#include "kefu/query/v1/case.pb.h"
#include "platform/base/time.h"
#include "services/query/merged_scan.h"
#include "services/query/page.h"
#include "services/query/report.h"
#include "services/query/report_figures.h"

namespace kefu::query {
namespace {

using query::v1::Case;
using query::v1::CaseClock;
using query::v1::ReportRow;

constexpr auto kText = query::v1::REPORT_COLUMN_KIND_TEXT;
constexpr auto kDuration = query::v1::REPORT_COLUMN_KIND_DURATION;
constexpr auto kTime = query::v1::REPORT_COLUMN_KIND_TIME;

// The clock that runs out first, or ran out first, of those that nothing has stopped.
const CaseClock* NearestClock(const Case& one) {
  const CaseClock* nearest = nullptr;
  for (const CaseClock& clock : one.clocks()) {
    const bool unsettled = clock.state() == query::v1::CLOCK_STATE_RUNNING ||
                           clock.state() == query::v1::CLOCK_STATE_PAUSED ||
                           clock.state() == query::v1::CLOCK_STATE_BREACHED;
    if (!unsettled || clock.has_settled_at() || !clock.has_due_at()) continue;
    if (nearest == nullptr || FromProto(clock.due_at()) < FromProto(nearest->due_at())) nearest = &clock;
  }
  return nearest;
}

std::string KindText(events::v1::CaseKind kind) {
  return kind == events::v1::CASE_KIND_COMPLAINT ? "complaint" : "request";
}

// How long `from` was before the moment; nothing if it is yet to come.
void AddSince(absl::Time from, absl::Time as_of, ReportRow* row) {
  if (from >= as_of) return AddNothing(row);
  AddNumber(absl::ToInt64Milliseconds(as_of - from), row);
}

void AddCase(const Case& one, absl::Time as_of, ReportRow* row) {
  const absl::Time due = FromProto(one.next_action_due_at());
  AddText(one.case_id(), row);
  AddText(KindText(one.kind()), row);
  AddText(one.category().value(), row);
  AddText(one.owner(), row);
  AddText(one.next_action().value(), row);
  AddTime(due, row);
  AddSince(due, as_of, row);
  const CaseClock* clock = NearestClock(one);
  AddText(clock == nullptr ? "" : clock->clock_id(), row);
  if (clock == nullptr)
    AddNothing(row);
  else
    AddTime(FromProto(clock->due_at()), row);
  AddSince(FromProto(one.opened_at()), as_of, row);
}

}  // namespace

Status MakeOpenCasesReport(const ReportQuestion& question, query::v1::Report* report) {
  TableWriter table(question, report, "Open cases by next action due",
                    {{"Case", kText},
                     {"Kind", kText},
                     {"Category", kText},
                     {"Owner", kText},
                     {"Next action", kText},
                     {"Due", kTime},
                     {"Overdue for", kDuration},
                     {"Nearest clock", kText},
                     {"Clock due", kTime},
                     {"Open for", kDuration}});
  ScanPlan plan;
  plan.view = "case";
  plan.rows = "cases";
  plan.table = "by_next_action";
  plan.ranges.push_back({});
  ASSIGN_OR_RETURN(const auto scan, MergedScan::Open(question.moment, std::move(plan), {}));
  Case one;
  for (int64_t examined = 1;; ++examined) {
    ASSIGN_OR_RETURN(const bool found, scan->Next());
    if (!found) return OkStatus();
    if (examined % kRowsBetweenChecks == 0) RETURN_IF_ERROR(question.keeps_going());
    ASSIGN_OR_RETURN(const std::string_view stored, scan->Row());
    if (!one.ParseFromArray(stored.data(), static_cast<int>(stored.size()))) return UnreadableRow(*scan);
    if (question.lens.unit_of != nullptr && !question.lens.unit_of(one.branch_id()).has_value()) continue;
    if (ReportRow* row = table.AddRow(); row != nullptr) AddCase(one, question.as_of, row);
  }
}

}  // namespace kefu::query
