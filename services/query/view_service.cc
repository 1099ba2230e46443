#include <google/protobuf/util/json_util.h>
#include <grpcpp/support/server_callback.h>

#include <algorithm>
#include <memory>

#include "kefu/admin/v1/view.grpc.pb.h"
#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/codec/key.h"
#include "services/query/browse.h"
#include "services/query/mask.h"
#include "services/query/names.h"
#include "services/query/page.h"
#include "services/query/past.h"
#include "services/query/query_services.h"
#include "services/query/unary.h"

namespace kefu::query {
namespace {

namespace v1 = admin::v1;
using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

constexpr int kUsualDifferences = 20;
constexpr int kMostDifferences = 1'000;
constexpr size_t kMostActorBytes = 64;
constexpr size_t kMostReasonBytes = 2'000;

// Rows are shown like those that are browsed.
void MaskDifference(const engine::Engine& engine, const std::string& view, v1::RowDifference* difference) {
  const auto found = FindTable(engine, view, difference->table());
  for (std::string* json : {difference->mutable_serving(), difference->mutable_other()}) {
    if (json->empty()) continue;
    const auto* prototype = found.ok() ? found->table->prototype : nullptr;
    const std::unique_ptr<google::protobuf::Message> row(prototype == nullptr ? nullptr : prototype->New());
    if (row == nullptr || !google::protobuf::util::JsonStringToMessage(*json, row.get()).ok()) {
      *json = fmt::format("\"{}\"", kMasked);
      continue;
    }
    MaskPersonalData(row.get());
    json->clear();
    if (!google::protobuf::util::MessageToJsonString(*row, json).ok()) *json = fmt::format("\"{}\"", kMasked);
  }
}

class ViewService final : public v1::ViewService::CallbackService {
 public:
  ViewService(engine::Engine& engine, const QueryOptions& options)
      : engine_(engine), options_(options), past_(engine, options), tokens_(options.token_key) {}

  ServerUnaryReactor* ListViews(CallbackServerContext* context, const v1::ListViewsRequest* request,
                                v1::ListViewsResponse* response) override {
    if (auto* past = past_.Answer(context, &ViewService::ListViews, request, response)) return past;
    return AnswerLater(context, [=, this] {
      for (v1::View& view : engine_.Describe()) *response->add_views() = std::move(view);
      return OkStatus();
    });
  }

  ServerUnaryReactor* GetView(CallbackServerContext* context, const v1::GetViewRequest* request,
                              v1::View* response) override {
    if (auto* past = past_.Answer(context, &ViewService::GetView, request, response)) return past;
    return AnswerLater(context, [=, this]() -> Status {
      ASSIGN_OR_RETURN(const std::string view, Known(request->name(), "name"));
      return Describe(view, response);
    });
  }

  ServerUnaryReactor* BrowseRows(CallbackServerContext* context, const v1::BrowseRowsRequest* request,
                                 v1::BrowseRowsResponse* response) override {
    if (auto* past = past_.Answer(context, &ViewService::BrowseRows, request, response)) return past;
    return AnswerNow(context, Browse(KeepsGoing(context), *request, response));
  }

  ServerUnaryReactor* DigestView(CallbackServerContext* context, const v1::DigestViewRequest* request,
                                 v1::DigestViewResponse* response) override {
    if (auto* past = past_.Answer(context, &ViewService::DigestView, request, response)) return past;
    const auto view = Known(request->name(), "name");
    if (!view.ok()) return AnswerNow(context, view.status());
    const auto position = ReadPosition(engine_, request->min_position(), "min_position");
    const auto work = [=, this, name = *view] { return Digest(KeepsGoing(context), name, response); };
    if (position.ok() && !position->has_value()) return AnswerLater(context, work);
    return AnswerWhenReached(context, engine_, *view, position, work);
  }

  ServerUnaryReactor* RebuildView(CallbackServerContext* context, const v1::RebuildViewRequest* request,
                                  v1::RebuildViewResponse* response) override {
    if (const Status present = CheckPresent(*context); !present.ok()) return AnswerNow(context, present);
    return AnswerLater(context, [=, this]() -> Status {
      ASSIGN_OR_RETURN(const std::string view, Known(request->name(), "name"));
      RETURN_IF_ERROR(engine_.Rebuild(view));
      return Describe(view, response->mutable_view());
    });
  }

