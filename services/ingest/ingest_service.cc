#include "services/ingest/ingest_service.h"

#include <absl/time/clock.h>
#include <grpcpp/server_context.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

#include "kefu/ingest/v1/ingest.grpc.pb.h"
#include "platform/base/reason.h"
#include "platform/rpc/deadline.h"
#include "services/ingest/event_stream.h"
#include "services/ingest/publisher.h"
#include "services/ingest/rejections.h"
#include "services/ingest/requests.h"
#include "services/ingest/unary_call.h"

namespace kefu::ingest {

namespace {

// The metadata key that announces how many events of a stream may be unanswered.
constexpr char kMaxInFlightKey[] = "kefu-max-in-flight";

// Calls of ListRejections that may wait for the one thread that reads.
constexpr size_t kMaxWaitingReads = 32;

// When to give an answer that shall reach the caller before it gives up by itself.
absl::Time AnswerBefore(const grpc::ServerContextBase& context, absl::Duration cap) {
  const absl::Time deadline = rpc::DeadlineOf(context, cap);
  const absl::Duration left = deadline - absl::Now();
  return deadline - std::clamp(left / 10, absl::ZeroDuration(), absl::Milliseconds(100));
}

// One thread that does what may block, in order.
class Worker {
 public:
  Worker() : thread_([this] { Run(); }) {}
  ~Worker() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  // False if too much waits already.
  bool Do(std::function<void()> work) {
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.size() >= kMaxWaitingReads) return false;
      waiting_.push_back(std::move(work));
    }
    changed_.notify_all();
    return true;
  }

 private:
  void Run() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      const auto work = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      work();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

// Requests come as bytes: see requests.h.
using RawService = v1::IngestService::WithRawCallbackMethod_PublishEvent<
    v1::IngestService::WithRawCallbackMethod_BatchPublishEvents<v1::IngestService::WithRawCallbackMethod_StreamEvents<
        v1::IngestService::WithRawCallbackMethod_ListRejections<v1::IngestService::Service>>>>;

class Service final : public IngestServer, public RawService {
 public:
  Service(const IngestOptions& options, Recorder& recorder, log::EventLog& events, log::EventLog& rejected,
          engine::Engine* engine)
      : options_(options), rejected_(rejected), publisher_(recorder, events, engine) {}

  grpc::Service* service() override { return this; }

  void EndStreams() override {
    std::vector<std::shared_ptr<EventStream>> streams;
    {
      const std::lock_guard lock(mutex_);
      draining_ = true;
      for (EventStream* stream : streams_) streams.push_back(stream->shared_from_this());
    }
    for (const auto& stream : streams) stream->End();
  }

  grpc::ServerUnaryReactor* PublishEvent(grpc::CallbackServerContext* context, const grpc::ByteBuffer* bytes,
                                         grpc::ByteBuffer* response) override {
    const auto call = UnaryCall::Make(response);
    v1::PublishEventRequest request;
    if (const Status read = ReadRequest(*bytes, &request); !read.ok()) {
      call->Fail(read);
      return call.get();
    }
    std::vector<Submission> submissions;
    submissions.push_back({std::move(*request.mutable_event())});
    publisher_.Publish(std::move(submissions), request.wait(), AnswerBefore(*context, options_.max_wait),
                       [this, call](std::vector<Outcome> outcomes) {
                         Outcome& outcome = outcomes.front();
                         if (!outcome.status.ok()) return call->Fail(outcome.status);
                         v1::PublishEventResponse answer;
                         answer.set_event_id(std::move(outcome.event_id));
                         answer.set_position(publisher_.PositionAfter(*outcome.at));
                         if (outcome.verdict.has_value()) *answer.mutable_verdict() = *std::move(outcome.verdict);
                         call->Answer(answer);
                       });
    return call.get();
  }

  grpc::ServerUnaryReactor* BatchPublishEvents(grpc::CallbackServerContext* context, const grpc::ByteBuffer* bytes,
                                               grpc::ByteBuffer* response) override {
    const auto call = UnaryCall::Make(response);
    auto batch = ReadBatch(*bytes);
    if (!batch.ok()) {
      call->Fail(batch.status());
      return call.get();
    }
    if (batch->submissions.size() > static_cast<size_t>(options_.max_batch_events)) {
      call->Fail(WithReason(
          InvalidArgument("the batch has {} events; at most {}", batch->submissions.size(), options_.max_batch_events),
          "BATCH_TOO_LARGE", "events"));
      return call.get();
    }
    publisher_.Publish(std::move(batch->submissions), batch->wait, AnswerBefore(*context, options_.max_wait),
                       [this, call](std::vector<Outcome> outcomes) {
                         v1::BatchPublishEventsResponse answer;
                         for (const Outcome& outcome : outcomes) *answer.add_results() = ToResult(outcome, publisher_);
                         answer.set_position(publisher_.PositionAfter(outcomes));
                         call->Answer(answer);
                       });
    return call.get();
  }

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* StreamEvents(
      grpc::CallbackServerContext* context) override {
    context->AddInitialMetadata(kMaxInFlightKey, std::to_string(options_.max_in_flight));
    const auto stream = EventStream::Start(publisher_, options_, [this](EventStream* done) {
      const std::lock_guard lock(mutex_);
      streams_.erase(done);
    });
    bool draining;
    {
      const std::lock_guard lock(mutex_);
      streams_.insert(stream.get());
      draining = draining_;
    }
    if (draining) stream->End();
    return stream.get();
  }

  grpc::ServerUnaryReactor* ListRejections(grpc::CallbackServerContext* context, const grpc::ByteBuffer* bytes,
                                           grpc::ByteBuffer* response) override {
    const auto call = UnaryCall::Make(response);
    v1::ListRejectionsRequest request;
    if (const Status read = ReadRequest(*bytes, &request); !read.ok()) {
      call->Fail(read);
      return call.get();
    }
    const absl::Time deadline = AnswerBefore(*context, options_.max_wait);
    const bool taken = worker_.Do([this, call, request = std::move(request), deadline] {
      const auto answer = ingest::ListRejections(rejected_, request, deadline);
      answer.ok() ? call->Answer(*answer) : call->Fail(answer.status());
    });
    if (!taken)
      call->Fail(
          WithReason(ResourceExhausted("{} calls wait already; try again later", kMaxWaitingReads), "QUEUE_FULL"));
    return call.get();
  }

 private:
  const IngestOptions options_;
  log::EventLog& rejected_;
  Publisher publisher_;

  std::mutex mutex_;
  std::set<EventStream*> streams_;
  bool draining_ = false;

  Worker worker_;
};

}  // namespace

std::unique_ptr<IngestServer> IngestServer::Make(const IngestOptions& options, Recorder& recorder,
                                                 log::EventLog& events, log::EventLog& rejected,
                                                 engine::Engine* engine) {
  return std::make_unique<Service>(options, recorder, events, rejected, engine);
}

}  // namespace kefu::ingest
