#include <grpcpp/support/server_callback.h>

#include "kefu/query/v1/client.grpc.pb.h"
#include "platform/base/reason.h"
#include "platform/codec/key.h"
#include "platform/rpc/bytes.h"
#include "services/query/client_watch.h"
#include "services/query/filter_fields.h"
#include "services/query/find_clients.h"
#include "services/query/gap.h"
#include "services/query/names.h"
#include "services/query/page.h"
#include "services/query/past.h"
#include "services/query/query_services.h"
#include "services/query/raw_answer.h"
#include "services/query/refused_stream.h"
#include "services/query/timeline.h"
#include "services/query/unary.h"
#include "services/query/union.h"
#include "services/query/united_client.h"

namespace kefu::query {
namespace {

namespace v1 = query::v1;
using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

constexpr std::string_view kView = "client";
constexpr std::string_view kTable = "clients";

using Base = v1::ClientService::WithRawCallbackMethod_GetClient<v1::ClientService::WithRawCallbackMethod_ListClients<
    v1::ClientService::WithCallbackMethod_CountClients<v1::ClientService::WithCallbackMethod_FindClients<
        v1::ClientService::WithCallbackMethod_ListTimeline<
            v1::ClientService::WithCallbackMethod_WatchClient<v1::ClientService::Service>>>>>>;

class ClientService final : public Base, public HasStreams {
 public:
  ClientService(engine::Engine& engine, const QueryOptions& options)
      : engine_(engine), options_(options), past_(engine, options), tokens_(options.token_key),
        hub_(engine, kView, options.heartbeat) {}

  void EndStreams() override { hub_.EndAll(); }

  ServerUnaryReactor* GetClient(CallbackServerContext* context, const grpc::ByteBuffer* bytes,
                                grpc::ByteBuffer* answer) override {
    v1::GetClientRequest request;
    if (!rpc::ParseBuffer(*bytes, &request))
      return AnswerNow(context, InvalidArgument("the request is not a GetClientRequest"));
    auto client = ClientOf(request.name(), "name");
    if (!client.ok()) return AnswerNow(context, client.status());
    if (auto* past = past_.Answer(context, &ClientService::GetClient, bytes, answer, *client)) return past;
    // The usual call: answered on this thread, nothing captured.
    if (request.min_position().empty()) return AnswerNow(context, Get(*client, answer));
    // Before the id moves on: the order of arguments is the compiler's.
    const auto position = OnlyOf(*client, request.min_position());
    return AnswerWhenReached(context, engine_, kView, position,
                             [=, this, client = *std::move(client)] { return Get(client, answer); });
  }

  ServerUnaryReactor* ListClients(CallbackServerContext* context, const grpc::ByteBuffer* bytes,
                                  grpc::ByteBuffer* answer) override {
    if (auto* past = past_.Answer(context, &ClientService::ListClients, bytes, answer)) return past;
    v1::ListClientsRequest request;
    if (!rpc::ParseBuffer(*bytes, &request))
      return AnswerNow(context, InvalidArgument("the request is not a ListClientsRequest"));
    auto position = ReadPosition(engine_, request.min_position(), "min_position");
    return AnswerWhenReached(context, engine_, kView, position, [=, this, request = std::move(request)] {
      return List(KeepsGoing(context), request, answer);
    });
  }

  ServerUnaryReactor* CountClients(CallbackServerContext* context, const v1::CountClientsRequest* request,
                                   v1::CountClientsResponse* response) override {
    if (auto* past = past_.Answer(context, &ClientService::CountClients, request, response)) return past;
    auto position = ReadPosition(engine_, request->min_position(), "min_position");
    const auto work = [=, this] { return Count(KeepsGoing(context), *request, response); };
    // Counting walks all there is: not on a thread that serves others.
    if (position.ok() && !position->has_value()) return AnswerLater(context, work);
    return AnswerWhenReached(context, engine_, kView, position, work);
  }

  ServerUnaryReactor* FindClients(CallbackServerContext* context, const v1::FindClientsRequest* request,
                                  v1::FindClientsResponse* response) override {
    if (auto* past = past_.Answer(context, &ClientService::FindClients, request, response)) return past;
    return AnswerWhenReached(context, engine_, "directory",
                             ReadPosition(engine_, request->min_position(), "min_position"),
                             [=, this] { return Find(KeepsGoing(context), *request, response); });
  }

