#include "services/ingest/ingest_service.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/impl/codegen/sync_stream.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "google/rpc/status.pb.h"
#include "kefu/ingest/v1/ingest.grpc.pb.h"
#include "platform/base/reason.h"
#include "platform/log/position.h"
#include "platform/rpc/bytes.h"
#include "platform/rpc/client.h"
#include "platform/rpc/server.h"
#include "platform/rpc/status.h"
#include "services/ingest/ingest_testing.h"

namespace kefu::ingest {
namespace {

using testing::HasSubstr;

constexpr char kServiceName[] = "/kefu.ingest.v1.IngestService/";

// `bytes` as the length-delimited field 1 of a request, where all requests have their event.
std::string AsFieldOne(const std::string& bytes) {
  std::string field = "\x0a";
  for (size_t length = bytes.size(); true; length >>= 7) {
    if (length < 0x80) {
      field += static_cast<char>(length);
      return field + bytes;
    }
    field += static_cast<char>(length | 0x80);
  }
}

grpc::ByteBuffer BufferOf(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

class IngestServiceTest : public testing::Test {
 protected:
  ~IngestServiceTest() override { Stop(); }

  void Start(bool with_views = true) {
    IngestOptions options;
    options.max_in_flight = 4;
    server_ = IngestServer::Make(options, recorder_, events_, rejected_, with_views ? &engine_ : nullptr);
    grpc_ = *rpc::Server::Start(rpc::ServerOptions(), {server_->service()});
    grpc_->OnDrain([this] { server_->EndStreams(); });
    rpc::ChannelOptions channel;
    channel.address = fmt::format("127.0.0.1:{}", grpc_->ports()[0]);
    channel_ = *rpc::MakeChannel(channel);
    stub_ = v1::IngestService::NewStub(channel_);
  }

  void Stop() {
    // Whoever is held is let go: the service waits for its log.
    events_.Release();
    engine_.Expire();
    grpc_.reset();
    server_.reset();
  }

  static std::unique_ptr<grpc::ClientContext> Context(absl::Duration timeout = absl::Seconds(60)) {
    auto context = std::make_unique<grpc::ClientContext>();
    rpc::SetDeadline(*context, absl::Now() + timeout);
    return context;
  }

  StatusOr<v1::PublishEventResponse> Publish(const events::v1::Event& event, v1::Wait wait = v1::WAIT_DURABLE) {
    v1::PublishEventRequest request;
    *request.mutable_event() = event;
    request.set_wait(wait);
    v1::PublishEventResponse response;
    const Status status = rpc::FromGrpc(stub_->PublishEvent(Context().get(), request, &response));
    if (!status.ok()) return status;
    return response;
  }

  StatusOr<v1::BatchPublishEventsResponse> PublishBatch(const std::string& request_bytes) {
    const std::string name = std::string(kServiceName) + "BatchPublishEvents";
    grpc::ByteBuffer response_bytes;
    RETURN_IF_ERROR(CallRaw(name, request_bytes, &response_bytes));
    v1::BatchPublishEventsResponse response;
    EXPECT_TRUE(rpc::ParseBuffer(response_bytes, &response));
    return response;
  }

  Status CallRaw(const std::string& name, const std::string& bytes, grpc::ByteBuffer* response) {
    const grpc::internal::RpcMethod method(name.c_str(), grpc::internal::RpcMethod::NORMAL_RPC);
    const auto context = Context();
    return rpc::FromGrpc(
        grpc::internal::BlockingUnaryCall(channel_.get(), method, context.get(), BufferOf(bytes), response));
  }

  using Stream = grpc::ClientReaderWriter<v1::StreamEventsRequest, v1::StreamEventsResponse>;
  static bool Send(Stream& stream, const std::string& event_id) {
    v1::StreamEventsRequest request;
    *request.mutable_event() = Contact(event_id);
    return stream.Write(request);
  }
  static std::string Receive(Stream& stream) {
    v1::StreamEventsResponse response;
    if (!stream.Read(&response)) return "end";
    const auto& result = response.result();
    return result.status().code() == 0 ? result.event_id() : ReasonOf(rpc::FromRpcStatus(result.status()));
  }

  HeldLog events_{2};
  HeldLog rejected_{1};
  FakeEngine engine_{events_};
  Recorder recorder_{events_, RecorderOptions{}};
  std::unique_ptr<IngestServer> server_;
  std::unique_ptr<rpc::Server> grpc_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::IngestService::Stub> stub_;
};

TEST_F(IngestServiceTest, AnEventIsOnTheLogWhenTheAnswerComesAndTheAnswerSaysWhere) {
  Start();
  const auto response = Publish(Contact("E-1"));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->event_id(), "E-1");
  EXPECT_FALSE(response->has_verdict());
  const auto position = log::Position::Decode(response->position(), events_.identity().id, 2);
  ASSERT_TRUE(position.ok()) << position.status();
  const int partition = recorder_.PartitionOf("C-1").value();
  EXPECT_EQ(position->next_offsets[partition], 1);
  EXPECT_EQ(position->next_offsets[1 - partition], 0);
  ASSERT_EQ(events_.Events().size(), 1u);
  EXPECT_TRUE(events_.Events()[0].has_recorded_at());
  // A retry is recorded again; that it counts once is admission's affair.
  EXPECT_TRUE(Publish(Contact("E-1")).ok());
}

TEST_F(IngestServiceTest, EachBadInputIsRefusedWithItsReasonAndTheNextGoesOn) {
  Start();
  for (const BadEvent& bad : BadEvents()) {
    SCOPED_TRACE(bad.name);
    grpc::ByteBuffer response;
    const Status status = CallRaw(std::string(kServiceName) + "PublishEvent", AsFieldOne(bad.bytes), &response);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status;
    EXPECT_EQ(ReasonOf(status), bad.reason);
    EXPECT_THAT(FieldOf(status), testing::StartsWith("event"));
    EXPECT_TRUE(Publish(Contact("E-after")).ok());
  }
  EXPECT_EQ(events_.Events().size(), BadEvents().size());
  grpc::ByteBuffer response;
  EXPECT_EQ(ReasonOf(CallRaw(std::string(kServiceName) + "PublishEvent", "\xff\xff\xff", &response)),
            "PROTOBUF_INVALID");
}

TEST_F(IngestServiceTest, BadEventsOfABatchDoNotKeepTheOthersOut) {
  Start();
  const auto bad_events = BadEvents();
  std::string request;
  for (const BadEvent& bad : bad_events)
    request += AsFieldOne(bad.bytes) + AsFieldOne(Contact("E-after").SerializeAsString());
  const auto response = PublishBatch(request);
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->results_size(), static_cast<int>(2 * bad_events.size()));
  for (size_t i = 0; i < bad_events.size(); ++i) {
    SCOPED_TRACE(bad_events[i].name);
    const auto& refused = response->results(static_cast<int>(2 * i));
    const Status status = rpc::FromRpcStatus(refused.status());
    EXPECT_EQ(ReasonOf(status), bad_events[i].reason);
    EXPECT_THAT(FieldOf(status), testing::StartsWith(fmt::format("events[{}]", 2 * i)));
    EXPECT_EQ(refused.position(), "");
    const auto& recorded = response->results(static_cast<int>(2 * i + 1));
    EXPECT_EQ(recorded.status().code(), 0);
    EXPECT_EQ(recorded.event_id(), "E-after");
    EXPECT_NE(recorded.position(), "");
  }
  EXPECT_EQ(response->position(), response->results(response->results_size() - 1).position());
}

TEST_F(IngestServiceTest, ABatchHasAThousandEventsAtMostAndMayHaveNone) {
  Start();
  std::string request;
  for (int i = 0; i < 1000; ++i) request += AsFieldOne(Contact("E-1").SerializeAsString());
  EXPECT_EQ(PublishBatch(request)->results_size(), 1000);
  EXPECT_EQ(ReasonOf(PublishBatch(request + AsFieldOne("")).status()), "BATCH_TOO_LARGE");
  EXPECT_EQ(PublishBatch("")->results_size(), 0);
  EXPECT_EQ(ReasonOf(PublishBatch("\x0a\x7f").status()), "PROTOBUF_INVALID");
}

TEST_F(IngestServiceTest, WaitAppliedGivesTheVerdict) {
  Start();
  events::v1::Verdict verdict;
  verdict.set_outcome(events::v1::VERDICT_OUTCOME_REFUSED);
  verdict.set_rule("revision_moved");
  verdict.set_revision(3);
  auto answer = std::async(std::launch::async, [&] { return Publish(Contact("E-1"), v1::WAIT_APPLIED); });
  engine_.WaitForWaiters(1);
  EXPECT_LT(engine_.last_deadline(), absl::Now() + absl::Seconds(60));
  engine_.Apply(recorder_.PartitionOf("C-1"), Offset(1), verdict);
  const auto response = answer.get();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->verdict().rule(), "revision_moved");
  EXPECT_EQ(response->verdict().revision(), 3);
}

