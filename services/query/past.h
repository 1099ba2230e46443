#pragma once

// Questions about the past: a call with the metadata `kefu-as-of` is answered by the same service made over the engine of
// that moment.

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <memory>
#include <string>
#include <string_view>

#include "platform/rpc/as_of.h"
#include "projections/past/clients_past.h"
#include "projections/past/moments.h"
#include "services/query/query_services.h"
#include "services/query/unary.h"

namespace kefu::query {

// The open moment that `as_of` names. kNotFound MOMENT_NOT_FOUND; kInvalidArgument AS_OF_INVALID; kFailedPrecondition
// AS_OF_NEEDS_MOMENT: a time or a position, but the question is about more than one client.
StatusOr<std::shared_ptr<past::OpenMoment>> MomentNamed(past::Moments* moments, std::string_view as_of);

// What a moment's service and its engine need while a call is under way.
struct PastAnswer {
  std::unique_ptr<engine::Engine> engine;
  std::unique_ptr<grpc::Service> service;
};

// The past of single clients by `as_of`, a time or a position, with what was recorded of `client_id` read. kInvalidArgument:
// AS_OF_INVALID, AS_OF_IN_FUTURE, POSITION_INVALID; kFailedPrecondition AS_OF_NEEDS_MOMENT: by occurred time, and what
// past::OpenClientsAsOf has to refuse.
StatusOr<std::unique_ptr<engine::Engine>> OpenClientAsOf(const engine::Engine& live, past::KnownBroadcasts& broadcasts,
                                                         std::string_view as_of, const std::string& client_id);

// kFailedPrecondition AS_OF_NOT_APPLICABLE if the call asks about the past: for what only the present has.
Status CheckPresent(const grpc::CallbackServerContext& context);

// One for each service, `Service` being its class, made from an engine and QueryOptions. Thread-safe.
template <class Service>
class PastOf {
 public:
  PastOf(const engine::Engine& engine, const QueryOptions& options)
      : engine_(engine), of_the_past_(engine.moment().has_value()), options_(options) {}

  // Null if the question is about the present, or this is the service of the moment already. Else how the call ends:
  // `method` of the moment's service has it. `client_id`: if all the question reads is of this client; it needs no moment
  // then.
  template <class Request, class Response>
  grpc::ServerUnaryReactor* Answer(
      grpc::CallbackServerContext* context,
      grpc::ServerUnaryReactor* (Service::*method)(grpc::CallbackServerContext*, const Request*, Response*),
      const Request* request, Response* response, const std::string& client_id = {}) const {
    if (of_the_past_) return nullptr;
    const auto as_of = rpc::AsOf(*context);
    if (!as_of.has_value()) return nullptr;
    if (!client_id.empty() && !as_of->starts_with("moments/")) {
      auto past = std::make_shared<PastAnswer>();
      auto engine = OpenClientAsOf(engine_, broadcasts_, *as_of, client_id);
      if (!engine.ok()) return AnswerNow(context, engine.status());
      past->engine = *std::move(engine);
      auto service = std::make_unique<Service>(*past->engine, options_);
      Service& answers = *service;
      past->service = std::move(service);
      const KeptForCalls kept(std::move(past));
      return (answers.*method)(context, request, response);
    }
    auto moment = MomentNamed(options_.moments, *as_of);
    if (!moment.ok()) return AnswerNow(context, moment.status());
    Service& service = (*moment)->template Kept<Service>(
        [this](engine::Engine& engine) { return std::make_unique<Service>(engine, options_); });
    const KeptForCalls kept(*std::move(moment));
    return (service.*method)(context, request, response);
  }

 private:
  const engine::Engine& engine_;
  const bool of_the_past_;
  const QueryOptions options_;
  mutable past::KnownBroadcasts broadcasts_;
};

}  // namespace kefu::query
