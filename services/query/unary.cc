#include "services/query/unary.h"

#include <absl/time/clock.h>

#include <memory>
#include <mutex>
#include <utility>

#include "platform/rpc/deadline.h"
#include "platform/rpc/status.h"
#include "services/query/later.h"

namespace kefu::query {
namespace {

thread_local std::shared_ptr<const void> kept_for_calls;

// A call that keeps what answers it.
class KeepingCall final : public grpc::ServerUnaryReactor {
 public:
  explicit KeepingCall(std::shared_ptr<const void> kept) : kept_(std::move(kept)) {}
  void OnDone() override { delete this; }

 private:
  const std::shared_ptr<const void> kept_;
};

grpc::ServerUnaryReactor* ReactorFor(grpc::CallbackServerContext* context) {
  if (kept_for_calls == nullptr) return context->DefaultReactor();
  return new KeepingCall(kept_for_calls);
}

// A call that waits for a position. The engine may call back long after the caller has gone, so what it holds is not
// the call but this state.
class WaitingCall final : public grpc::ServerUnaryReactor {
 public:
  explicit WaitingCall(Work work) : state_(std::make_shared<State>()) {
    state_->call = this;
    state_->work = std::move(work);
  }

  std::function<void(Status)> Arrival() {
    return [state = state_](Status status) {
      Work work;
      WaitingCall* call;
      {
        std::lock_guard lock(state->mutex);
        if (state->call == nullptr) return;
        call = std::exchange(state->call, nullptr);
        work = std::move(state->work);
      }
      if (!status.ok()) return call->Finish(rpc::ToGrpc(status));
      RunSoon([call, work = std::move(work)] { call->Finish(rpc::ToGrpc(work())); });
    };
  }

  void OnCancel() override {
    {
      std::lock_guard lock(state_->mutex);
      // The work is under way, and ends the call.
      if (std::exchange(state_->call, nullptr) == nullptr) return;
      state_->work = nullptr;
    }
    Finish(grpc::Status(grpc::StatusCode::CANCELLED, "the caller went away"));
  }
  void OnDone() override { delete this; }

 private:
  struct State {
    std::mutex mutex;
    // Null once it is decided who ends the call.
    WaitingCall* call = nullptr;
    Work work;
  };
  const std::shared_ptr<State> state_;
  const std::shared_ptr<const void> kept_ = kept_for_calls;
};

// Answers should reach the caller before its own clock gives up.
absl::Time WaitUntil(grpc::CallbackServerContext* context) {
  const absl::Time now = absl::Now();
  const absl::Time deadline = rpc::DeadlineOf(*context);
  return deadline - std::min(absl::Milliseconds(50), (deadline - now) / 10);
}

}  // namespace

KeptForCalls::KeptForCalls(std::shared_ptr<const void> what) : before_(std::exchange(kept_for_calls, std::move(what))) {}
KeptForCalls::~KeptForCalls() { kept_for_calls = std::move(before_); }

grpc::ServerUnaryReactor* AnswerNow(grpc::CallbackServerContext* context, const Status& status) {
  auto* reactor = ReactorFor(context);
  reactor->Finish(rpc::ToGrpc(status));
  return reactor;
}

grpc::ServerUnaryReactor* AnswerLater(grpc::CallbackServerContext* context, Work work) {
  auto* reactor = ReactorFor(context);
  RunSoon([reactor, work = std::move(work)] { reactor->Finish(rpc::ToGrpc(work())); });
  return reactor;
}

grpc::ServerUnaryReactor* AnswerWhenReached(grpc::CallbackServerContext* context, engine::Engine& engine,
                                            std::string_view view,
                                            const StatusOr<std::optional<log::Position>>& position, Work work) {
  if (!position.ok()) return AnswerNow(context, position.status());
  if (!position->has_value()) return AnswerNow(context, work());
  auto* call = new WaitingCall(std::move(work));
  WhenReached(engine, std::string(view), **position, WaitUntil(context), call->Arrival());
  return call;
}

std::function<Status()> KeepsGoing(grpc::CallbackServerContext* context) {
  return [context, deadline = rpc::DeadlineOf(*context)]() -> Status {
    if (context->IsCancelled()) return Cancelled("the caller went away");
    if (absl::Now() > deadline) return DeadlineExceeded("not done in the time the call may take");
    return OkStatus();
  };
}

}  // namespace kefu::query
