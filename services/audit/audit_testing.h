#pragma once

// The audit's service over a real engine and a log in memory, behind a gRPC server, for tests.

#include <absl/time/clock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "kefu/audit/v1/audit.grpc.pb.h"
#include "platform/base/files.h"
#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "platform/event/broadcast.h"
#include "platform/event/record.h"
#include "platform/rpc/client.h"
#include "platform/rpc/server.h"
#include "platform/rpc/status.h"
#include "platform/testkit/client_events.h"
#include "platform/testkit/events.h"
#include "platform/testkit/history.h"
#include "platform/testkit/memory_log.h"
#include "projections/checkpoints/checkpoints.h"
#include "projections/engine/engine.h"
#include "projections/journal/journal.h"
#include "projections/past/moments.h"
#include "projections/tree/tree.h"
#include "services/audit/audit_service.h"

namespace kefu::audit {

// One seed a test run, printed when something fails; KEFU_SEED repeats it.
inline uint64_t Seed() {
  const char* given = std::getenv("KEFU_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
}

// A call's context with a deadline that no working call meets.
struct Patient : grpc::ClientContext {
  explicit Patient(absl::Duration patience = absl::Seconds(20)) { rpc::SetDeadline(*this, absl::Now() + patience); }
};

inline void SetAccess(v1::Access* access) {
  access->set_actor_id("A-1");
  access->set_reason("a test looks");
}

// Takes every access without recording it.
class NoRecorder final : public AccessRecorder {
 public:
  void Record(std::string_view, const v1::Access&, const google::protobuf::Message&,
              std::function<void(Status)> done) override {
    done(OkStatus());
  }
};

// More services of the same server.
using MoreServices = std::function<std::vector<std::unique_ptr<grpc::Service>>(engine::Engine&, past::Moments&)>;

class AuditServer {
 public:
  // `recorder`: null for the service's own. `log`: what the service reads and records on, and with `engine_too` the engine
  // follows; null for the engine's own. `views`: of the engine and of moments.
  explicit AuditServer(int32_t partitions = 3, AuditOptions options = {}, AccessRecorder* recorder = nullptr,
                       log::EventLog* log = nullptr, bool engine_too = false,
                       const std::vector<const sdk::Projection*>& views = {&sdk::Describe<checkpoints::CheckpointsView>(),
                                                                           &sdk::Describe<journal::JournalView>(),
                                                                           &sdk::Describe<tree::TreeView>()},
                       const MoreServices& more = {})
      : log_(partitions) {
    engine::EngineOptions engine_options;
    engine_options.directory = directory_.path();
    engine_options.reserve_bytes = 0;
    auto opened = engine::Engine::Open(engine_options, engine_too ? *log : log_, views);
    EXPECT_TRUE(opened.ok()) << ToString(opened.status());
    engine_ = *std::move(opened);
    EXPECT_TRUE(engine_->Start().ok());
    if (options.token_key.empty()) options.token_key = "a key of this test";
    moments_ = std::make_unique<past::Moments>(
        log_, views,
        past::MomentsOptions{.directory = moments_directory_.path(), .engine = engine_options});
    options.moments = moments_.get();
    log::EventLog& read = log == nullptr ? log_ : *log;
    service_ = recorder == nullptr ? MakeAuditService(*engine_, read, options)
                                   : MakeAuditService(*engine_, read, *recorder, options);
    if (more) more_ = more(*engine_, *moments_);
    std::vector<grpc::Service*> served{service_.get()};
    for (const auto& each : more_) served.push_back(each.get());
    auto started = rpc::Server::Start({}, served);
    EXPECT_TRUE(started.ok()) << ToString(started.status());
    server_ = *std::move(started);
    channel_ = *rpc::MakeChannel({.address = fmt::format("127.0.0.1:{}", server_->ports().front())});
    stub = v1::AuditService::NewStub(channel_);
  }
  ~AuditServer() {
    EndStreams(*service_);
    EXPECT_TRUE(server_->Drain(absl::Now() + absl::Seconds(10)).ok());
    engine_->Stop();
  }

  Partition HomeOf(std::string_view client_id) const {
    return Partition(PartitionForKey(client_id, log_.partitions()));
  }
  Offset Publish(const testkit::Draft& draft) { return Publish(testkit::Finish(draft, ++number_)); }
  // What is broadcast goes to all partitions, as the server copies it; then the offset is that of the original.
  Offset Publish(const events::v1::Event& event) {
    if (!event::IsBroadcast(event.body_case())) return Put(HomeOf(event.client_id()), event);
    Offset first;
    for (int32_t p = 0; p < log_.partitions(); ++p) {
      const Offset at = Put(Partition(p), testkit::ForPartition(event, p, log_.partitions(), first.value()));
      if (p == 0) first = at;
    }
    return first;
  }
  Offset Put(Partition partition, const events::v1::Event& event) {
    return log_.Put(partition, event::RecordedBytes(event, testkit::Beginning() + absl::Seconds(++recorded_)));
  }
  void CatchUp() {
    for (int32_t p = 0; p < log_.partitions(); ++p) {
      const Offset end = *log_.EndOffset(Partition(p));
      ASSERT_TRUE(engine_->WaitFor(Partition(p), end, absl::Now() + absl::Seconds(20)).ok());
    }
  }
  // A history of many clients, folded.
  void Live(uint64_t seed, int events, int clients = 12) {
    for (const auto& event : testkit::RandomHistory({.seed = seed, .clients = clients, .events = events})) Publish(event);
    CatchUp();
  }
  void EndAllStreams() { EndStreams(*service_); }

  std::string address() const { return fmt::format("127.0.0.1:{}", server_->ports().front()); }
  engine::Engine& engine() { return *engine_; }
  testkit::MemoryLog& log() { return log_; }
  past::Moments& moments() { return *moments_; }

  std::unique_ptr<v1::AuditService::Stub> stub;

 private:
  TempDirectory directory_;
  testkit::MemoryLog log_;
  std::unique_ptr<engine::Engine> engine_;
  TempDirectory moments_directory_;
  std::unique_ptr<past::Moments> moments_;
  std::unique_ptr<grpc::Service> service_;
  std::vector<std::unique_ptr<grpc::Service>> more_;
  std::unique_ptr<rpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  int64_t number_ = 1'000'000;
  int64_t recorded_ = 0;
};

inline void ExpectRefused(const grpc::Status& status, grpc::StatusCode code, std::string_view reason) {
  EXPECT_EQ(status.error_code(), code) << status.error_message();
  EXPECT_EQ(ReasonOf(rpc::FromGrpc(status)), reason) << status.error_message();
}

}  // namespace kefu::audit
