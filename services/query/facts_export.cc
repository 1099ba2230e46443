#include "services/query/facts_export.h"

#include <algorithm>

#include "platform/base/reason.h"
#include "platform/rpc/status.h"
#include "projections/activity/activity.h"
#include "projections/activity/facts.h"
#include "projections/activity/months.h"
#include "projections/sdk/branch_time.h"
#include "services/query/later.h"

namespace kefu::query {
namespace {

constexpr int kMostFacts = 256;
constexpr int kMostMonths = 24;
constexpr int32_t kLongestHorizon = 12;

}  // namespace

Status CheckExport(const query::v1::ExportClientFactsRequest& request, absl::Time now) {
  if (request.months().empty()) return WithReason(InvalidArgument("no month is asked for"), "MONTHS_MISSING", "months");
  if (request.months_size() > kMostMonths)
    return WithReason(InvalidArgument("{} months are more than {}", request.months_size(), kMostMonths),
                      "TOO_MANY_MONTHS", "months");
  if (request.horizon_months() < 1 || request.horizon_months() > kLongestHorizon)
    return WithReason(InvalidArgument("horizon_months must be 1 to {}", kLongestHorizon), "HORIZON_INVALID",
                      "horizon_months");
  if (request.assets_left_bp() < 0 || request.assets_left_bp() > 10'000)
    return WithReason(InvalidArgument("assets_left_bp must be 0 to 10,000"), "ASSETS_LEFT_INVALID", "assets_left_bp");
  const int32_t present = activity::MonthOf(sdk::BranchDayOf(now));
  for (const int32_t month : request.months()) {
    if (month < 0) return WithReason(InvalidArgument("month {} is before 1970", month), "MONTH_INVALID", "months");
    if (month > present - request.horizon_months())
      return WithReason(
          InvalidArgument("what became of clients {} months after month {} is not known yet: it is month {} now",
                          request.horizon_months(), month, present),
          "MONTH_NOT_PAST", "months");
  }
  return OkStatus();
}

FactsExport::FactsExport(Moment moment, const query::v1::ExportClientFactsRequest& request,
                         std::shared_ptr<const std::atomic<bool>> ending)
    : moment_(std::move(moment)), request_(request), ending_(std::move(ending)) {}

void FactsExport::Start() {
  // Walks rows: not on a thread that serves others.
  RunSoon([this] { GoOn(); });
}

void FactsExport::OnCancel() { cancelled_ = true; }

void FactsExport::OnWriteDone(bool ok) {
  if (!ok) return Finish(grpc::Status(grpc::StatusCode::CANCELLED, "the caller has gone"));
  if (said_position_) return Finish(grpc::Status::OK);
  RunSoon([this] { GoOn(); });
}

void FactsExport::GoOn() {
  if (cancelled_) return Finish(grpc::Status(grpc::StatusCode::CANCELLED, "the caller has gone"));
  if (*ending_) return Finish(rpc::ToGrpc(Unavailable("the server ends; ask again")));
  message_.Clear();
  const auto more = Fill();
  if (!more.ok()) return Finish(rpc::ToGrpc(more.status()));
  if (message_.facts().empty()) {
    // A message without facts before the end: rows without any were many. Nothing is written, and the thread is given
    // back.
    if (*more) return RunSoon([this] { GoOn(); });
    message_.set_position(moment_.PositionOf(activity::ActivityView::kName));
    said_position_ = true;
  }
  StartWrite(&message_);
}

// False: there are no more rows.
StatusOr<bool> FactsExport::Fill() {
  constexpr int kMostRows = 20'000;
  query::v1::ClientActivity client;
  for (int rows = 0; rows < kMostRows; ++rows) {
    if (cursor_ == nullptr) {
      if (partition_ == moment_.partitions().size()) return false;
      ASSIGN_OR_RETURN(cursor_, moment_.partitions()[partition_]->Scan(activity::ActivityView::kName,
                                                                       activity::Clients::kName, {}, {}));
    }
    if (!cursor_->Valid()) {
      RETURN_IF_ERROR(cursor_->status());
      cursor_ = nullptr;
      ++partition_;
      continue;
    }
    // A client's months stay together.
    if (message_.facts_size() + request_.months_size() > kMostFacts) return true;
    if (!client.ParseFromArray(cursor_->value().data(), static_cast<int>(cursor_->value().size())))
      return DataLoss("a client's activity cannot be read; rebuild the view {}", activity::ActivityView::kName);
    for (const int32_t month : request_.months())
      if (auto told = activity::FactsOfMonth(client, month, request_.horizon_months(), request_.assets_left_bp()))
        *message_.add_facts() = *std::move(told);
    cursor_->Next();
  }
  return true;
}

}  // namespace kefu::query
