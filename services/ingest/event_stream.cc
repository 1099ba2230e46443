#include "services/ingest/event_stream.h"

#include <absl/time/clock.h>

#include "platform/base/reason.h"
#include "platform/rpc/bytes.h"
#include "platform/rpc/status.h"
#include "services/ingest/requests.h"

namespace kefu::ingest {

std::shared_ptr<EventStream> EventStream::Start(Publisher& publisher, const IngestOptions& options,
                                                std::function<void(EventStream*)> on_done) {
  auto stream = std::make_shared<EventStream>(publisher, options, std::move(on_done));
  stream->self_ = stream;
  const std::lock_guard lock(stream->mutex_);
  stream->StartSendInitialMetadata();
  stream->Proceed();
  return stream;
}

void EventStream::End() {
  const std::lock_guard lock(mutex_);
  draining_ = true;
  Proceed();
}

void EventStream::OnReadDone(bool ok) {
  grpc::ByteBuffer request;
  auto slot = std::make_shared<Slot>();
  {
    const std::lock_guard lock(mutex_);
    reading_ = false;
    if (!ok) read_all_ = true;
    // What arrives after the drain began is neither recorded nor answered; its sender will send it again.
    if (!ok || draining_ || finished_) return Proceed();
    request.Swap(&request_);
    unanswered_.push_back(slot);
    publishing_ = true;
  }
  // Without the mutex, for the answer may come at once on this thread; before the next read, so that the events of a
  // stream reach the log in order.
  Publish(slot, request);
  const std::lock_guard lock(mutex_);
  publishing_ = false;
  Proceed();
}

void EventStream::Publish(const std::shared_ptr<Slot>& slot, const grpc::ByteBuffer& buffer) {
  v1::StreamEventsRequest request;
  const Status read = ReadRequest(buffer, &request);
  std::vector<Submission> submissions;
  if (read.ok()) {
    submissions.push_back({std::move(*request.mutable_event())});
  } else {
    submissions.push_back({read});
  }
  publisher_.Publish(
      std::move(submissions), request.wait(), absl::Now() + options_.max_wait,
      [stream = shared_from_this(), slot](std::vector<Outcome> outcomes) { stream->Answer(slot, outcomes.front()); });
}

void EventStream::Answer(const std::shared_ptr<Slot>& slot, const Outcome& outcome) {
  v1::StreamEventsResponse response;
  *response.mutable_result() = ToResult(outcome, publisher_);
  grpc::ByteBuffer answer = rpc::ToBuffer(response);
  const std::lock_guard lock(mutex_);
  slot->answer.Swap(&answer);
  slot->answered = true;
  Proceed();
}

void EventStream::OnWriteDone(bool ok) {
  const std::lock_guard lock(mutex_);
  writing_ = false;
  unanswered_.pop_front();
  if (!ok) broken_ = true;
  Proceed();
}

void EventStream::OnCancel() {
  const std::lock_guard lock(mutex_);
  broken_ = true;
  Proceed();
}

void EventStream::OnDone() {
  on_done_(this);
  self_.reset();
}

void EventStream::Proceed() {
  if (finished_) return;
  const bool going_on = !broken_ && !read_all_ && !draining_;
  if (!broken_ && !writing_ && !unanswered_.empty() && unanswered_.front()->answered) {
    writing_ = true;
    StartWrite(&unanswered_.front()->answer);
  }
  if (going_on && !reading_ && !publishing_ && unanswered_.size() < static_cast<size_t>(options_.max_in_flight)) {
    reading_ = true;
    StartRead(&request_);
  }
  // gRPC may not be told to finish while a write is under way.
  if (going_on || writing_ || (!broken_ && !unanswered_.empty())) return;
  finished_ = true;
  if (broken_) {
    Finish(rpc::ToGrpc(Cancelled("the caller has gone")));
  } else if (draining_) {
    Finish(rpc::ToGrpc(WithReason(Unavailable("the server is about to end; go on with another"), "SERVER_DRAINING")));
  } else {
    Finish(grpc::Status::OK);
  }
}

}  // namespace kefu::ingest
