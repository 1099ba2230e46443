#include <absl/time/clock.h>
#include <grpcpp/support/server_callback.h>

#include <optional>

#include "kefu/query/v1/relation.grpc.pb.h"
#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/codec/key.h"
#include "services/query/client_group.h"
#include "services/query/names.h"
#include "services/query/page.h"
#include "services/query/past.h"
#include "services/query/query_services.h"
#include "services/query/request_time.h"
#include "services/query/unary.h"
#include "services/query/union.h"

namespace kefu::query {
namespace {

namespace v1 = query::v1;
using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

constexpr std::string_view kView = "relation";
constexpr std::string_view kRelations = "relations";

// What the list's last key was, from a cursor of MergedScan: a row of two records comes once, over pages, too.
std::string LastKey(std::string_view cursor) {
  int32_t partition = 0;
  return !cursor.empty() && codec::TakePart(cursor, &partition) ? std::string(cursor) : std::string();
}

class RelationService final : public v1::RelationService::WithCallbackMethod_ListRelations<
                                  v1::RelationService::WithCallbackMethod_GetClientGroup<
                                      v1::RelationService::WithCallbackMethod_ListMerges<v1::RelationService::Service>>> {
 public:
  RelationService(engine::Engine& engine, const QueryOptions& options)
      : engine_(engine), options_(options), past_(engine, options), tokens_(options.token_key) {}

  ServerUnaryReactor* ListRelations(CallbackServerContext* context, const v1::ListRelationsRequest* request,
                                    v1::ListRelationsResponse* response) override {
    if (auto* past = past_.Answer(context, &RelationService::ListRelations, request, response)) return past;
    auto client = ClientOf(request->parent(), "parent");
    if (!client.ok()) return AnswerNow(context, client.status());
    return AnswerWhenReached(context, engine_, kView, ReadPosition(engine_, request->min_position(), "min_position"),
                             [=, this, client = *std::move(client)] {
                               return Relations(KeepsGoing(context), client, *request, response);
                             });
  }

  ServerUnaryReactor* GetClientGroup(CallbackServerContext* context, const v1::GetClientGroupRequest* request,
                                     v1::ClientGroup* response) override {
    if (auto* past = past_.Answer(context, &RelationService::GetClientGroup, request, response)) return past;
    auto client = ClientOf(request->name(), "name");
    if (!client.ok()) return AnswerNow(context, client.status());
    const auto position = ReadPosition(engine_, request->min_position(), "min_position");
    const auto work = [=, this, client = *std::move(client)] {
      return Group(KeepsGoing(context), client, *request, response);
    };
    // A group may be large: not on a thread that serves others.
    if (position.ok() && !position->has_value()) return AnswerLater(context, work);
    return AnswerWhenReached(context, engine_, kView, position, work);
  }

  ServerUnaryReactor* ListMerges(CallbackServerContext* context, const v1::ListMergesRequest* request,
                                 v1::ListMergesResponse* response) override {
    if (auto* past = past_.Answer(context, &RelationService::ListMerges, request, response)) return past;
    auto client = ClientOf(request->parent(), "parent");
    if (!client.ok()) return AnswerNow(context, client.status());
    return AnswerWhenReached(context, engine_, kView, ReadPosition(engine_, request->min_position(), "min_position"),
                             [=, this, client = *std::move(client)] {
                               return Merges(KeepsGoing(context), client, *request, response);
                             });
  }

 private:
  // A page over the ranges of the client's records in `table`, each row once.
  template <class Row>
  StatusOr<std::string> Fill(const Union& records, std::string_view rows, std::string_view table,
                             std::string_view after, const PageLimits& limits,
                             const std::function<bool(const Row&)>& accepts,
                             google::protobuf::RepeatedPtrField<Row>* into) const {
    ScanPlan plan{std::string(kView), std::string(rows), std::string(table), {}, ScanPlan::Order::kKey};
    AddRanges(records, &plan);
    ASSIGN_OR_RETURN(const auto scan, MergedScan::Open(records.moment, std::move(plan), after));
    std::string last = LastKey(after);
    return FillPage<Row>(
        *scan, limits,
        [&](Row& row, const engine::PartitionView&) {
          if (std::exchange(last, std::string(scan->order_key())) == scan->order_key()) return false;
          return accepts(row);
        },
        into);
  }

  Status Relations(std::function<Status()> keeps_going, const std::string& client_id,
                   const v1::ListRelationsRequest& request, v1::ListRelationsResponse* response) const {
    ASSIGN_OR_RETURN(const int32_t size, PageSize(request.page_size()));
    ASSIGN_OR_RETURN(const Union records, UnionOf(engine_, client_id));
    const std::string as_of = request.has_as_of() ? request.as_of().SerializeAsString() : std::string();
    const std::string hash = PageTokens::QueryHash(
        {"ListRelations", request.parent(), as_of, request.all() ? "all" : "", records.Key()});
    ASSIGN_OR_RETURN(const std::string after, tokens_.Open(request.page_token(), hash));
    ASSIGN_OR_RETURN(const absl::Time moment, TimeOrNow(engine_, request.has_as_of(), request.as_of(), "as_of"));
    ASSIGN_OR_RETURN(
        const std::string cursor,
        Fill<v1::Relation>(
            records, kRelations, kRelations, after, LimitsOf(options_, size, std::move(keeps_going)),
            [&](const v1::Relation& relation) { return request.all() || HoldsAt(relation, moment); },
            response->mutable_relations()));
    if (!cursor.empty()) response->set_next_page_token(tokens_.Make(hash, cursor));
    response->set_position(records.moment.PositionOf(kView));
    return OkStatus();
  }

  Status Group(const std::function<Status()>& keeps_going, const std::string& client_id,
               const v1::GetClientGroupRequest& request, v1::ClientGroup* response) const {
    const Moment moment = Moment::Now(engine_);
    const auto relations = [&](const std::string& client,
                               const std::function<void(const v1::Relation&)>& take) -> Status {
      RETURN_IF_ERROR(keeps_going());
      const std::string prefix = codec::Key(client);
      ASSIGN_OR_RETURN(const auto rows,
                       moment.HomeOf(client).Scan(kView, kRelations, prefix, codec::PrefixEnd(prefix)));
      v1::Relation relation;
      for (; rows->Valid(); rows->Next()) {
        if (!relation.ParseFromArray(rows->value().data(), static_cast<int>(rows->value().size())))
          return DataLoss("a relation of client \"{}\" cannot be read; rebuild the view", client);
        take(relation);
      }
      return rows->status();
    };
    ASSIGN_OR_RETURN(const absl::Time as_of, TimeOrNow(engine_, request.has_as_of(), request.as_of(), "as_of"));
    ASSIGN_OR_RETURN(*response, GroupOf(client_id, as_of, relations));
    response->set_position(moment.PositionOf(kView));
    return OkStatus();
  }

  Status Merges(std::function<Status()> keeps_going, const std::string& client_id,
                const v1::ListMergesRequest& request, v1::ListMergesResponse* response) const {
    ASSIGN_OR_RETURN(const int32_t size, PageSize(request.page_size()));
    ASSIGN_OR_RETURN(const Union records, UnionOf(engine_, client_id));
    const std::string hash = PageTokens::QueryHash({"ListMerges", request.parent(), records.Key()});
    ASSIGN_OR_RETURN(const std::string after, tokens_.Open(request.page_token(), hash));
    ASSIGN_OR_RETURN(const std::string cursor,
                     Fill<v1::MergeFact>(
                         records, "merge_facts", "merges_by_client", after,
                         LimitsOf(options_, size, std::move(keeps_going)), [](const v1::MergeFact&) { return true; },
                         response->mutable_merges()));
    if (!cursor.empty()) response->set_next_page_token(tokens_.Make(hash, cursor));
    response->set_position(records.moment.PositionOf(kView));
    return OkStatus();
  }

  engine::Engine& engine_;
  const QueryOptions options_;
  const PastOf<RelationService> past_;
  const PageTokens tokens_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeRelationService(engine::Engine& engine, const QueryOptions& options) {
  return std::make_unique<RelationService>(engine, options);
}

}  // namespace kefu::query
