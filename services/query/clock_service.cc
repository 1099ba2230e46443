#include <absl/time/clock.h>
#include <grpcpp/support/server_callback.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "kefu/query/v1/clock.grpc.pb.h"
#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/calendar/due.h"
#include "platform/rpc/status.h"
#include "services/query/clock_list.h"
#include "services/query/clock_rows.h"
#include "services/query/clock_simulation.h"
#include "services/query/later.h"
#include "services/query/page.h"
#include "services/query/past.h"
#include "services/query/query_services.h"
#include "services/query/refused_stream.h"
#include "services/query/request_time.h"
#include "services/query/unary.h"

namespace kefu::query {
namespace {

namespace v1 = query::v1;
using calendar::CalendarFault;
using clock::ClockView;
using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

constexpr std::string_view kView = ClockView::kName;
// Reference data is judged in partition 0, and there first.
constexpr Partition kHome(0);
// How far one explanation may go: more waits than a case can have.
constexpr int kMostPauses = 200;

Status Wrong(std::string_view reason, std::string_view field, std::string what) {
  return WithReason(InvalidArgument("{}", what), reason, field);
}

Status CheckExplain(const v1::ExplainDueTimeRequest& request) {
  if (!calendar::IsDueTime(request.due()))
    return Wrong("DUE_TIME_INVALID", "due",
                 "due: amount, unit, period and ends do not fit each other; docs/CLOCKS.md has the rules");
  if (!request.has_started_at()) return Wrong("TIME_MISSING", "started_at", "started_at is missing");
  if (request.pauses_size() > kMostPauses)
    return Wrong("PAUSES_TOO_MANY", "pauses", fmt::format("more than {} pauses", kMostPauses));
  if (request.pause_rule().limit() < 0)
    return Wrong("RANGE_INVALID", "pause_rule.limit", "pause_rule.limit is negative");
  if (!request.has_calendar()) return OkStatus();
  if (const CalendarFault fault = calendar::CheckCalendar(request.calendar()); fault != CalendarFault::kNone)
    return Wrong("CALENDAR_INVALID", "calendar", fmt::format("calendar: {}", calendar::NameOf(fault)));
  return OkStatus();
}

// Those that the rule lets stand still, in their order.
std::vector<calendar::Pause> PausesOf(const v1::ExplainDueTimeRequest& request) {
  std::vector<calendar::Pause> pauses;
  const auto& on = request.pause_rule().waiting_on();
  for (const v1::ClockPause& pause : request.pauses()) {
    if (std::find(on.begin(), on.end(), static_cast<int>(pause.waiting_on())) == on.end()) continue;
    pauses.push_back(
        {FromProto(pause.from()), pause.has_until() ? FromProto(pause.until()) : absl::InfiniteFuture(), 0});
  }
  std::stable_sort(pauses.begin(), pauses.end(), [](const auto& a, const auto& b) { return a.from < b.from; });
  return pauses;
}

// Computes all there is to send on a thread of gRPC, then sends it.
class SimulationStream final : public grpc::ServerWriteReactor<v1::SimulatePolicyResponse> {
 public:
  using Made = StatusOr<std::vector<v1::SimulatePolicyResponse>>;

  void Send(Made made) {
    if (!made.ok()) return Finish(rpc::ToGrpc(made.status()));
    responses_ = *std::move(made);
    Next();
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status(grpc::StatusCode::CANCELLED, "the caller went away"));
    Next();
  }
  void OnDone() override { delete this; }

 private:
  void Next() {
    if (place_ == responses_.size()) return Finish(grpc::Status::OK);
    StartWrite(&responses_[place_++]);
  }
  std::vector<v1::SimulatePolicyResponse> responses_;
  size_t place_ = 0;
};

class ClockService final : public v1::ClockService::CallbackService {
 public:
  ClockService(engine::Engine& engine, const QueryOptions& options)
      : engine_(engine), options_(options), past_(engine, options), tokens_(options.token_key) {}

  ServerUnaryReactor* ListClocks(CallbackServerContext* context, const v1::ListClocksRequest* request,
                                 v1::ListClocksResponse* response) override {
    if (auto* past = past_.Answer(context, &ClockService::ListClocks, request, response)) return past;
    auto position = ReadPosition(engine_, request->min_position(), "min_position");
    const auto work = [=, this] { return List(KeepsGoing(context), *request, response); };
    // Counting walks all there is: not on a thread that serves others.
    if (request->show_total_size() && position.ok() && !position->has_value()) return AnswerLater(context, work);
    return AnswerWhenReached(context, engine_, kView, position, work);
  }

  ServerUnaryReactor* ExplainDueTime(CallbackServerContext* context, const v1::ExplainDueTimeRequest* request,
                                     v1::ExplainDueTimeResponse* response) override {
    if (auto* past = past_.Answer(context, &ClockService::ExplainDueTime, request, response)) return past;
    return AnswerNow(context, Explain(*request, response));
  }