TEST_F(IngestServiceTest, WhatIsNotAppliedInTimeIsStillRecordedAndTheAnswerSaysSo) {
  Start();
  auto answer = std::async(std::launch::async, [&] { return Publish(Contact("E-1"), v1::WAIT_APPLIED); });
  engine_.WaitForWaiters(1);
  engine_.Expire();
  const Status status = answer.get().status();
  EXPECT_EQ(status.code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(ReasonOf(status), "NOT_YET_APPLIED");
  log::Position position{events_.identity().id, {0, 0}};
  position.next_offsets[recorder_.PartitionOf("C-1").value()] = 1;
  EXPECT_EQ(MessageOf(status),
            fmt::format("recorded at {}, not applied yet; outcome of admission unknown", position.Encode()));
}

TEST_F(IngestServiceTest, WaitAppliedNeedsViewsAndRecordsNothingWithoutThem) {
  Start(/*with_views=*/false);
  const Status status = Publish(Contact("E-1"), v1::WAIT_APPLIED).status();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(status), "NO_VIEWS_HERE");
  EXPECT_EQ(ReasonOf(Publish(Contact("E-1"), static_cast<v1::Wait>(9)).status()), "ENUM_UNKNOWN");
  EXPECT_TRUE(events_.Events().empty());
  EXPECT_TRUE(Publish(Contact("E-1"), v1::WAIT_DURABLE).ok());
}

