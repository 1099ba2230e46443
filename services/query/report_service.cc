#include <absl/time/clock.h>
#include <grpcpp/support/server_callback.h>

#include "kefu/query/v1/report.grpc.pb.h"
#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "services/query/days.h"
#include "services/query/past.h"
#include "services/query/report.h"
#include "services/query/query_services.h"
#include "services/query/request_time.h"
#include "services/query/unary.h"

namespace kefu::query {
namespace {

namespace v1 = query::v1;
using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

constexpr std::string_view kPrefix = "reports/";

constexpr ReportKind kReports[] = {
    {"complaints", "Complaints",
     "Complaints opened and resolved by period, product and cause: the share upheld in full or in part, redress, how long "
     "they took, and what clients said. Each number opens its events.",
     statistics::StatisticsView::kName, true, &MakeComplaintsReport},
    {"service_quality", "Service quality",
     "How long acknowledging and resolving took, how clocks ended, how content clients said they were, and which promises "
     "were kept in time. Each number opens its events.",
     statistics::StatisticsView::kName, true, &MakeServiceQualityReport},
    {"channel_mix", "Channel mix",
     "Contacts by channel and direction: how many, of how many different clients, how long. Each number opens its events.",
     statistics::StatisticsView::kName, true, &MakeChannelMixReport},
    {"satisfaction", "Satisfaction and loyalty",
     "How content clients said they were, by broker, product, branch and channel, each number opening its answers; and of "
     "those who answered in these months, how many stayed, by how long they have been clients.",
     statistics::StatisticsView::kName, true, &MakeSatisfactionReport},
    {"call_backs", "Call-back programmes",
     "What each programme had to reach in each year that the days touch, whom it chose, whom it reached, and how many of "
     "those calls were late or not independent.",
     "programme", true, &MakeCallBacksReport},
    {"open_cases", "Open cases",
     "Every open case by when its next action is due: what, by whom, overdue or not, its nearest clock, its age. As it is "
     "now; days are of no use.",
     "case", false, &MakeOpenCasesReport},
};

StatusOr<const ReportKind*> FindReport(std::string_view name) {
  std::string known;
  for (const ReportKind& report : kReports) {
    if (name.starts_with(kPrefix) && name.substr(kPrefix.size()) == report.name) return &report;
    known += fmt::format(" \"{}{}\"", kPrefix, report.name);
  }
  return WithReason(NotFound("report \"{}\" is none; there are{}", name.substr(0, 80), known), "REPORT_NOT_FOUND",
                    "name");
}

Status ReadDays(const v1::RunReportRequest& request, DaySpan* days) {
  ASSIGN_OR_RETURN(days->from_day, ParseDay(request.from_day(), "from_day"));
  ASSIGN_OR_RETURN(days->to_day, ParseDay(request.to_day(), "to_day"));
  if (days->from_day > days->to_day)
    return WithReason(InvalidArgument("from_day {} is after to_day {}", request.from_day(), request.to_day()),
                      "DAYS_REVERSED", "from_day");
  if (days->days() > kMostDays)
    return WithReason(InvalidArgument("from_day {} to to_day {} are {} days; {} are the most", request.from_day(),
                                      request.to_day(), days->days(), kMostDays),
                      "DAYS_TOO_MANY", "to_day");
  return OkStatus();
}

class ReportService final : public v1::ReportService::CallbackService {
 public:
  ReportService(engine::Engine& engine, const QueryOptions& options)
      : engine_(engine), options_(options), past_(engine, options),
        tokens_(options.token_key, engine.log_identity().id) {}

  ServerUnaryReactor* ListReports(CallbackServerContext* context, const v1::ListReportsRequest* request,
                                  v1::ListReportsResponse* response) override {
    if (auto* past = past_.Answer(context, &ReportService::ListReports, request, response)) return past;
    for (const ReportKind& report : kReports) {
      auto* shown = response->add_reports();
      shown->set_name(fmt::format("{}{}", kPrefix, report.name));
      shown->set_title(std::string(report.title));
      shown->set_description(std::string(report.description));
    }
    return AnswerNow(context, OkStatus());
  }

