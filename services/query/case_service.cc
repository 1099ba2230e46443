#include <grpcpp/support/server_callback.h>

#include "kefu/query/v1/case.grpc.pb.h"
#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "platform/codec/key.h"
#include "platform/rpc/bytes.h"
#include "services/query/case_plan.h"
#include "services/query/case_watch.h"
#include "services/query/filter_fields.h"
#include "services/query/gap.h"
#include "services/query/names.h"
#include "services/query/page.h"
#include "services/query/past.h"
#include "services/query/query_services.h"
#include "services/query/raw_answer.h"
#include "services/query/refused_stream.h"
#include "services/query/unary.h"

namespace kefu::query {
namespace {

namespace v1 = query::v1;
using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

constexpr std::string_view kView = "case";
constexpr std::string_view kTable = "cases";

Status CaseNotFound(const CaseName& name) {
  return WithReason(NotFound("case \"{}\"{} is not known", name.case_id,
                             name.client_id.empty() ? "" : fmt::format(" of client \"{}\"", name.client_id)),
                    "CASE_NOT_FOUND");
}

// Does the stored row belong to this client? Only then must it be decoded.
bool IsOf(std::string_view stored, std::string_view client_id, v1::Case* scratch) {
  return scratch->ParseFromArray(stored.data(), static_cast<int>(stored.size())) && scratch->client_id() == client_id;
}

using Base = v1::CaseService::WithRawCallbackMethod_GetCase<
    v1::CaseService::WithRawCallbackMethod_ListCases<v1::CaseService::WithCallbackMethod_CountCases<
        v1::CaseService::WithCallbackMethod_WatchCases<v1::CaseService::Service>>>>;

class CaseService final : public Base, public HasStreams {
 public:
  CaseService(engine::Engine& engine, const QueryOptions& options)
      : engine_(engine), options_(options), past_(engine, options), tokens_(options.token_key),
        hub_(engine, kView, options.heartbeat) {}

  void EndStreams() override { hub_.EndAll(); }

  ServerUnaryReactor* GetCase(CallbackServerContext* context, const grpc::ByteBuffer* bytes,
                              grpc::ByteBuffer* answer) override {
    v1::GetCaseRequest request;
    if (!rpc::ParseBuffer(*bytes, &request))
      return AnswerNow(context, InvalidArgument("the request is not a GetCaseRequest"));
    auto name = CaseOf(request.name(), "name");
    if (!name.ok()) return AnswerNow(context, name.status());
    if (auto* past = past_.Answer(context, &CaseService::GetCase, bytes, answer, name->client_id)) return past;
    auto position = ReadPosition(engine_, request.min_position(), "min_position");
    if (!name->client_id.empty() && position.ok() && position->has_value())
      *position = OnlyPartition(**position, PartitionOf(name->client_id));
    return AnswerWhenReached(context, engine_, kView, position,
                             [this, name = *std::move(name), answer] { return Get(name, answer); });
  }

  ServerUnaryReactor* ListCases(CallbackServerContext* context, const grpc::ByteBuffer* bytes,
                                grpc::ByteBuffer* answer) override {
    v1::ListCasesRequest request;
    if (!rpc::ParseBuffer(*bytes, &request))
      return AnswerNow(context, InvalidArgument("the request is not a ListCasesRequest"));
    const auto client = ParentClientOf(request.parent(), "parent");
    if (!client.ok()) return AnswerNow(context, client.status());
    if (auto* past = past_.Answer(context, &CaseService::ListCases, bytes, answer, *client)) return past;
    auto position = ReadPosition(engine_, request.min_position(), "min_position");
    return AnswerWhenReached(context, engine_, kView, position, [=, this, request = std::move(request)] {
      return List(KeepsGoing(context), request, answer);
    });
  }

  ServerUnaryReactor* CountCases(CallbackServerContext* context, const v1::CountCasesRequest* request,
                                 v1::CountCasesResponse* response) override {
    if (auto* past = past_.Answer(context, &CaseService::CountCases, request, response)) return past;
    auto position = ReadPosition(engine_, request->min_position(), "min_position");
    const auto work = [=, this] { return Count(KeepsGoing(context), *request, response); };
    // Counting walks all there is: not on a thread that serves others.
    if (position.ok() && !position->has_value()) return AnswerLater(context, work);
    return AnswerWhenReached(context, engine_, kView, position, work);
  }

  grpc::ServerWriteReactor<v1::WatchCasesResponse>* WatchCases(CallbackServerContext* context,
                                                               const v1::WatchCasesRequest* request) override {
    if (const Status present = CheckPresent(*context); !present.ok())
      return new RefusedStream<v1::WatchCasesResponse>(present);
    const auto client = ParentClientOf(request->parent(), "parent");
    if (!client.ok()) return new RefusedStream<v1::WatchCasesResponse>(client.status());
    const auto filter = Filter::Parse(request->filter(), CaseFields());
    if (!filter.ok()) return new RefusedStream<v1::WatchCasesResponse>(filter.status());
    const auto after = ReadPosition(engine_, request->after_position(), "after_position");
    if (!after.ok()) return new RefusedStream<v1::WatchCasesResponse>(after.status());
    return std::make_shared<CaseWatch>(engine_, *client, *filter, *after)->Begin(hub_, {});
  }

 private:
  Partition PartitionOf(std::string_view client_id) const {
    return Partition(PartitionForKey(client_id, engine_.partitions()));
  }