TEST_F(IngestServiceTest, OfABatchSomeMayBeAppliedInTime) {
  Start();
  v1::BatchPublishEventsRequest request;
  *request.add_events() = Contact("E-1");
  *request.add_events() = Contact("E-2");
  request.set_wait(v1::WAIT_APPLIED);
  auto answer = std::async(std::launch::async, [&] { return PublishBatch(request.SerializeAsString()); });
  engine_.WaitForWaiters(1);
  events::v1::Verdict applied;
  applied.set_outcome(events::v1::VERDICT_OUTCOME_APPLIED);
  engine_.Apply(recorder_.PartitionOf("C-1"), Offset(1), applied);
  engine_.Expire();
  const auto response = answer.get();
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->results(0).verdict().outcome(), events::v1::VERDICT_OUTCOME_APPLIED);
  EXPECT_EQ(ReasonOf(rpc::FromRpcStatus(response->results(1).status())), "NOT_YET_APPLIED");
  EXPECT_NE(response->results(1).position(), "");
}

TEST_F(IngestServiceTest, AStreamAnswersInOrderWhateverIsInIt) {
  Start();
  grpc::ClientContext context;
  const std::string name = std::string(kServiceName) + "StreamEvents";
  const grpc::internal::RpcMethod method(name.c_str(), grpc::internal::RpcMethod::BIDI_STREAMING);
  const std::unique_ptr<grpc::ClientReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>> stream(
      grpc::internal::ClientReaderWriterFactory<grpc::ByteBuffer, grpc::ByteBuffer>::Create(channel_.get(), method,
                                                                                            &context));
  const auto bad_events = BadEvents();
  std::thread writer([&] {
    for (const BadEvent& bad : bad_events) {
      EXPECT_TRUE(stream->Write(BufferOf(AsFieldOne(bad.bytes))));
      EXPECT_TRUE(stream->Write(BufferOf(AsFieldOne(Contact("after-" + bad.reason).SerializeAsString()))));
    }
    stream->WritesDone();
  });
  const auto receive = [&] {
    grpc::ByteBuffer bytes;
    v1::StreamEventsResponse response;
    EXPECT_TRUE(stream->Read(&bytes) && rpc::ParseBuffer(bytes, &response));
    return response.result();
  };
  for (const BadEvent& bad : bad_events) {
    EXPECT_EQ(ReasonOf(rpc::FromRpcStatus(receive().status())), bad.reason);
    EXPECT_EQ(receive().event_id(), "after-" + bad.reason);
  }
  grpc::ByteBuffer bytes;
  EXPECT_FALSE(stream->Read(&bytes));
  writer.join();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(context.GetServerInitialMetadata().find("kefu-max-in-flight")->second, "4");
}

TEST_F(IngestServiceTest, AStreamTakesNoMoreThanItMayHaveUnanswered) {
  Start();
  events_.Hold();
  const auto context = Context();
  const auto stream = stub_->StreamEvents(context.get());
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(Send(*stream, "E-" + std::to_string(i)));
  events_.WaitForHeld(4);
  // Whole calls come and go meanwhile, and it takes none of the others.
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(Publish(Contact("")).ok());
  EXPECT_EQ(events_.held(), 4u);
  events_.Release();
  stream->WritesDone();
  for (int i = 0; i < 50; ++i) EXPECT_EQ(Receive(*stream), "E-" + std::to_string(i));
  EXPECT_EQ(Receive(*stream), "end");
  EXPECT_TRUE(stream->Finish().ok());
  const auto events = events_.Events();
  ASSERT_EQ(events.size(), 50u);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(events[i].event_id(), "E-" + std::to_string(i));
}