  ServerUnaryReactor* RunReport(CallbackServerContext* context, const v1::RunReportRequest* request,
                                v1::Report* response) override {
    if (auto* past = past_.Answer(context, &ReportService::RunReport, request, response)) return past;
    const auto kind = FindReport(request->name());
    if (!kind.ok()) return AnswerNow(context, kind.status());
    const Work work = [=, this] { return Run(KeepsGoing(context), **kind, *request, response); };
    auto position = ReadPosition(engine_, request->min_position(), "min_position");
    // Walks many rows: not on a thread that serves others.
    if (position.ok() && !position->has_value()) return AnswerLater(context, work);
    return AnswerWhenReached(context, engine_, (*kind)->view, position, work);
  }

 private:
  Status Run(std::function<Status()> keeps_going, const ReportKind& kind, const v1::RunReportRequest& request,
             v1::Report* report) const {
    DaySpan days;
    if (kind.has_days) RETURN_IF_ERROR(ReadDays(request, &days));
    if (!v1::Granularity_IsValid(request.granularity()))
      return WithReason(InvalidArgument("granularity {} is none", static_cast<int>(request.granularity())),
                        "GRANULARITY_INVALID", "granularity");
    if (request.quotes() < 0 || request.quotes() > kMostQuotes)
      return WithReason(InvalidArgument("quotes {}: 0 to {} a line", request.quotes(), kMostQuotes), "QUOTES_INVALID",
                        "quotes");
    ASSIGN_OR_RETURN(const absl::Time as_of, TimeOrNow(engine_, request.has_as_of(), request.as_of(), "as_of"));
    ASSIGN_OR_RETURN(UnitLens lens, LookThrough(engine_, request.unit_id(), {}));
    const Moment moment = Moment::Now(engine_);
    size_t bytes_left = options_.max_page_bytes;
    const ReportQuestion question{moment,           tokens_,
                                  std::move(lens),  days,
                                  request.granularity(), as_of,
                                  request.quotes(), std::move(keeps_going),
                                  &bytes_left};
    report->set_name(request.name());
    report->set_title(question.lens.title.empty() ? std::string(kind.title)
                                                  : fmt::format("{}: {}", kind.title, question.lens.title));
    if (kind.has_days) {
      report->set_from_day(request.from_day());
      report->set_to_day(request.to_day());
    }
    *report->mutable_as_of() = ToProto(as_of);
    RETURN_IF_ERROR(kind.make(question, report));
    report->set_position(moment.PositionOf(kind.view));
    return OkStatus();
  }

  engine::Engine& engine_;
  const QueryOptions options_;
  const PastOf<ReportService> past_;
  const CellTokens tokens_;
};

}  // namespace

TableWriter::TableWriter(const ReportQuestion& question, v1::Report* report, std::string_view title,
                         const Columns& columns)
    : question_(question), table_(report->add_tables()) {
  table_->set_title(std::string(title));
  for (const auto& [name, kind] : columns) {
    auto* column = table_->add_columns();
    column->set_title(name);
    column->set_kind(kind);
  }
}

v1::ReportRow* TableWriter::AddRow() {
  EndRow();
  table_->set_rows_total(table_->rows_total() + 1);
  if (table_->rows_size() >= kMostReportRows || *question_.bytes_left == 0) return nullptr;
  in_row_ = true;
  return table_->add_rows();
}

// The row that grew past what is left stays: answers have some room to spare.
void TableWriter::EndRow() {
  if (!in_row_) return;
  in_row_ = false;
  const size_t bytes = table_->rows().rbegin()->ByteSizeLong();
  *question_.bytes_left -= std::min(*question_.bytes_left, bytes);
}

std::unique_ptr<grpc::Service> MakeReportService(engine::Engine& engine, const QueryOptions& options) {
  return std::make_unique<ReportService>(engine, options);
}

}  // namespace kefu::query
