#pragma once

// How unary calls are answered: at once on the calling thread, or later without holding one.

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "platform/base/status.h"
#include "services/query/reader.h"

namespace kefu::query {

// What a call does; its status ends the call. The request and response live until then.
using Work = std::function<Status()>;

// While it lives, calls begun on this thread keep `what` until they have ended: what answers them must not go before.
class KeptForCalls {
 public:
  explicit KeptForCalls(std::shared_ptr<const void> what);
  ~KeptForCalls();
  KeptForCalls(const KeptForCalls&) = delete;
  KeptForCalls& operator=(const KeptForCalls&) = delete;

 private:
  std::shared_ptr<const void> before_;
};

// Ends the call with what was found.
grpc::ServerUnaryReactor* AnswerNow(grpc::CallbackServerContext* context, const Status& status);

// Does `work` on another thread of gRPC: for what takes long.
grpc::ServerUnaryReactor* AnswerLater(grpc::CallbackServerContext* context, Work work);

// Does `work` once `view` has reached `position`: now, if it is empty, else on another thread. A caller who goes away
// meanwhile ends the call at once.
grpc::ServerUnaryReactor* AnswerWhenReached(grpc::CallbackServerContext* context, engine::Engine& engine,
                                            std::string_view view,
                                            const StatusOr<std::optional<log::Position>>& position, Work work);

// Asked every few hundred rows: OK, or kCancelled, or kDeadlineExceeded.
std::function<Status()> KeepsGoing(grpc::CallbackServerContext* context);

}  // namespace kefu::query
