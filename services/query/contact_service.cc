#include <absl/time/clock.h>
#include <grpcpp/support/server_callback.h>

#include <algorithm>
#include <optional>

#include "kefu/query/v1/contact.grpc.pb.h"
#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/codec/key.h"
#include "services/query/check_contact.h"
#include "services/query/filter_fields.h"
#include "services/query/gap.h"
#include "services/query/names.h"
#include "services/query/page.h"
#include "services/query/query_services.h"
#include "services/query/request_time.h"
#include "services/query/unary.h"
#include "services/query/undertaking_plan.h"
#include "services/query/union.h"

namespace kefu::query {
namespace {

namespace v1 = query::v1;
using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

constexpr std::string_view kView = "undertaking";

using Base = v1::ContactService::WithCallbackMethod_CheckContact<
    v1::ContactService::WithCallbackMethod_ListUndertakings<v1::ContactService::Service>>;

class ContactService final : public Base {
 public:
  ContactService(engine::Engine& engine, const QueryOptions& options)
      : engine_(engine), options_(options), tokens_(options.token_key) {}

  ServerUnaryReactor* CheckContact(CallbackServerContext* context, const v1::CheckContactRequest* request,
                                   v1::CheckContactResponse* response) override {
    return AnswerWhenReached(context, engine_, "client", ReadPosition(engine_, request->min_position(), "min_position"),
                             [=, this]() -> Status {
                               ASSIGN_OR_RETURN(*response, query::CheckContact(engine_, *request, absl::Now()));
                               return OkStatus();
                             });
  }

  ServerUnaryReactor* ListUndertakings(CallbackServerContext* context, const v1::ListUndertakingsRequest* request,
                                       v1::ListUndertakingsResponse* response) override {
    auto position = ReadPosition(engine_, request->min_position(), "min_position");
    const auto work = [=, this] { return List(KeepsGoing(context), *request, response); };
    // Counting walks all there is: not on a thread that serves others.
    if (position.ok() && !position->has_value() && request->show_total_size()) return AnswerLater(context, work);
    return AnswerWhenReached(context, engine_, kView, position, work);
  }

 private:
  struct Query {
    // Of a client: its records, and the moment for the answer. Else of all.
    std::optional<Union> records;
    Filter filter;
    absl::Time as_of;
    UndertakingPlan plan;

    // Tells what only a moment decides, then matches.
    bool Passes(v1::Undertaking& row) const {
      const bool overdue = row.state() == v1::UNDERTAKING_STATE_OPEN && row.has_due_at() &&
                           FromProto(row.due_at()) < as_of;
      if (overdue) row.set_overdue(true);
      return (!records.has_value() || records->Has(row.client_id())) && filter.Matches(row);
    }
  };

  StatusOr<Query> Read(const v1::ListUndertakingsRequest& request) const {
    Query query;
    ASSIGN_OR_RETURN(const std::string client_id, ParentClientOf(request.parent(), "parent"));
    ASSIGN_OR_RETURN(query.filter, Filter::Parse(request.filter(), UndertakingFields()));
    ASSIGN_OR_RETURN(query.as_of, TimeOrNow(request.has_as_of(), request.as_of(), "as_of"));
    if (client_id.empty()) {
      query.plan = PlanUndertakings(client_id, query.filter, query.as_of, engine_.partitions());
    } else {
      ASSIGN_OR_RETURN(query.records, UnionOf(engine_, client_id));
      query.plan = PlanUndertakings(*query.records, query.filter, query.as_of, engine_.partitions());
    }
    return query;
  }

  Status List(const std::function<Status()>& keeps_going, const v1::ListUndertakingsRequest& request,
              v1::ListUndertakingsResponse* response) const {
    ASSIGN_OR_RETURN(const int32_t size, PageSize(request.page_size()));
    ASSIGN_OR_RETURN(const Query query, Read(request));
    const std::string as_of = request.has_as_of() ? codec::Key(query.as_of) : "";
    const std::string hash =
        PageTokens::QueryHash({"ListUndertakings", request.parent(), query.filter.normal_form(), as_of,
                               query.records.has_value() ? query.records->Key() : std::string()});
    ASSIGN_OR_RETURN(const std::string after, tokens_.Open(request.page_token(), hash));
    const Moment moment = query.records.has_value()     ? query.records->moment
                          : query.plan.only.has_value() ? Moment::Now(engine_, *query.plan.only)
                                                        : Moment::Now(engine_);
    ASSIGN_OR_RETURN(const auto scan, MergedScan::Open(moment, query.plan.scan, after));
    const auto accepts = [&](v1::Undertaking& row, const engine::PartitionView& partition) {
      if (!query.Passes(row)) return false;
      SetGap(partition, kView, row.client_id(), &row);
      return true;
    };
    ASSIGN_OR_RETURN(const std::string cursor,
                     FillPage<v1::Undertaking>(*scan, LimitsOf(options_, size, keeps_going), accepts,
                                               response->mutable_undertakings()));
    if (!cursor.empty()) response->set_next_page_token(tokens_.Make(hash, cursor));
    if (request.show_total_size()) {
      ASSIGN_OR_RETURN(const int64_t total, Count(keeps_going, moment, query));
      response->set_total_size(total);
    }
    response->set_position(moment.PositionOf(kView));
    return OkStatus();
  }

  static StatusOr<int64_t> Count(const std::function<Status()>& keeps_going, const Moment& moment, const Query& query) {
    ASSIGN_OR_RETURN(const auto scan, MergedScan::Open(moment, query.plan.scan, {}));
    v1::Undertaking row;
    int64_t count = 0;
    for (int64_t examined = 1;; ++examined) {
      ASSIGN_OR_RETURN(const bool found, scan->Next());
      if (!found) return count;
      if (examined % kRowsBetweenChecks == 0) RETURN_IF_ERROR(keeps_going());
      ASSIGN_OR_RETURN(const std::string_view stored, scan->Row());
      if (!row.ParseFromArray(stored.data(), static_cast<int>(stored.size()))) return UnreadableRow(*scan);
      count += query.Passes(row);
    }
  }

  engine::Engine& engine_;
  const QueryOptions options_;
  const PageTokens tokens_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeContactService(engine::Engine& engine, const QueryOptions& options) {
  return std::make_unique<ContactService>(engine, options);
}

}  // namespace kefu::query