  ServerUnaryReactor* ListTimeline(CallbackServerContext* context, const v1::ListTimelineRequest* request,
                                   v1::ListTimelineResponse* response) override {
    auto client = ClientOf(request->parent(), "parent");
    if (!client.ok()) return AnswerNow(context, client.status());
    if (auto* past = past_.Answer(context, &ClientService::ListTimeline, request, response, *client)) return past;
    const auto position = OnlyOf(*client, request->min_position());
    return AnswerWhenReached(context, engine_, "journal", position, [=, this, client = *std::move(client)] {
      return Timeline(KeepsGoing(context), client, *request, response);
    });
  }

  grpc::ServerWriteReactor<v1::WatchClientResponse>* WatchClient(CallbackServerContext* context,
                                                                 const v1::WatchClientRequest* request) override {
    if (const Status present = CheckPresent(*context); !present.ok())
      return new RefusedStream<v1::WatchClientResponse>(present);
    const auto client = ClientOf(request->name(), "name");
    if (!client.ok()) return new RefusedStream<v1::WatchClientResponse>(client.status());
    const auto after = ReadPosition(engine_, request->after_position(), "after_position");
    if (!after.ok()) return new RefusedStream<v1::WatchClientResponse>(after.status());
    return std::make_shared<ClientWatch>(engine_, *client, *after)->Begin(hub_, codec::Key(*client));
  }

 private:
  // Of a position, what the answer about this client and the records merged with it has to wait for.
  StatusOr<std::optional<log::Position>> OnlyOf(const std::string& client_id, std::string_view min_position) const {
    auto position = ReadPosition(engine_, min_position, "min_position");
    if (!position.ok() || !position->has_value()) return position;
    ASSIGN_OR_RETURN(const Union records, UnionOf(engine_, client_id));
    *position = OnlyPartitionsOf(**std::move(position), records);
    return position;
  }

  Status Get(const std::string& client_id, grpc::ByteBuffer* answer) const {
    ASSIGN_OR_RETURN(const Union records, UnionOf(engine_, client_id));
    if (!records.alone()) {
      ASSIGN_OR_RETURN(const v1::Client united, ReadUnited(records, client_id));
      *answer = rpc::ToBuffer(united);
      return OkStatus();
    }
    const engine::PartitionView& partition = records.moment.front();
    store::PinnedValue row;
    ASSIGN_OR_RETURN(const bool found, partition.Get(kView, kTable, codec::Key(client_id), &row));
    if (!found) return WithReason(NotFound("client \"{}\" is not known", client_id), "CLIENT_NOT_FOUND");
    *answer = RawAnswer(std::move(row), records.moment.PositionOf(kView), partition.GapOf(kView, client_id));
    return OkStatus();
  }

  // The one client that a filter leaves, or all.
  ScanPlan Plan(const Filter& filter) const {
    ScanPlan plan{std::string(kView), std::string(kTable), std::string(kTable), {}, ScanPlan::Order::kKey};
    for (const FilterLiteral& id : filter.MustBeOneOf("client_id")) plan.ranges.push_back({codec::Key(id.text), 0});
    if (plan.ranges.empty()) plan.ranges.push_back({});
    return plan;
  }

  Status List(std::function<Status()> keeps_going, const v1::ListClientsRequest& request,
              grpc::ByteBuffer* answer) const {
    ASSIGN_OR_RETURN(const int32_t size, PageSize(request.page_size()));
    ASSIGN_OR_RETURN(const Filter filter, Filter::Parse(request.filter(), ClientFields()));
    const std::string hash = PageTokens::QueryHash({"ListClients", "", filter.normal_form(), ""});
    ASSIGN_OR_RETURN(const std::string after, tokens_.Open(request.page_token(), hash));
    const Moment moment = Moment::Now(engine_);
    ASSIGN_OR_RETURN(const auto scan, MergedScan::Open(moment, Plan(filter), after));
    RawPage page;
    v1::Client row;
    // Decoded only if the filter has to look into it.
    const auto take = [&](std::string_view stored) -> StatusOr<bool> {
      if (!filter.empty()) {
        if (!row.ParseFromArray(stored.data(), static_cast<int>(stored.size()))) return UnreadableRow(*scan);
        if (!filter.Matches(row)) return false;
      }
      page.Add(stored, scan->partition().GapOf(kView, FindBytesField(stored, v1::Client::kClientIdFieldNumber)));
      return true;
    };
    ASSIGN_OR_RETURN(const std::string cursor, WalkPage(*scan, LimitsOf(options_, size, std::move(keeps_going)), take));
    *answer = page.Finish(cursor.empty() ? "" : tokens_.Make(hash, cursor), moment.PositionOf(kView));
    return OkStatus();
  }

