#include "services/cli/import/grpc_sink.h"

#include <absl/time/clock.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "google/rpc/status.pb.h"
#include "kefu/ingest/v1/ingest.grpc.pb.h"
#include "platform/base/reason.h"
#include "platform/rpc/status.h"

namespace kefu::cli {
namespace {

using ingest::v1::IngestService;
using ingest::v1::PublishResult;
using ingest::v1::StreamEventsRequest;
using ingest::v1::StreamEventsResponse;

// Worth another try: the event may or may not be recorded, or there was no room.
bool IsPassing(StatusCode code) {
  return code == StatusCode::kUnavailable || code == StatusCode::kDeadlineExceeded ||
         code == StatusCode::kResourceExhausted || code == StatusCode::kAborted;
}

Answer AnswerOf(const PublishResult& result, const Status& status) {
  if (!status.ok()) {
    const std::string reason = ReasonOf(status);
    return {Answer::Kind::kInvalid, reason.empty() ? absl::StatusCodeToString(status.code()) : reason};
  }
  switch (result.verdict().outcome()) {
    case events::v1::VERDICT_OUTCOME_APPLIED:
      return {Answer::Kind::kApplied, {}};
    case events::v1::VERDICT_OUTCOME_DUPLICATE:
      return {Answer::Kind::kDuplicate, {}};
    case events::v1::VERDICT_OUTCOME_REFUSED:
      return {Answer::Kind::kRefused, result.verdict().rule()};
    default:
      return {Answer::Kind::kRecorded, {}};
  }
}

class GrpcSink final : public EventSink {
 public:
  GrpcSink(std::shared_ptr<grpc::Channel> channel, const GrpcSinkOptions& options, Answered answered)
      : options_(options), answered_(std::move(answered)), stub_(IngestService::NewStub(channel)) {}

  ~GrpcSink() override {
    Abandon();
    IgnoreStatus(Close(), "nobody waits for what is unanswered");
  }

  Status Send(const events::v1::Event& event) override {
    auto request = std::make_shared<StreamEventsRequest>();
    *request->mutable_event() = event;
    request->set_wait(options_.wait_applied ? ingest::v1::WAIT_APPLIED : ingest::v1::WAIT_DURABLE);
    if (stream_ == nullptr) Open();
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return unanswered_.size() < options_.window || broken_; });
      if (abandoned_) return Cancelled("interrupted");
      unanswered_.push_back(request);
      if (!broken_) {
        lock.unlock();
        if (stream_->Write(*request)) return OkStatus();
      }
    }
    return Recover();
  }

  Status Finish() override {
    for (;;) {
      if (stream_ == nullptr) return OkStatus();
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return unanswered_.empty() || broken_; });
      if (unanswered_.empty()) break;
      lock.unlock();
      RETURN_IF_ERROR(Recover());
    }
    stream_->WritesDone();
    IgnoreStatus(Close(), "every event has its answer");
    return OkStatus();
  }

  void Abandon() override {
    std::lock_guard lock(mutex_);
    abandoned_ = true;
    if (context_ != nullptr) context_->TryCancel();
    changed_.notify_all();
  }

 private:
  void Open() {
    {
      std::lock_guard lock(mutex_);
      context_ = std::make_unique<grpc::ClientContext>();
      if (abandoned_) context_->TryCancel();
      broken_ = false;
      passing_ = OkStatus();
    }
    stream_ = stub_->StreamEvents(context_.get());
    reader_ = std::thread([this] { ReadAnswers(); });
  }

  void ReadAnswers() {
    StreamEventsResponse response;
    while (stream_->Read(&response)) {
      const Status status = rpc::FromRpcStatus(response.result().status());
      {
        std::lock_guard lock(mutex_);
        if (IsPassing(status.code())) {
          // Events after it may be on the log already; they come again behind it, as duplicates.
          passing_ = status;
          context_->TryCancel();
          break;
        }
        if (unanswered_.empty()) break;
      }
      answered_(AnswerOf(response.result(), status));
      std::lock_guard lock(mutex_);
      unanswered_.pop_front();
      answered_at_ = absl::Now();
      ever_answered_ = true;
      changed_.notify_all();
    }
    std::lock_guard lock(mutex_);
    broken_ = true;
    changed_.notify_all();
  }

  // Ends the stream and tells why it ended.
  Status Close() {
    if (stream_ == nullptr) return OkStatus();
    reader_.join();
    // Answers that nobody reads would keep the stream open.
    if (Status passing = Passing(); !passing.ok()) context_->TryCancel();
    Status status = rpc::FromGrpc(stream_->Finish());
    stream_.reset();
    const Status passing = Passing();
    return passing.ok() ? status : passing;
  }

  Status Passing() {
    std::lock_guard lock(mutex_);
    return passing_;
  }

  // Opens streams until one takes all unanswered events, for as long as patience lasts.
  Status Recover() {
    absl::Duration pause = absl::Milliseconds(100);
    const absl::Time began = absl::Now();
    for (;;) {
      const Status why = Close();
      std::vector<std::shared_ptr<const StreamEventsRequest>> again;
      {
        std::unique_lock lock(mutex_);
        if (abandoned_) return Cancelled("interrupted");
        if (!why.ok() && !IsPassing(why.code())) return why;
        const absl::Time since = std::max(began, answered_at_);
        if (absl::Now() - since > (ever_answered_ ? options_.patience : options_.patience_at_start))
          return why.ok() ? Unavailable("the server ended the stream without a reason") : why;
        changed_.wait_for(lock, absl::ToChronoMilliseconds(pause), [&] { return abandoned_; });
        pause = std::min(2 * pause, absl::Seconds(2));
        again.assign(unanswered_.begin(), unanswered_.end());
      }
      Open();
      if (std::all_of(again.begin(), again.end(), [&](const auto& request) { return stream_->Write(*request); }))
        return OkStatus();
    }
  }

  const GrpcSinkOptions options_;
  const Answered answered_;
  const std::unique_ptr<IngestService::Stub> stub_;
  std::thread reader_;
  std::unique_ptr<grpc::ClientReaderWriter<StreamEventsRequest, StreamEventsResponse>> stream_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::unique_ptr<grpc::ClientContext> context_;
  std::deque<std::shared_ptr<const StreamEventsRequest>> unanswered_;
  // The answers of the stream in hand have ended.
  bool broken_ = false;
  bool abandoned_ = false;
  bool ever_answered_ = false;
  absl::Time answered_at_ = absl::InfinitePast();
  // Why this side ended the stream, if it did.
  Status passing_;
};

}  // namespace

std::unique_ptr<EventSink> MakeGrpcSink(std::shared_ptr<grpc::Channel> channel, const GrpcSinkOptions& options,
                                        EventSink::Answered answered) {
  return std::make_unique<GrpcSink>(std::move(channel), options, std::move(answered));
}

}  // namespace kefu::cli