  Status Get(const CaseName& name, grpc::ByteBuffer* answer) const {
    const Moment moment =
        name.client_id.empty() ? Moment::Now(engine_) : Moment::Now(engine_, PartitionOf(name.client_id));
    const std::string key = codec::Key(name.case_id);
    v1::Case scratch;
    for (const auto& partition : moment.partitions()) {
      store::PinnedValue row;
      ASSIGN_OR_RETURN(const bool found, partition->Get(kView, kTable, key, &row));
      if (!found || (!name.client_id.empty() && !IsOf(row.view(), name.client_id, &scratch))) continue;
      const std::string client = name.client_id.empty() ? ClientOfRow(row.view(), &scratch) : name.client_id;
      *answer = RawAnswer(std::move(row), moment.PositionOf(kView), partition->GapOf(kView, client));
      return OkStatus();
    }
    return CaseNotFound(name);
  }

  static std::string ClientOfRow(std::string_view stored, v1::Case* scratch) {
    return scratch->ParseFromArray(stored.data(), static_cast<int>(stored.size())) ? scratch->client_id() : "";
  }

  struct Query {
    // Of a client: its records, and the moment for the answer. Else of all.
    std::optional<Union> records;
    Filter filter;
    CasePlan plan;
    std::string order;

    bool Passes(const v1::Case& row) const {
      return (!records.has_value() || records->Has(row.client_id())) && filter.Matches(row);
    }
    std::string RecordsKey() const { return records.has_value() ? records->Key() : std::string(); }
  };
  StatusOr<Query> Read(const std::string& parent, const std::string& filter, std::string_view order_by) const {
    Query query;
    ASSIGN_OR_RETURN(const std::string client_id, ParentClientOf(parent, "parent"));
    ASSIGN_OR_RETURN(query.filter, Filter::Parse(filter, CaseFields()));
    ASSIGN_OR_RETURN(const CaseOrder order, ReadCaseOrder(order_by));
    query.order = NameOf(order);
    if (client_id.empty()) {
      query.plan = PlanCases(client_id, query.filter, order, engine_.partitions());
    } else {
      ASSIGN_OR_RETURN(query.records, UnionOf(engine_, client_id));
      query.plan = PlanCases(*query.records, query.filter, order, engine_.partitions());
    }
    return query;
  }

  Moment MomentFor(const Query& query) const {
    if (query.records.has_value()) return query.records->moment;
    return query.plan.only.has_value() ? Moment::Now(engine_, *query.plan.only) : Moment::Now(engine_);
  }

  Status List(std::function<Status()> keeps_going, const v1::ListCasesRequest& request,
              grpc::ByteBuffer* answer) const {
    ASSIGN_OR_RETURN(const int32_t size, PageSize(request.page_size()));
    ASSIGN_OR_RETURN(const Query query, Read(request.parent(), request.filter(), request.order_by()));
    const std::string hash =
        PageTokens::QueryHash(
            {"ListCases", request.parent(), query.filter.normal_form(), query.order, query.RecordsKey()});
    ASSIGN_OR_RETURN(const std::string after, tokens_.Open(request.page_token(), hash));
    const Moment moment = MomentFor(query);
    ASSIGN_OR_RETURN(const auto scan, MergedScan::Open(moment, query.plan.scan, after));
    RawPage page;
    v1::Case row;
    // Decoded only if the index does not decide alone.
    const auto take = [&](std::string_view stored) -> StatusOr<bool> {
      if (!query.plan.exact) {
        if (!row.ParseFromArray(stored.data(), static_cast<int>(stored.size()))) return UnreadableRow(*scan);
        if (!query.Passes(row)) return false;
      }
      page.Add(stored, scan->partition().GapOf(kView, FindBytesField(stored, v1::Case::kClientIdFieldNumber)));
      return true;
    };
    ASSIGN_OR_RETURN(const std::string cursor, WalkPage(*scan, LimitsOf(options_, size, std::move(keeps_going)), take));
    *answer = page.Finish(cursor.empty() ? "" : tokens_.Make(hash, cursor), moment.PositionOf(kView));
    return OkStatus();
  }

  Status Count(const std::function<Status()>& keeps_going, const v1::CountCasesRequest& request,
               v1::CountCasesResponse* response) const {
    ASSIGN_OR_RETURN(const Query query, Read(request.parent(), request.filter(), {}));
    const Moment moment = MomentFor(query);
    ASSIGN_OR_RETURN(const auto scan, MergedScan::Open(moment, query.plan.scan, {}));
    v1::Case row;
    int64_t count = 0;
    for (int64_t examined = 1;; ++examined) {
      ASSIGN_OR_RETURN(const bool found, scan->Next());
      if (!found) break;
      if (examined % kRowsBetweenChecks == 0) RETURN_IF_ERROR(keeps_going());
      if (!query.plan.exact) {
        ASSIGN_OR_RETURN(const std::string_view stored, scan->Row());
        if (!row.ParseFromArray(stored.data(), static_cast<int>(stored.size())))
          return DataLoss("a case of partition {} cannot be read; rebuild the view", scan->partition().partition());
        if (!query.Passes(row)) continue;
      }
      ++count;
    }
    response->set_count(count);
    response->set_position(moment.PositionOf(kView));
    return OkStatus();
  }

  engine::Engine& engine_;
  const QueryOptions options_;
  const PastOf<CaseService> past_;
  const PageTokens tokens_;
  WatchHub hub_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeCaseService(engine::Engine& engine, const QueryOptions& options) {
  return std::make_unique<CaseService>(engine, options);
}

}  // namespace kefu::query
