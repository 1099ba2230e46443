#include "services/returns/returns.h"

#include <absl/time/clock.h>
#include <google/protobuf/util/json_util.h>
#include <grpcpp/client_context.h>

#include <algorithm>
#include <charconv>

#include "kefu/query/v1/report.grpc.pb.h"
#include "kefu/query/v1/statistics.grpc.pb.h"
#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "platform/codec/key.h"
#include "platform/event/broadcast.h"
#include "platform/event/record.h"
#include "platform/event/validate.h"
#include "platform/rpc/status.h"
#include "projections/filing/filing.h"
#include "services/returns/difference.h"
#include "services/report_form/csv.h"

namespace kefu::returns {
namespace {

using events::v1::RegulatoryReturnFiled;
using filing::FilingView;

constexpr size_t kMostIdBytes = 64;
constexpr int32_t kUsualPage = 50;
constexpr int32_t kLargestPage = 1'000;
constexpr absl::Duration kPatience = absl::Minutes(10);
constexpr absl::Duration kRecordPatience = absl::Seconds(30);

bool IsVisibleAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

StatusOr<query::v1::RunReportRequest> ReadRequest(const std::string& json) {
  query::v1::RunReportRequest request;
  const auto parsed = google::protobuf::util::JsonStringToMessage(json, &request);
  if (!parsed.ok())
    return WithReason(InvalidArgument("request is no RunReportRequest as JSON: {}",
                                      std::string_view(parsed.message().data(), parsed.message().size())),
                      "REQUEST_INVALID", "request");
  if (!request.min_position().empty())
    return WithReason(InvalidArgument("request.min_position must be empty: the return keeps the position it was made at"),
                      "REQUEST_INVALID", "request.min_position");
  if (!request.has_as_of())
    return WithReason(InvalidArgument("request.as_of is missing: what is overdue must be judged at the same moment for "
                                      "ever"),
                      "AS_OF_MISSING", "request.as_of");
  return request;
}

std::unique_ptr<grpc::ClientContext> ContextOf(const AskedViews& views) {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
  if (!views.as_of.empty()) context->AddMetadata("kefu-as-of", views.as_of);
  return context;
}

StatusOr<query::v1::Report> RunReport(const AskedViews& views, const query::v1::RunReportRequest& request) {
  const auto context = ContextOf(views);
  query::v1::Report report;
  const grpc::Status ran = query::v1::ReportService::NewStub(views.channel)->RunReport(context.get(), request, &report);
  if (!ran.ok()) return rpc::FromGrpc(ran);
  for (const auto& table : report.tables())
    if (table.rows_total() > table.rows_size())
      return WithReason(InvalidArgument("table \"{}\" has {} rows and only {} fit: a return must be whole; ask for fewer days, "
                                        "a coarser period or one unit",
                                        table.title(), table.rows_total(), table.rows_size()),
                        "RETURN_TOO_LARGE", "request");
  return report;
}

OpenCell CellsOf(const AskedViews& views) {
  return [&views](const std::string& token) -> StatusOr<std::vector<query::v1::TimelineEntry>> {
    const auto stub = query::v1::StatisticsService::NewStub(views.channel);
    std::vector<query::v1::TimelineEntry> events;
    query::v1::ListCellEventsRequest request;
    request.set_cell_token(token);
    request.set_page_size(kLargestPage);
    do {
      const auto context = ContextOf(views);
      query::v1::ListCellEventsResponse page;
      const grpc::Status listed = stub->ListCellEvents(context.get(), request, &page);
      if (!listed.ok()) return rpc::FromGrpc(listed);
      std::move(page.mutable_events()->begin(), page.mutable_events()->end(), std::back_inserter(events));
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return events;
  };
}

std::string EventIdOf(const std::string& return_id) { return fmt::format("return-filed/{}", return_id); }

Status Exists(const std::string& return_id) {
  return WithReason(AlreadyExists("a return with the id \"{}\" is filed already; give this one another id", return_id),
                    "RETURN_EXISTS", "return_id");
}

}  // namespace

Returns::Returns(engine::Engine& engine, log::EventLog& log, OpenViews open, std::string program_version, Clock* clock)
    : engine_(engine),
      log_(log),
      open_(std::move(open)),
      program_version_(std::move(program_version)),
      clock_(clock) {}

StatusOr<std::optional<audit::v1::FiledReturn>> Returns::Find(const std::string& return_id) const {
  store::PinnedValue stored;
  ASSIGN_OR_RETURN(const bool found, engine_.At(event::kHomeOfLogFacts)
                                         ->Get(FilingView::kName, filing::Filings::kName,
                                               filing::Filings::Key::Encode(return_id), &stored));
  if (!found) return std::optional<audit::v1::FiledReturn>();
  audit::v1::FiledReturn row;
  if (!row.ParseFromArray(stored.view().data(), static_cast<int>(stored.view().size())))
    return DataLoss("the return \"{}\" cannot be read; rebuild the view {}", return_id, FilingView::kName);
  return std::optional<audit::v1::FiledReturn>(std::move(row));
}

StatusOr<Offset> Returns::Record(const audit::v1::FileReturnRequest& request, RegulatoryReturnFiled filed) {
  const absl::Time now = clock_->Now();
  events::v1::Event event;
  event.set_event_id(EventIdOf(request.return_id()));
  *event.mutable_occurred_at() = ToProto(now);
  event.set_source("kefud.audit");
  event.mutable_actor()->set_kind(events::v1::ACTOR_KIND_STAFF);
  event.mutable_actor()->set_id(request.access().actor_id());
  *event.mutable_regulatory_return_filed() = std::move(filed);
  event::EventLimits limits;
  limits.reserved_allowed = true;
  RETURN_IF_ERROR(event::Validate(event, now, limits));
  const auto at = log::AppendAndWait(log_, event::kHomeOfLogFacts, {{std::string(), event::RecordedBytes(event, now)}},
                                     absl::Now() + kRecordPatience);
  if (!at.ok())
    return WithReason(Unavailable("the return could not be recorded, so it is not filed: {}; try again",
                                  ToString(at.status())),
                      "RETURN_NOT_RECORDED");
  RETURN_IF_ERROR(engine_.WaitFor(event::kHomeOfLogFacts, at->Next(), absl::Now() + kRecordPatience));
  return *at;
}

Status Returns::File(const audit::v1::FileReturnRequest& request, audit::v1::FileReturnResponse* response) {
  const std::string& id = request.return_id();
  if (id.empty() || id.size() > kMostIdBytes || !IsVisibleAscii(id))
    return WithReason(InvalidArgument("return_id must be 1 to {} visible ASCII characters", kMostIdBytes),
                      "RETURN_ID_INVALID", "return_id");
  ASSIGN_OR_RETURN(const auto question, ReadRequest(request.request()));
  ASSIGN_OR_RETURN(const auto before, Find(id));
  if (before) return Exists(id);
  ASSIGN_OR_RETURN(const AskedViews views, open_(std::nullopt));
  ASSIGN_OR_RETURN(const query::v1::Report report, RunReport(views, question));
  response->set_csv(report_form::ReportCsv(report));

  RegulatoryReturnFiled filed;
  filed.set_return_id(id);
  filed.set_request(request.request());
  filed.set_position(report.position());
  const Sha256Digest digest = Sha256(response->csv());
  filed.set_sha256(std::string(reinterpret_cast<const char*>(digest.data()), digest.size()));
  filed.set_size_bytes(static_cast<int64_t>(response->csv().size()));
  filed.set_program_version(program_version_);
  filed.set_addressee(request.addressee());
  filed.set_note(request.note());
  ASSIGN_OR_RETURN(const Offset at, Record(request, std::move(filed)));
  // Of two at once the first on the log stands.
  ASSIGN_OR_RETURN(auto now, Find(id));
  if (!now || now->offset() != at.value()) return Exists(id);
  *response->mutable_filed() = *std::move(now);
  return OkStatus();
}

Status Returns::Get(const audit::v1::GetFiledReturnRequest& request, audit::v1::GetFiledReturnResponse* response) {
  ASSIGN_OR_RETURN(auto found, Find(request.return_id()));
  if (!found)
    return WithReason(NotFound("no return with the id \"{}\" is filed", request.return_id().substr(0, 160)),
                      "RETURN_NOT_FOUND", "return_id");
  ASSIGN_OR_RETURN(const auto question, ReadRequest(found->filed().request()));
  const auto position =
      log::Position::Decode(found->filed().position(), engine_.log_identity().id, engine_.partitions());
  if (!position.ok()) return WithReason(Annotate(position.status(), "filed position"), "POSITION_INVALID");
  ASSIGN_OR_RETURN(const AskedViews then, open_(*position));
  ASSIGN_OR_RETURN(const query::v1::Report filed, RunReport(then, question));
  const std::string csv = report_form::ReportCsv(filed);
  const Sha256Digest digest = Sha256(csv);
  response->set_same_bytes(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()) ==
                           found->filed().sha256());
  *response->mutable_filed() = *std::move(found);
  if (!request.restated()) {
    response->set_csv(csv);
    return OkStatus();
  }
  ASSIGN_OR_RETURN(const AskedViews now, open_(std::nullopt));
  ASSIGN_OR_RETURN(const query::v1::Report restated, RunReport(now, question));
  response->set_csv(report_form::ReportCsv(restated));
  return AddDifferences(filed, restated, CellsOf(then), CellsOf(now),
                        [this](audit::v1::RecordedEvent* event) -> Status {
                          ASSIGN_OR_RETURN(*event->mutable_record(),
                                           log_.ReadOne(Partition(event->partition()), Offset(event->offset())));
                          return OkStatus();
                        },
                        response);
}

Status Returns::List(const audit::v1::ListFiledReturnsRequest& request, audit::v1::ListFiledReturnsResponse* response) const {
  if (request.page_size() < 0)
    return WithReason(InvalidArgument("page_size {} is negative", request.page_size()), "PAGE_SIZE_NEGATIVE", "page_size");
  const int32_t size = request.page_size() == 0 ? kUsualPage : std::min(request.page_size(), kLargestPage);
  std::string upper;
  if (!request.page_token().empty()) {
    int64_t before = -1;
    const char* const end = request.page_token().data() + request.page_token().size();
    const auto read = std::from_chars(request.page_token().data(), end, before);
    if (read.ec != std::errc() || read.ptr != end || before < 0)
      return WithReason(InvalidArgument("page_token is none of this list"), "PAGE_TOKEN_INVALID", "page_token");
    upper = codec::Key(Offset(before));
  }
  const auto view = engine_.At(event::kHomeOfLogFacts);
  ASSIGN_OR_RETURN(const auto cursor, view->Scan(FilingView::kName, filing::FilingsByOffset::kName, {}, upper,
                                                 store::Order::kDescending));
  for (; cursor->Valid(); cursor->Next()) {
    if (response->returns_size() == size) {
      response->set_next_page_token(std::to_string(response->returns().rbegin()->offset()));
      return OkStatus();
    }
    store::PinnedValue stored;
    ASSIGN_OR_RETURN(const bool found, view->Get(FilingView::kName, filing::Filings::kName, cursor->value(), &stored));
    if (!found || !response->add_returns()->ParseFromArray(stored.view().data(), static_cast<int>(stored.view().size())))
      return DataLoss("a filed return is in an index and cannot be read; rebuild the view {}", FilingView::kName);
  }
  return cursor->status();
}

}  // namespace kefu::returns
