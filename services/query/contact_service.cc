#include <absl/time/clock.h>
#include <grpcpp/support/server_callback.h>

#include "kefu/query/v1/contact.grpc.pb.h"
#include "platform/base/time.h"
#include "services/query/check_contact.h"
#include "services/query/filter_fields.h"
#include "services/query/past.h"
#include "services/query/query_services.h"
#include "services/query/request_time.h"
#include "services/query/row_list.h"
#include "services/query/unary.h"
#include "services/query/undertaking_plan.h"

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
      : engine_(engine), options_(options), past_(engine, options), tokens_(options.token_key) {}

  ServerUnaryReactor* CheckContact(CallbackServerContext* context, const v1::CheckContactRequest* request,
                                   v1::CheckContactResponse* response) override {
    if (auto* past = past_.Answer(context, &ContactService::CheckContact, request, response)) return past;
    return AnswerWhenReached(context, engine_, "client", ReadPosition(engine_, request->min_position(), "min_position"),
                             [=, this]() -> Status {
                               ASSIGN_OR_RETURN(*response, query::CheckContact(engine_, *request, NowOf(engine_)));
                               return OkStatus();
                             });
  }

  ServerUnaryReactor* ListUndertakings(CallbackServerContext* context, const v1::ListUndertakingsRequest* request,
                                       v1::ListUndertakingsResponse* response) override {
    if (auto* past = past_.Answer(context, &ContactService::ListUndertakings, request, response)) return past;
    auto position = ReadPosition(engine_, request->min_position(), "min_position");
    const auto work = [=, this] { return List(KeepsGoing(context), *request, response); };
    // Counting walks all there is: not on a thread that serves others.
    if (position.ok() && !position->has_value() && request->show_total_size()) return AnswerLater(context, work);
    return AnswerWhenReached(context, engine_, kView, position, work);
  }

 private:
  Status List(const std::function<Status()>& keeps_going, const v1::ListUndertakingsRequest& request,
              v1::ListUndertakingsResponse* response) const {
    ASSIGN_OR_RETURN(auto list, RowList<v1::Undertaking>::Read(engine_, request.parent(), request.filter(),
                                                               UndertakingFields()));
    ASSIGN_OR_RETURN(const absl::Time as_of, TimeOrNow(engine_, request.has_as_of(), request.as_of(), "as_of"));
    list.plan = list.records.has_value()
                    ? PlanUndertakings(*list.records, list.filter, as_of, engine_.partitions())
                    : PlanUndertakings("", list.filter, as_of, engine_.partitions());
    list.tell = [as_of](v1::Undertaking& row) {
      if (row.state() == v1::UNDERTAKING_STATE_OPEN && row.has_due_at() && FromProto(row.due_at()) < as_of)
        row.set_overdue(true);
    };
    return AnswerList(engine_, options_, tokens_, "ListUndertakings", request, MomentAsked(request, as_of), list,
                      keeps_going, response->mutable_undertakings(), response);
  }

  engine::Engine& engine_;
  const QueryOptions options_;
  const PastOf<ContactService> past_;
  const PageTokens tokens_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeContactService(engine::Engine& engine, const QueryOptions& options) {
  return std::make_unique<ContactService>(engine, options);
}

}  // namespace kefu::query
