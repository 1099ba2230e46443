#pragma once

// The services over a real engine and a log in memory, behind a gRPC server, for tests.

#include <absl/time/clock.h>
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "kefu/admin/v1/view.grpc.pb.h"
#include "kefu/query/v1/case.grpc.pb.h"
#include "kefu/query/v1/client.grpc.pb.h"
#include "kefu/query/v1/clock.grpc.pb.h"
#include "kefu/query/v1/contact.grpc.pb.h"
#include "kefu/query/v1/product.grpc.pb.h"
#include "kefu/query/v1/reference.grpc.pb.h"
#include "kefu/query/v1/relation.grpc.pb.h"
#include "kefu/query/v1/report.grpc.pb.h"
#include "kefu/query/v1/search.grpc.pb.h"
#include "kefu/query/v1/statistics.grpc.pb.h"
#include "kefu/query/v1/suitability.grpc.pb.h"
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
#include "projections/catalogue.h"
#include "projections/engine/engine.h"
#include "projections/past/moments.h"
#include "services/query/query_services.h"

namespace kefu::query {

// One seed a test run, printed when something fails; KEFU_SEED repeats it.
inline uint64_t Seed() {
  const char* given = std::getenv("KEFU_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
}

// A call's context with a deadline that no working call meets.
struct Patient : grpc::ClientContext {
  explicit Patient(absl::Duration patience = absl::Seconds(20)) { rpc::SetDeadline(*this, absl::Now() + patience); }
};

class QueryServer {
 public:
  explicit QueryServer(int32_t partitions = 3, QueryOptions options = {},
                       const std::vector<const sdk::Projection*>& projections = projections::Catalogue(),
                       bool admission = true)
      : log_(partitions) {
    engine::EngineOptions engine_options;
    engine_options.admission = admission;
    engine_options.directory = directory_.path();
    engine_options.reserve_bytes = 0;
    auto opened = engine::Engine::Open(engine_options, log_, projections);
    EXPECT_TRUE(opened.ok()) << ToString(opened.status());
    engine_ = *std::move(opened);
    EXPECT_TRUE(engine_->Start().ok());
    if (options.token_key.empty()) options.token_key = "a key of this test";
    past::MomentsOptions moments{.directory = moments_directory_.path(), .engine = engine_options};
    moments_ = std::make_unique<past::Moments>(log_, projections, moments);
    options.moments = moments_.get();
    services_.push_back(MakeBookService(*engine_, options));
    services_.push_back(MakeClientService(*engine_, options));
    services_.push_back(MakeCaseService(*engine_, options));
    services_.push_back(MakeClockService(*engine_, options));
    services_.push_back(MakeContactService(*engine_, options));
    services_.push_back(MakeLeadService(*engine_, options));
    services_.push_back(MakeViewService(*engine_, options));
    services_.push_back(MakeSearchService(*engine_, options));
    services_.push_back(MakeSegmentService(*engine_, options));
    services_.push_back(MakeStatisticsService(*engine_, options));
    services_.push_back(MakeReferenceService(*engine_, options));
    services_.push_back(MakeRelationService(*engine_, options));
    services_.push_back(MakeReportService(*engine_, options));
    services_.push_back(MakeSuitabilityService(*engine_, options));
    services_.push_back(MakeCatalogueService(*engine_, options));
    std::vector<grpc::Service*> served;
    for (const auto& service : services_) served.push_back(service.get());
    auto started = rpc::Server::Start({}, served);
    EXPECT_TRUE(started.ok()) << ToString(started.status());
    server_ = *std::move(started);
    channel_ = *rpc::MakeChannel({.address = fmt::format("127.0.0.1:{}", server_->ports().front())});
    clients = query::v1::ClientService::NewStub(channel_);
    cases = query::v1::CaseService::NewStub(channel_);
    clocks = query::v1::ClockService::NewStub(channel_);
    contacts = query::v1::ContactService::NewStub(channel_);
    statistics = query::v1::StatisticsService::NewStub(channel_);
    references = query::v1::ReferenceService::NewStub(channel_);
    reports = query::v1::ReportService::NewStub(channel_);
    views = admin::v1::ViewService::NewStub(channel_);
    texts = query::v1::SearchService::NewStub(channel_);
    relations = query::v1::RelationService::NewStub(channel_);
    suitability = query::v1::SuitabilityService::NewStub(channel_);
    catalogue = query::v1::CatalogueService::NewStub(channel_);
  }
  ~QueryServer() {
    EndAllStreams();
    EXPECT_TRUE(server_->Drain(absl::Now() + absl::Seconds(10)).ok());
    engine_->Stop();
  }

  // Records the event; the position after it.
  std::string Publish(const testkit::Draft& draft) { return Publish(testkit::Finish(draft, ++number_)); }
  std::string Publish(const events::v1::Event& event) {
    if (event::IsBroadcast(event.body_case())) return PublishEverywhere(event);
    return Put(Partition(PartitionForKey(event.client_id(), log_.partitions())), event);
  }
  // As a door does: what is broadcast goes to partition 0, stamped, and nowhere else yet.
  std::string PublishAtHome(events::v1::Event event) {
    event.mutable_broadcast()->set_partitions(log_.partitions());
    return Put(event::kHomeOfBroadcasts, event);
  }
  std::string PublishAtHome(const testkit::Draft& draft) { return PublishAtHome(testkit::Finish(draft, ++number_)); }
  // Records the event in this partition, as it is.
  std::string Put(Partition partition, const events::v1::Event& event) {
    const Offset offset =
        log_.Put(partition, event::RecordedBytes(event, testkit::Beginning() + absl::Seconds(++recorded_)));
    log::Position position{log_.identity().id, std::vector<int64_t>(static_cast<size_t>(log_.partitions()))};
    position.next_offsets[static_cast<size_t>(partition.value())] = offset.value() + 1;
    return position.Encode();
  }
  // What is about no one client: the original in partition 0, then copies in the others, as the server makes them.
  std::string PublishEverywhere(const events::v1::Event& event) {
    log::Position position{log_.identity().id, std::vector<int64_t>(static_cast<size_t>(log_.partitions()))};
    int64_t first_offset = 0;
    ++recorded_;
    for (int32_t p = 0; p < log_.partitions(); ++p) {
      const auto each = testkit::ForPartition(event, p, log_.partitions(), first_offset);
      const Offset offset = log_.Put(Partition(p), event::RecordedBytes(each, testkit::Beginning() + absl::Seconds(recorded_)));
      if (p == 0) first_offset = offset.value();
      position.next_offsets[static_cast<size_t>(p)] = offset.value() + 1;
    }
    return position.Encode();
  }
  void CatchUp() {
    for (int32_t p = 0; p < log_.partitions(); ++p) {
      const Offset end = *log_.EndOffset(Partition(p));
      ASSERT_TRUE(engine_->WaitFor(Partition(p), end, absl::Now() + absl::Seconds(20)).ok());
    }
  }
  // A history of many clients, folded.
  void Live(uint64_t seed, int events, int clients = 30) {
    for (const auto& event : testkit::RandomHistory({.seed = seed, .clients = clients, .events = events}))
      Publish(event);
    CatchUp();
  }
  void EndAllStreams() {
    for (const auto& service : services_) EndStreams(*service);
  }

  engine::Engine& engine() { return *engine_; }
  testkit::MemoryLog& log() { return log_; }
  past::Moments& moments() { return *moments_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  std::unique_ptr<query::v1::ClientService::Stub> clients;
  std::unique_ptr<query::v1::CaseService::Stub> cases;
  std::unique_ptr<query::v1::ClockService::Stub> clocks;
  std::unique_ptr<query::v1::ContactService::Stub> contacts;
  std::unique_ptr<query::v1::StatisticsService::Stub> statistics;
  std::unique_ptr<query::v1::ReferenceService::Stub> references;
  std::unique_ptr<query::v1::ReportService::Stub> reports;
  std::unique_ptr<admin::v1::ViewService::Stub> views;
  std::unique_ptr<query::v1::SearchService::Stub> texts;
  std::unique_ptr<query::v1::RelationService::Stub> relations;
  std::unique_ptr<query::v1::SuitabilityService::Stub> suitability;
  std::unique_ptr<query::v1::CatalogueService::Stub> catalogue;

 private:
  TempDirectory directory_;
  testkit::MemoryLog log_;
  std::unique_ptr<engine::Engine> engine_;
  TempDirectory moments_directory_;
  std::unique_ptr<past::Moments> moments_;
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<rpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  int64_t number_ = 1'000'000;
  int64_t recorded_ = 0;
};

inline void ExpectRefused(const grpc::Status& status, grpc::StatusCode code, std::string_view reason) {
  EXPECT_EQ(status.error_code(), code) << status.error_message();
  EXPECT_EQ(ReasonOf(rpc::FromGrpc(status)), reason) << status.error_message();
}

// All pages of ListCases; stops at the first error.
inline std::vector<query::v1::Case> AllCases(QueryServer& server, query::v1::ListCasesRequest request) {
  std::vector<query::v1::Case> all;
  do {
    Patient context;
    query::v1::ListCasesResponse response;
    const auto status = server.cases->ListCases(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message() << " " << request.ShortDebugString();
    if (!status.ok()) return all;
    EXPECT_FALSE(response.position().empty());
    all.insert(all.end(), response.cases().begin(), response.cases().end());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return all;
}

inline std::vector<std::string> Ids(const std::vector<query::v1::Case>& cases) {
  std::vector<std::string> ids;
  for (const auto& each : cases) ids.push_back(each.case_id());
  return ids;
}

}  // namespace kefu::query