  ServerUnaryReactor* CompareBuilds(CallbackServerContext* context, const v1::CompareBuildsRequest* request,
                                    v1::CompareBuildsResponse* response) override {
    if (auto* past = past_.Answer(context, &ViewService::CompareBuilds, request, response)) return past;
    return AnswerLater(context, [=, this]() -> Status {
      ASSIGN_OR_RETURN(const std::string view, Known(request->name(), "name"));
      if (request->limit() < 0 || request->limit() > kMostDifferences)
        return WithReason(InvalidArgument("limit {}: 0 to {}", request->limit(), kMostDifferences), "LIMIT_INVALID",
                          "limit");
      auto compared = engine_.CompareBuilds(view, request->limit() == 0 ? kUsualDifferences : request->limit());
      if (compared.status().code() == StatusCode::kFailedPrecondition)
        return WithReason(compared.status(), "BUILDS_NOT_COMPARABLE", "name");
      RETURN_IF_ERROR(compared.status());
      *response = *std::move(compared);
      if (!options_.unmask_browse)
        for (auto& difference : *response->mutable_differences()) MaskDifference(engine_, view, &difference);
      return OkStatus();
    });
  }

  ServerUnaryReactor* SwitchView(CallbackServerContext* context, const v1::SwitchViewRequest* request,
                                 v1::SwitchViewResponse* response) override {
    if (const Status present = CheckPresent(*context); !present.ok()) return AnswerNow(context, present);
    return AnswerLater(context, [=, this]() -> Status {
      ASSIGN_OR_RETURN(const std::string view, Known(request->name(), "name"));
      if (request->actor_id().empty() || request->actor_id().size() > kMostActorBytes)
        return WithReason(InvalidArgument("actor_id: who orders it, 1 to {} characters", kMostActorBytes),
                          "ACTOR_INVALID", "actor_id");
      if (request->reason().empty() || request->reason().size() > kMostReasonBytes)
        return WithReason(InvalidArgument("reason: why, 1 to {} bytes", kMostReasonBytes), "REASON_MISSING", "reason");
      const Status switched = engine_.SwitchView(view, request->back(), request->actor_id(), request->reason());
      if (switched.code() == StatusCode::kFailedPrecondition) return WithReason(switched, "NO_OTHER_BUILD", "name");
      RETURN_IF_ERROR(switched);
      for (const auto& event : engine_.SwitchesToTell()) {
        if (event.view_switched().view() != view) continue;
        response->set_from_build(event.view_switched().from_build());
        response->set_to_build(event.view_switched().to_build());
      }
      return Describe(view, response->mutable_view());
    });
  }

  ServerUnaryReactor* ListParkedEvents(CallbackServerContext* context, const v1::ListParkedEventsRequest* request,
                                       v1::ListParkedEventsResponse* response) override {
    if (auto* past = past_.Answer(context, &ViewService::ListParkedEvents, request, response)) return past;
    return AnswerLater(context, [=, this] { return ListParked(*request, response); });
  }

  ServerUnaryReactor* RetryParkedEvents(CallbackServerContext* context, const v1::RetryParkedEventsRequest* request,
                                        v1::RetryParkedEventsResponse* response) override {
    if (const Status present = CheckPresent(*context); !present.ok()) return AnswerNow(context, present);
    return AnswerLater(context, [=, this]() -> Status {
      ASSIGN_OR_RETURN(const std::string view, Known(request->name(), "name"));
      ASSIGN_OR_RETURN(const auto retried, engine_.RetryParked(view, request->client_id()));
      response->set_applied(retried.applied);
      response->set_still_parked(retried.still_parked);
      return OkStatus();
    });
  }

  ServerUnaryReactor* GetServerInfo(CallbackServerContext* context, const v1::GetServerInfoRequest*,
                                    v1::ServerInfo* response) override {
    if (const Status present = CheckPresent(*context); !present.ok()) return AnswerNow(context, present);
    const log::Position position = engine_.CurrentPosition();
    response->set_version(options_.version);
    response->set_log_kind(engine_.log_identity().kind);
    response->set_log_id(engine_.log_identity().id);
    response->set_partitions(engine_.partitions());
    int64_t events = 0;
    for (const int64_t next : position.next_offsets) events += next;
    response->set_events(events);
    response->set_position(position.Encode());
    *response->mutable_server_time() = ToProto(absl::Now());
    if (options_.complete_info) options_.complete_info(response);
    return AnswerNow(context, OkStatus());
  }

 private:
  StatusOr<std::string> Known(std::string_view name, std::string_view field) const {
    ASSIGN_OR_RETURN(std::string view, ViewOf(name, field));
    const auto& all = engine_.projections();
    if (std::none_of(all.begin(), all.end(), [&](const auto* projection) { return projection->name == view; }))
      return WithReason(NotFound("there is no view \"{}\"", view), "VIEW_NOT_FOUND", field);
    return view;
  }

  Status Describe(const std::string& view, v1::View* response) const {
    for (v1::View& described : engine_.Describe()) {
      if (described.name() != "views/" + view) continue;
      *response = std::move(described);
      return OkStatus();
    }
    return WithReason(NotFound("there is no view \"{}\"", view), "VIEW_NOT_FOUND", "name");
  }

