#include "services/audit/audit_service.h"

#include <absl/time/clock.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <functional>
#include <thread>
#include <utility>

#include "kefu/audit/v1/audit.grpc.pb.h"
#include "platform/rpc/bytes.h"
#include "platform/rpc/status.h"
#include "services/audit/checkpoints.h"
#include "services/audit/diff.h"
#include "services/audit/export.h"
#include "services/audit/moments.h"
#include "services/audit/proofs.h"
#include "services/audit/read_view.h"
#include "services/audit/recorded_call.h"
#include "services/audit/replay.h"
#include "services/audit/retention.h"
#include "services/returns/returns.h"

namespace kefu::audit {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

// For work that waits for other calls of this very server: on one of gRPC's threads it could stand in their way. The call
// ends with the work, and the server waits for its calls.
void OnOwnThread(std::function<void()> work) { std::thread(std::move(work)).detach(); }

// Wires calls to what answers them; each group of calls is a class of its own. All that look at something are recorded first
// (recorded_call.h).
class AuditService final : public v1::AuditService::WithRawCallbackMethod_Replay<v1::AuditService::CallbackService> {
 public:
  AuditService(engine::Engine& engine, log::EventLog& log, AccessRecorder& recorder, const AuditOptions& options)
      : recorder_(recorder),
        returns_(options.returns),
        log_(log.identity()),
        moments_(options.moments),
        diff_(engine),
        replay_{.engine = engine,
                .log = log,
                .tokens = rpc::PageTokens(options.token_key),
                .message_bytes = options.message_bytes,
                .patience = options.patience},
        checkpoints_(CheckpointContext{.engine = engine,
                                       .log = log,
                                       .tokens = rpc::PageTokens(options.token_key),
                                       .verifier_key = options.verifier_key,
                                       .lost_note = options.lost_note}),
        proofs_(engine, log),
        export_{.replay = replay_,
                .proofs = proofs_,
                .verifier_key = options.verifier_key,
                .patience = options.export_patience} {}
  AuditService(engine::Engine& engine, log::EventLog& log, std::unique_ptr<AccessRecorder> recorder,
               const AuditOptions& options)
      : AuditService(engine, log, *recorder, options) {
    own_recorder_ = std::move(recorder);
  }

  void EndStreams() { *ending_ = true; }

  grpc::ServerWriteReactor<grpc::ByteBuffer>* Replay(CallbackServerContext*, const grpc::ByteBuffer* bytes) override {
    v1::ReplayRequest request;
    const bool is_one = rpc::ParseBuffer(*bytes, &request);
    auto* stream = new ReplayStream(replay_, request, ending_);
    if (is_one) return StreamRecorded(recorder_, "AuditService.Replay", &request, stream);
    stream->Refuse(InvalidArgument("the request is not a ReplayRequest"));
    return stream;
  }

  grpc::ServerWriteReactor<v1::ReadViewResponse>* ReadView(CallbackServerContext*,
                                                           const v1::ReadViewRequest* request) override {
    return StreamRecorded(recorder_, "AuditService.ReadView", request,
                          new ReadViewStream(replay_.engine, *request, replay_.message_bytes, ending_));
  }

  ServerUnaryReactor* ListCheckpoints(CallbackServerContext* context, const v1::ListCheckpointsRequest* request,
                                      v1::ListCheckpointsResponse* response) override {
    return AnswerRecorded(context, recorder_, "AuditService.ListCheckpoints", request,
                          [=, this] { return checkpoints_.List(*request, response); });
  }

  ServerUnaryReactor* AcceptLoss(CallbackServerContext* context, const v1::AcceptLossRequest* request,
                                 v1::AcceptLossResponse* response) override {
    return AnswerRecordedLater(
        context, recorder_, "AuditService.AcceptLoss", request,
        [=, this](std::function<void(Status)> done) { checkpoints_.AcceptLoss(*request, response, std::move(done)); });
  }

  grpc::ServerWriteReactor<v1::ExportResponse>* Export(CallbackServerContext*,
                                                       const v1::ExportRequest* request) override {
    return StreamRecorded(recorder_, "AuditService.Export", request, new ExportStream(export_, *request, ending_));
  }

  ServerUnaryReactor* FileReturn(CallbackServerContext* context, const v1::FileReturnRequest* request,
                                 v1::FileReturnResponse* response) override {
    if (returns_ == nullptr) return v1::AuditService::CallbackService::FileReturn(context, request, response);
    return AnswerRecordedLater(context, recorder_, "AuditService.FileReturn", request, [=, this](auto done) {
      OnOwnThread([=, this] { done(returns_->File(*request, response)); });
    });
  }

