#include "services/cli/import/grpc_sink.h"

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

#include "google/rpc/status.pb.h"
#include "kefu/ingest/v1/ingest.grpc.pb.h"

namespace kefu::cli {
namespace {

using ingest::v1::StreamEventsRequest;
using ingest::v1::StreamEventsResponse;
using ::testing::Each;
using ::testing::ElementsAreArray;

// A door that remembers what it records and misbehaves on a plan.
class FakeIngest final : public ingest::v1::IngestService::Service {
 public:
  grpc::Status StreamEvents(grpc::ServerContext*,
                            grpc::ServerReaderWriter<StreamEventsResponse, StreamEventsRequest>* stream) override {
    ++streams;
    StreamEventsRequest request;
    while (stream->Read(&request)) {
      std::unique_lock lock(mutex);
      const int64_t n = ++requests;
      if (break_at.contains(n)) return {grpc::StatusCode::UNAVAILABLE, "draining"};
      if (forbid_at == n) return {grpc::StatusCode::PERMISSION_DENIED, "not you"};
      StreamEventsResponse response;
      auto& result = *response.mutable_result();
      const std::string id = request.event().event_id();
      result.set_event_id(id);
      if (unknown_at.contains(n)) {
        // Recorded, but the answer does not say so.
        recorded.push_back(id);
        result.mutable_status()->set_code(static_cast<int>(grpc::StatusCode::UNAVAILABLE));
      } else {
        const bool known = std::find(recorded.begin(), recorded.end(), id) != recorded.end();
        if (!known) recorded.push_back(id);
        result.mutable_verdict()->set_outcome(known ? events::v1::VERDICT_OUTCOME_DUPLICATE
                                                    : events::v1::VERDICT_OUTCOME_APPLIED);
      }
      lock.unlock();
      if (!stream->Write(response)) break;
    }
    return grpc::Status::OK;
  }

  std::mutex mutex;
  std::vector<std::string> recorded;
  std::set<int64_t> break_at;
  std::set<int64_t> unknown_at;
  int64_t forbid_at = -1;
  int64_t requests = 0;
  std::atomic<int> streams = 0;
};

class GrpcSinkTest : public ::testing::Test {
 protected:
  GrpcSinkTest() {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&ingest_);
    server_ = builder.BuildAndStart();
    channel_ = grpc::CreateChannel(fmt::format("127.0.0.1:{}", port), grpc::InsecureChannelCredentials());
  }
  ~GrpcSinkTest() override { server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(2)); }

  Status SendAll(int count) {
    GrpcSinkOptions options;
    options.window = 16;
    const auto sink =
        MakeGrpcSink(channel_, options, [this](const Answer& answer) { answers_.push_back(answer.kind); });
    for (int i = 0; i < count; ++i) {
      events::v1::Event event;
      event.set_event_id(fmt::format("e-{}", i));
      sent_.push_back(event.event_id());
      RETURN_IF_ERROR(sink->Send(event));
    }
    return sink->Finish();
  }

  FakeIngest ingest_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::vector<Answer::Kind> answers_;
  std::vector<std::string> sent_;
};

TEST_F(GrpcSinkTest, SendsInOrderAndAnswersEach) {
  ASSERT_TRUE(SendAll(1000).ok());
  EXPECT_THAT(ingest_.recorded, ElementsAreArray(sent_));
  EXPECT_EQ(answers_.size(), 1000u);
  EXPECT_THAT(answers_, Each(Answer::Kind::kApplied));
  EXPECT_EQ(ingest_.streams, 1);
}

TEST_F(GrpcSinkTest, ABrokenStreamIsOpenedAgainAndTheOrderHolds) {
  ingest_.break_at = {1, 57, 58, 300};
  const Status status = SendAll(400);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(ingest_.recorded, ElementsAreArray(sent_));
  EXPECT_EQ(answers_.size(), 400u);
  EXPECT_EQ(ingest_.streams, 5);
}

TEST_F(GrpcSinkTest, AnEventOfUnknownFateIsSentAgain) {
  ingest_.unknown_at = {20};
  const Status status = SendAll(100);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(answers_.size(), 100u);
  EXPECT_EQ(std::set<std::string>(ingest_.recorded.begin(), ingest_.recorded.end()).size(), 100u);
  EXPECT_EQ(ingest_.streams, 2);
}

TEST_F(GrpcSinkTest, ARefusalOfTheCallIsNotTriedAgain) {
  ingest_.forbid_at = 10;
  EXPECT_EQ(SendAll(100).code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(ingest_.streams, 1);
}

TEST_F(GrpcSinkTest, AbandoningEndsAWait) {
  const auto sink = MakeGrpcSink(channel_, {}, [](const Answer&) {});
  sink->Abandon();
  EXPECT_EQ(sink->Send({}).code(), StatusCode::kCancelled);
}

TEST_F(GrpcSinkTest, NoServerIsSaidSoonAndPlainly) {
  const auto nowhere = grpc::CreateChannel("unix:/nonexistent/kefu.sock", grpc::InsecureChannelCredentials());
  GrpcSinkOptions options;
  options.patience_at_start = absl::Milliseconds(300);
  const auto sink = MakeGrpcSink(nowhere, options, [](const Answer&) {});
  Status status = sink->Send({});
  if (status.ok()) status = sink->Finish();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable) << status;
}

}  // namespace
}  // namespace kefu::cli