  Status Browse(std::function<Status()> keeps_going, const v1::BrowseRowsRequest& request,
                v1::BrowseRowsResponse* response) const {
    ASSIGN_OR_RETURN(const int32_t size, PageSize(request.page_size()));
    ASSIGN_OR_RETURN(const std::string view, ViewOf(request.parent(), "parent"));
    ASSIGN_OR_RETURN(auto browse, FindTable(engine_, view, request.table()));
    browse.unmasked = options_.unmask_browse;
    const int32_t only = request.has_partition() ? request.partition() : -1;
    if (only < -1 || only >= engine_.partitions())
      return WithReason(InvalidArgument("partition {}: there are 0 to {}", only, engine_.partitions() - 1),
                        "PARTITION_UNKNOWN", "partition");
    const std::string hash =
        PageTokens::QueryHash({"BrowseRows", request.parent(), browse.table->name, std::to_string(only)});
    ASSIGN_OR_RETURN(const std::string after, tokens_.Open(request.page_token(), hash));
    const Moment moment = only < 0 ? Moment::Now(engine_) : Moment::Now(engine_, Partition(only));
    ASSIGN_OR_RETURN(const std::string cursor,
                     FillRows(moment, browse, after, LimitsOf(options_, size, std::move(keeps_going)), response));
    if (!cursor.empty()) response->set_next_page_token(tokens_.Make(hash, cursor));
    response->set_position(moment.PositionOf(view));
    return OkStatus();
  }

  Status Digest(const std::function<Status()>& keeps_going, const std::string& view,
                v1::DigestViewResponse* response) const {
    log::Position position{engine_.log_identity().id, {}};
    Sha256Stream all;
    for (int32_t p = 0; p < engine_.partitions(); ++p) {
      RETURN_IF_ERROR(keeps_going());
      ASSIGN_OR_RETURN(auto digest, engine_.Digest(view, Partition(p)));
      position.next_offsets.push_back(digest.next_offset());
      all.Update(digest.digest());
      *response->add_partitions() = std::move(digest);
    }
    response->set_digest(Hex(all.Finish()));
    response->set_position(position.Encode());
    return OkStatus();
  }

  // The views that a parent names, in the order of their names.
  StatusOr<std::vector<std::string>> ViewsOf(std::string_view parent) const {
    if (parent != "views/-") {
      ASSIGN_OR_RETURN(std::string view, Known(parent, "parent"));
      return std::vector<std::string>{std::move(view)};
    }
    std::vector<std::string> views;
    for (const auto* projection : engine_.projections()) views.emplace_back(projection->name);
    std::sort(views.begin(), views.end());
    return views;
  }

  Status ListParked(const v1::ListParkedEventsRequest& request, v1::ListParkedEventsResponse* response) const {
    ASSIGN_OR_RETURN(const int32_t size, PageSize(request.page_size()));
    ASSIGN_OR_RETURN(const auto views, ViewsOf(request.parent()));
    const std::string hash = PageTokens::QueryHash({"ListParkedEvents", request.parent(), "", ""});
    ASSIGN_OR_RETURN(const std::string cursor, tokens_.Open(request.page_token(), hash));
    std::string from_view;
    int32_t partition = 0;
    Offset offset(-1);
    // The place of the last event in the answer.
    std::string last;
    std::string_view rest = cursor;
    if (!cursor.empty() &&
        !(codec::TakePart(rest, &from_view) && codec::TakePart(rest, &partition) && codec::TakePart(rest, &offset)))
      return WithReason(InvalidArgument("page_token: broken"), "PAGE_TOKEN_INVALID", "page_token");
    for (const std::string& view : views) {
      if (view < from_view) continue;
      const bool resumed = view == from_view;
      // One more than asked for tells whether there is a next page.
      ASSIGN_OR_RETURN(auto parked,
                       engine_.ListParked(view, Partition(resumed ? partition : 0), resumed ? offset : Offset(-1),
                                          size - response->parked_events_size() + 1));
      for (auto& event : parked) {
        if (response->parked_events_size() == size) {
          response->set_next_page_token(tokens_.Make(hash, last));
          return OkStatus();
        }
        last = codec::Key(view, event.partition(), Offset(event.offset()));
        *response->add_parked_events() = std::move(event);
      }
    }
    return OkStatus();
  }

  engine::Engine& engine_;
  const QueryOptions options_;
  const PastOf<ViewService> past_;
  const PageTokens tokens_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeViewService(engine::Engine& engine, const QueryOptions& options) {
  return std::make_unique<ViewService>(engine, options);
}

}  // namespace kefu::query