  Status Count(const std::function<Status()>& keeps_going, const v1::CountClientsRequest& request,
               v1::CountClientsResponse* response) const {
    ASSIGN_OR_RETURN(const Filter filter, Filter::Parse(request.filter(), ClientFields()));
    const Moment moment = Moment::Now(engine_);
    ASSIGN_OR_RETURN(const auto scan, MergedScan::Open(moment, Plan(filter), {}));
    v1::Client row;
    int64_t count = 0;
    for (int64_t examined = 1;; ++examined) {
      ASSIGN_OR_RETURN(const bool found, scan->Next());
      if (!found) break;
      if (examined % kRowsBetweenChecks == 0) RETURN_IF_ERROR(keeps_going());
      if (!filter.empty()) {
        ASSIGN_OR_RETURN(const std::string_view stored, scan->Row());
        if (!row.ParseFromArray(stored.data(), static_cast<int>(stored.size()))) return UnreadableRow(*scan);
        if (!filter.Matches(row)) continue;
      }
      ++count;
    }
    response->set_count(count);
    response->set_position(moment.PositionOf(kView));
    return OkStatus();
  }

  Status Find(std::function<Status()> keeps_going, const v1::FindClientsRequest& request,
              v1::FindClientsResponse* response) const {
    ASSIGN_OR_RETURN(const int32_t size, PageSize(request.page_size()));
    ASSIGN_OR_RETURN(const std::vector<DirectoryQuery> queries, ReadDirectoryQueries(request));
    const std::string hash = PageTokens::QueryHash({"FindClients", KeyOf(queries)});
    ASSIGN_OR_RETURN(const std::string after, tokens_.Open(request.page_token(), hash));
    const Moment moment = Moment::Now(engine_);
    ASSIGN_OR_RETURN(const std::string cursor,
                     FillDirectory(moment, queries, after, LimitsOf(options_, size, std::move(keeps_going)), response));
    RETURN_IF_ERROR(MarkSurvivors(engine_, response));
    if (!cursor.empty()) response->set_next_page_token(tokens_.Make(hash, cursor));
    response->set_position(moment.PositionOf("directory"));
    return OkStatus();
  }

  Status Timeline(std::function<Status()> keeps_going, const std::string& client_id,
                  const v1::ListTimelineRequest& request, v1::ListTimelineResponse* response) const {
    ASSIGN_OR_RETURN(const int32_t size, PageSize(request.page_size()));
    ASSIGN_OR_RETURN(const Filter filter, Filter::Parse(request.filter(), TimelineFields()));
    ASSIGN_OR_RETURN(const TimelineOrder order, ReadTimelineOrder(request.order_by()));
    ASSIGN_OR_RETURN(const Union records, UnionOf(engine_, client_id));
    const std::string hash = PageTokens::QueryHash(
        {"ListTimeline", request.parent(), filter.normal_form(), NameOf(order), records.Key()});
    ASSIGN_OR_RETURN(const std::string after, tokens_.Open(request.page_token(), hash));
    const PageLimits limits = LimitsOf(options_, size, std::move(keeps_going));
    std::string cursor;
    if (records.alone()) {
      ASSIGN_OR_RETURN(cursor, FillTimeline(records.moment.front(), client_id, filter, order, after, limits, response));
    } else {
      ASSIGN_OR_RETURN(cursor, FillTimeline(records, filter, order, after, limits, response));
    }
    if (!cursor.empty()) response->set_next_page_token(tokens_.Make(hash, cursor));
    response->set_position(records.moment.PositionOf("journal"));
    return OkStatus();
  }

  engine::Engine& engine_;
  const QueryOptions options_;
  const PastOf<ClientService> past_;
  const PageTokens tokens_;
  WatchHub hub_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeClientService(engine::Engine& engine, const QueryOptions& options) {
  return std::make_unique<ClientService>(engine, options);
}

}  // namespace kefu::query