TEST_F(IngestServiceTest, AReaderWhoIsSlowGetsEverythingInTheEnd) {
  Start();
  constexpr int kEvents = 5000;
  const auto context = Context();
  const auto stream = stub_->StreamEvents(context.get());
  std::thread writer([&] {
    for (int i = 0; i < kEvents; ++i) EXPECT_TRUE(Send(*stream, std::to_string(i)));
    stream->WritesDone();
  });
  // Nothing is read before the server has stopped taking, or has taken all.
  while (static_cast<int>(recorder_.counters().recorded) < 100) std::this_thread::yield();
  for (int i = 0; i < kEvents; ++i) ASSERT_EQ(Receive(*stream), std::to_string(i));
  writer.join();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(IngestServiceTest, ACancelledStreamEndsAndLateAnswersFindNobody) {
  Start();
  for (int round = 0; round < 20; ++round) {
    events_.Hold();
    const auto context = Context();
    const auto stream = stub_->StreamEvents(context.get());
    for (int i = 0; i <= round % 5; ++i) Send(*stream, "E-" + std::to_string(i));
    events_.WaitForHeld(1);
    std::thread canceller([&] { context->TryCancel(); });
    // Half of the time the answers race with the cancel.
    if (round % 2 == 0) events_.Release();
    canceller.join();
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
    events_.Release();
  }
  EXPECT_TRUE(Publish(Contact("E-after")).ok());
  EXPECT_TRUE(grpc_->Drain(absl::Now() + absl::Seconds(30)).ok());
}

TEST_F(IngestServiceTest, ACancelledCallEndsBeforeItsLogAnswers) {
  Start();
  events_.Hold();
  grpc::ClientContext context;
  auto answer = std::async(std::launch::async, [&] {
    v1::PublishEventRequest request;
    *request.mutable_event() = Contact("E-1");
    v1::PublishEventResponse response;
    return stub_->PublishEvent(&context, request, &response);
  });
  events_.WaitForHeld(1);
  context.TryCancel();
  EXPECT_EQ(answer.get().error_code(), grpc::StatusCode::CANCELLED);
  // The server is done with the call although the log still holds it.
  EXPECT_TRUE(grpc_->Drain(absl::Now() + absl::Seconds(30)).ok());
  events_.Release();
}

TEST_F(IngestServiceTest, ADrainAnswersWhatAStreamHasGivenAndEndsIt) {
  Start();
  events_.Hold();
  const auto context = Context();
  const auto stream = stub_->StreamEvents(context.get());
  ASSERT_TRUE(Send(*stream, "E-1"));
  events_.WaitForHeld(1);
  auto drained = std::async(std::launch::async, [&] { return grpc_->Drain(absl::Now() + absl::Seconds(30)); });
  events_.Release();
  EXPECT_EQ(Receive(*stream), "E-1");
  EXPECT_EQ(Receive(*stream), "end");
  const Status status = rpc::FromGrpc(stream->Finish());
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(status), "SERVER_DRAINING");
  EXPECT_TRUE(drained.get().ok());
}

TEST_F(IngestServiceTest, TheLogsTroubleReachesTheCaller) {
  Start();
  events_.SetVerdict([](const auto&) { return ResourceExhausted("the disk is nearly full"); });
  const Status status = Publish(Contact("E-1")).status();
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("disk"));
  events_.SetVerdict(nullptr);
  EXPECT_TRUE(Publish(Contact("E-1")).ok());
}

TEST_F(IngestServiceTest, ListsRejectionsByPage) {
  Start();
  v1::Rejection rejection;
  rejection.set_reason("EVENT_ID_MISSING");
  rejected_.memory().Put(Partition(0), rejection.SerializeAsString());
  v1::ListRejectionsRequest request;
  v1::ListRejectionsResponse response;
  ASSERT_TRUE(stub_->ListRejections(Context().get(), request, &response).ok());
  ASSERT_EQ(response.rejections_size(), 1);
  EXPECT_EQ(response.rejections(0).reason(), "EVENT_ID_MISSING");
  request.set_page_size(-1);
  EXPECT_EQ(ReasonOf(rpc::FromGrpc(stub_->ListRejections(Context().get(), request, &response))), "PAGE_SIZE_INVALID");
}

}  // namespace
}  // namespace kefu::ingest
