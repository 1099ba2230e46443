#include <grpcpp/support/server_callback.h>

#include "kefu/admin/v1/duty.grpc.pb.h"
#include "platform/base/reason.h"
#include "platform/rpc/status.h"
#include "services/clock/duties.h"

namespace kefu::duties {
namespace {

namespace v1 = admin::v1;
using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

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
    classify_(*request, [reactor, response](StatusOr<v1::RunClassificationResponse> done) {
      if (done.ok()) *response = *std::move(done);
      reactor->Finish(rpc::ToGrpc(done.status()));
    });
    return reactor;
  }

 private:
  static ServerUnaryReactor* Finish(CallbackServerContext* context, const Status& status) {
    auto* reactor = context->DefaultReactor();
    reactor->Finish(rpc::ToGrpc(status));
    return reactor;
  }

  const Duties& duties_;
  const Classify classify_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeDutyService(const Duties& duties, Classify classify) {
  return std::make_unique<DutyService>(duties, std::move(classify));
}

}  // namespace kefu::duties
