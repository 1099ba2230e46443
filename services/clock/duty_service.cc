#include <grpcpp/support/server_callback.h>

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "kefu/admin/v1/duty.grpc.pb.h"
#include "platform/base/reason.h"
#include "platform/rpc/status.h"
#include "services/clock/duties.h"

namespace kefu::duties {
namespace {

namespace v1 = admin::v1;
using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

// A classification under way. Ended by whoever comes first: the duty that is done, or a server that drains.
class OpenCall {
 public:
  OpenCall(ServerUnaryReactor* reactor, v1::RunClassificationResponse* response)
      : reactor_(reactor), response_(response) {}

  void End(StatusOr<v1::RunClassificationResponse> done) {
    ServerUnaryReactor* reactor = nullptr;
    {
      const std::lock_guard lock(mutex_);
      reactor = std::exchange(reactor_, nullptr);
    }
    if (reactor == nullptr) return;
    if (done.ok()) *response_ = *std::move(done);
    reactor->Finish(rpc::ToGrpc(done.status()));
  }
  bool ended() {
    const std::lock_guard lock(mutex_);
    return reactor_ == nullptr;
  }

 private:
  std::mutex mutex_;
  ServerUnaryReactor* reactor_;
  v1::RunClassificationResponse* const response_;
};

class DutyService final : public v1::DutyService::CallbackService {
 public:
  DutyService(const Duties& duties, Classify classify) : duties_(duties), classify_(std::move(classify)) {}

  ServerUnaryReactor* ListDuties(CallbackServerContext* context, const v1::ListDutiesRequest*,
                                 v1::ListDutiesResponse* response) override {
    for (v1::Duty& duty : duties_.Describe()) *response->add_duties() = std::move(duty);
    return Finish(context, OkStatus());
  }

  ServerUnaryReactor* RunClassification(CallbackServerContext* context, const v1::RunClassificationRequest* request,
                                        v1::RunClassificationResponse* response) override {
    if (classify_ == nullptr)
      return Finish(context, WithReason(FailedPrecondition("this server does not classify clients"), "DUTY_NOT_HERE"));
    auto* reactor = context->DefaultReactor();
    auto call = std::make_shared<OpenCall>(reactor, response);
    {
      const std::lock_guard lock(mutex_);
      std::erase_if(calls_, [](const auto& each) { return each->ended(); });
      calls_.push_back(call);
    }
    classify_(*request, [call](StatusOr<v1::RunClassificationResponse> done) { call->End(std::move(done)); });
    return reactor;
  }

  void EndCalls() {
    const std::lock_guard lock(mutex_);
    for (const auto& call : calls_) call->End(Unavailable("the server is ending; the run goes on elsewhere, or again"));
    calls_.clear();
  }

 private:
  static ServerUnaryReactor* Finish(CallbackServerContext* context, const Status& status) {
    auto* reactor = context->DefaultReactor();
    reactor->Finish(rpc::ToGrpc(status));
    return reactor;
  }

  const Duties& duties_;
  const Classify classify_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<OpenCall>> calls_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeDutyService(const Duties& duties, Classify classify) {
  return std::make_unique<DutyService>(duties, std::move(classify));
}

void EndCalls(grpc::Service& service) {
  if (auto* duties = dynamic_cast<DutyService*>(&service)) duties->EndCalls();
}

}  // namespace kefu::duties