  grpc::ServerWriteReactor<v1::SimulatePolicyResponse>* SimulatePolicy(
      CallbackServerContext* context, const v1::SimulatePolicyRequest* request) override {
    if (const Status present = CheckPresent(*context); !present.ok())
      return new RefusedStream<v1::SimulatePolicyResponse>(present);
    if (const Status fit = CheckSimulation(*request); !fit.ok())
      return new RefusedStream<v1::SimulatePolicyResponse>(fit);
    const auto position = ReadPosition(engine_, request->min_position(), "min_position");
    if (!position.ok()) return new RefusedStream<v1::SimulatePolicyResponse>(position.status());
    auto* stream = new SimulationStream;
    // A stream has no deadline of its own: a branch may be large.
    const auto keeps_going = [context] {
      return context->IsCancelled() ? Cancelled("the caller went away") : OkStatus();
    };
    const auto run = [this, stream, keeps_going, request = *request] {
      const absl::Time as_of = request.has_as_of() ? FromProto(request.as_of()) : absl::Now();
      stream->Send(Simulate(Moment::Now(engine_), request, as_of, keeps_going));
    };
    if (!position->has_value()) {
      RunSoon(run);
      return stream;
    }
    WhenReached(engine_, std::string(kView), **position, absl::Now() + kLongestWait,
                [stream, run](const Status& status) {
                  if (!status.ok()) return stream->Send(status);
                  RunSoon(run);
                });
    return stream;
  }

 private:
  Moment MomentFor(const ClockQuery& query) const {
    return query.client_id.empty()
               ? Moment::Now(engine_)
               : Moment::Now(engine_, Partition(PartitionForKey(query.client_id, engine_.partitions())));
  }

  Status List(std::function<Status()> keeps_going, const v1::ListClocksRequest& request,
              v1::ListClocksResponse* response) const {
    ASSIGN_OR_RETURN(const int32_t size, PageSize(request.page_size()));
    ASSIGN_OR_RETURN(const ClockQuery query, ClockQuery::Read(request, NowOf(engine_)));
    ASSIGN_OR_RETURN(const std::string after, tokens_.Open(request.page_token(), query.hash));
    const Moment moment = MomentFor(query);
    if (request.show_total_size()) {
      ASSIGN_OR_RETURN(const int64_t total, CountClocks(moment, query, keeps_going));
      response->set_total_size(total);
    }
    const PageLimits limits = LimitsOf(options_, size, std::move(keeps_going));
    ASSIGN_OR_RETURN(const std::string cursor, FillClocks(moment, query, limits, after, response));
    if (!cursor.empty()) response->set_next_page_token(tokens_.Make(query.hash, cursor));
    response->set_position(moment.PositionOf(kView));
    return OkStatus();
  }

  Status Explain(const v1::ExplainDueTimeRequest& request, v1::ExplainDueTimeResponse* response) const {
    RETURN_IF_ERROR(CheckExplain(request));
    const Moment moment = Moment::Now(engine_, kHome);
    PublishedPolicies published(moment.front());
    const auto* calendar = request.has_calendar() ? &request.calendar() : nullptr;
    if (calendar == nullptr) {
      const std::string& id = request.due().calendar_id();
      const int32_t version =
          request.calendar_version() != 0 ? request.calendar_version() : published.NewestCalendar(id);
      calendar = published.Calendar(id, version);
      RETURN_IF_ERROR(published.fault());
      if (calendar == nullptr)
        return WithReason(
            NotFound("calendar \"{}\"{} is not published; give one with the request, or publish it", id,
                     request.calendar_version() == 0 ? "" : fmt::format(" version {}", request.calendar_version())),
            "CALENDAR_NOT_FOUND", "due.calendar_id");
    }
    std::optional<absl::Time> external;
    if (request.has_external_due_at()) external = FromProto(request.external_due_at());
    const int32_t limit = request.pause_rule().limit();
    std::vector<std::string> steps;
    const auto due = calendar::DueOf(request.due(), calendar::Calendar(*calendar), FromProto(request.started_at()),
                                     PausesOf(request), {&limit, 1}, external, &steps);
    if (due.due_at != absl::InfiniteFuture()) *response->mutable_due_at() = ToProto(due.due_at);
    response->mutable_calendar()->set_calendar_id(calendar->calendar_id());
    response->mutable_calendar()->set_version(calendar->version());
    response->set_beyond_calendar(due.beyond_calendar);
    for (std::string& step : steps) response->add_steps(std::move(step));
    response->set_position(moment.PositionOf(kView));
    return OkStatus();
  }

  engine::Engine& engine_;
  const QueryOptions options_;
  const PastOf<ClockService> past_;
  const PageTokens tokens_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeClockService(engine::Engine& engine, const QueryOptions& options) {
  return std::make_unique<ClockService>(engine, options);
}

}  // namespace kefu::query
