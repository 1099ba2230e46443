#pragma once

// AuditService.OpenMoment and CloseMoment: all views as they were, opened while the caller is told how far it is.

#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "kefu/audit/v1/audit.pb.h"
#include "platform/log/log.h"
#include "projections/past/moments.h"

namespace kefu::audit {

// What Moments::Close refuses; kFailedPrecondition MOMENTS_NOT_KEPT without `moments`.
Status CloseMoment(past::Moments* moments, const v1::CloseMomentRequest& request);

// Opens on a thread of its own, since that takes as long as folding what no kept views hold. One message is in flight;
// what comes meanwhile is left out, for the next one says more. Deletes itself.
//
// Ends with what ReadAsOf and Moments::Open refuse; kUnavailable when the server ends; kFailedPrecondition
// MOMENTS_NOT_KEPT without `moments`.
class OpenMomentStream final : public grpc::ServerWriteReactor<v1::OpenMomentResponse> {
 public:
  // `moments` (may be null) and `log` outlive it. Ends with kUnavailable once `ending` is true.
  OpenMomentStream(past::Moments* moments, const log::LogIdentity& log, const v1::OpenMomentRequest& request,
                   std::shared_ptr<const std::atomic<bool>> ending);

  // One of them, once.
  void Start();
  void Refuse(const Status& status);

  void OnCancel() override;
  void OnWriteDone(bool ok) override;
  void OnDone() override;

 private:
  void Run();
  StatusOr<v1::OpenMomentResponse> Open();
  Status Tell(int64_t done, int64_t total);

  past::Moments* const moments_;
  const log::LogIdentity& log_;
  const v1::OpenMomentRequest request_;
  const std::shared_ptr<const std::atomic<bool>> ending_;
  std::thread thread_;

  std::mutex mutex_;
  std::condition_variable written_;
  bool writing_ = false;
  bool gone_ = false;
  v1::OpenMomentResponse message_;  // not touched while it is being written
};

}  // namespace kefu::audit
