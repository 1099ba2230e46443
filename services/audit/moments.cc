#include "services/audit/moments.h"

#include <absl/time/clock.h>

#include "platform/base/reason.h"
#include "platform/base/time.h"
#include "platform/rpc/status.h"
#include "services/audit/as_of.h"

namespace kefu::audit {
namespace {

Status NotKept() {
  return WithReason(FailedPrecondition("this server keeps no moments of the past: it has no views"), "MOMENTS_NOT_KEPT");
}

}  // namespace

Status CloseMoment(past::Moments* moments, const v1::CloseMomentRequest& request) {
  return moments == nullptr ? NotKept() : moments->Close(request.moment());
}

OpenMomentStream::OpenMomentStream(past::Moments* moments, const log::LogIdentity& log,
                                   const v1::OpenMomentRequest& request,
                                   std::shared_ptr<const std::atomic<bool>> ending)
    : moments_(moments), log_(log), request_(request), ending_(std::move(ending)) {}

void OpenMomentStream::Refuse(const Status& status) { Finish(rpc::ToGrpc(status)); }

void OpenMomentStream::Start() {
  thread_ = std::thread([this] { Run(); });
}

// After it has ended the call, the thread touches nothing of this any more: OnDone waits for it.
void OpenMomentStream::Run() {
  auto opened = Open();
  {
    std::unique_lock lock(mutex_);
    written_.wait(lock, [&] { return !writing_; });
    if (opened.ok()) message_ = *std::move(opened);
  }
  if (!opened.ok()) return Refuse(opened.status());
  StartWriteAndFinish(&message_, grpc::WriteOptions(), grpc::Status::OK);
}

StatusOr<v1::OpenMomentResponse> OpenMomentStream::Open() {
  if (moments_ == nullptr) return NotKept();
  ASSIGN_OR_RETURN(const past::Asked asked, ReadAsOf(request_.as_of(), "as_of", log_, absl::Now()));
  int64_t size = 0;
  ASSIGN_OR_RETURN(const auto moment, moments_->Open(asked, [&](int64_t done, int64_t total) {
                     size = total;
                     return Tell(done, total);
                   }));
  v1::OpenMomentResponse last;
  last.set_events_done(size);
  last.set_events_total(size);
  last.set_moment(moment->name());
  last.set_position(moment->engine().CurrentPosition().Encode());
  *last.mutable_expires_at() = ToProto(moments_->ExpiryOf(moment->name()));
  return last;
}

Status OpenMomentStream::Tell(int64_t done, int64_t total) {
  {
    const std::lock_guard lock(mutex_);
    if (gone_) return Cancelled("the caller went away");
    if (*ending_) return Unavailable("the server ends; open the moment elsewhere");
    if (writing_) return OkStatus();
    writing_ = true;
    message_.set_events_done(done);
    message_.set_events_total(total);
  }
  StartWrite(&message_);
  return OkStatus();
}

void OpenMomentStream::OnCancel() {
  const std::lock_guard lock(mutex_);
  gone_ = true;
}

void OpenMomentStream::OnWriteDone(bool ok) {
  const std::lock_guard lock(mutex_);
  writing_ = false;
  gone_ = gone_ || !ok;
  written_.notify_all();
}

void OpenMomentStream::OnDone() {
  if (thread_.joinable()) thread_.join();
  delete this;
}

}  // namespace kefu::audit