  ServerUnaryReactor* GetFiledReturn(CallbackServerContext* context, const v1::GetFiledReturnRequest* request,
                                     v1::GetFiledReturnResponse* response) override {
    if (returns_ == nullptr) return v1::AuditService::CallbackService::GetFiledReturn(context, request, response);
    return AnswerRecordedLater(context, recorder_, "AuditService.GetFiledReturn", request, [=, this](auto done) {
      OnOwnThread([=, this] { done(returns_->Get(*request, response)); });
    });
  }

  ServerUnaryReactor* ListFiledReturns(CallbackServerContext* context, const v1::ListFiledReturnsRequest* request,
                                       v1::ListFiledReturnsResponse* response) override {
    if (returns_ == nullptr) return v1::AuditService::CallbackService::ListFiledReturns(context, request, response);
    return AnswerRecorded(context, recorder_, "AuditService.ListFiledReturns", request,
                          [=, this] { return returns_->List(*request, response); });
  }

  ServerUnaryReactor* GetInclusionProof(CallbackServerContext* context, const v1::GetInclusionProofRequest* request,
                                       v1::InclusionProof* proof) override {
    return AnswerRecorded(context, recorder_, "AuditService.GetInclusionProof", request,
                          [=, this] { return Give(proofs_.Inclusion(*request), proof); });
  }

  ServerUnaryReactor* GetConsistencyProof(CallbackServerContext* context, const v1::GetConsistencyProofRequest* request,
                                          v1::ConsistencyProof* proof) override {
    return AnswerRecorded(context, recorder_, "AuditService.GetConsistencyProof", request,
                          [=, this] { return Give(proofs_.Consistency(*request), proof); });
  }

  ServerUnaryReactor* DiffClient(CallbackServerContext* context, const v1::DiffClientRequest* request,
                                 v1::DiffClientResponse* response) override {
    return AnswerRecorded(context, recorder_, "AuditService.DiffClient", request,
                          [=, this] { return diff_.Answer(*request, absl::Now(), response); });
  }

  ServerUnaryReactor* GetRetention(CallbackServerContext* context, const v1::GetRetentionRequest* request,
                                   v1::GetRetentionResponse* response) override {
    return AnswerRecorded(context, recorder_, "AuditService.GetRetention", request,
                          [=, this] { return audit::GetRetention(replay_.engine, *request, response); });
  }

  grpc::ServerWriteReactor<v1::OpenMomentResponse>* OpenMoment(CallbackServerContext*,
                                                               const v1::OpenMomentRequest* request) override {
    return StreamRecorded(recorder_, "AuditService.OpenMoment", request,
                          new OpenMomentStream(moments_, log_, *request, ending_));
  }

  ServerUnaryReactor* CloseMoment(CallbackServerContext* context, const v1::CloseMomentRequest* request,
                                  v1::CloseMomentResponse*) override {
    auto* const reactor = context->DefaultReactor();
    reactor->Finish(rpc::ToGrpc(audit::CloseMoment(moments_, *request)));
    return reactor;
  }

 private:
  template <class Answer>
  static Status Give(StatusOr<Answer> made, Answer* answer) {
    if (made.ok()) *answer = *std::move(made);
    return made.status();
  }

  AccessRecorder& recorder_;
  returns::Returns* const returns_;
  const log::LogIdentity log_;
  past::Moments* const moments_;
  ClientDiff diff_;
  const ReplayContext replay_;
  const Checkpoints checkpoints_;
  const Proofs proofs_;
  const ExportContext export_;
  std::unique_ptr<AccessRecorder> own_recorder_;
  // True once the server drains; streams look at it between messages.
  const std::shared_ptr<std::atomic<bool>> ending_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace

std::unique_ptr<grpc::Service> MakeAuditService(engine::Engine& engine, log::EventLog& log, AccessRecorder& recorder,
                                                const AuditOptions& options) {
  return std::make_unique<AuditService>(engine, log, recorder, options);
}

std::unique_ptr<grpc::Service> MakeAuditService(engine::Engine& engine, log::EventLog& log,
                                                const AuditOptions& options) {
  return std::make_unique<AuditService>(engine, log, MakeAccessRecorder(log), options);
}

void EndStreams(grpc::Service& service) {
  if (auto* audit = dynamic_cast<AuditService*>(&service)) audit->EndStreams();
}

}  // namespace kefu::audit
