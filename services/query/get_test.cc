// GetClient and GetCase: stored bytes as answers, positions, names.

#include <thread>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "platform/codec/key.h"
#include "platform/rpc/bytes.h"
#include "services/query/query_testing.h"
#include "services/query/raw_answer.h"
#include "services/query/reader.h"

namespace kefu::query {
namespace {

using query::v1::Client;
using testing::HasSubstr;

grpc::Status Get(QueryServer& server, const std::string& name, const std::string& min_position, Client* client,
                 absl::Duration patience = absl::Seconds(20)) {
  Patient context(patience);
  query::v1::GetClientRequest request;
  request.set_name(name);
  request.set_min_position(min_position);
  return server.clients->GetClient(&context, request, client);
}

TEST(RawAnswer, UsesTheTagsThatTheProtosGive) {
  for (const auto* type : {Client::descriptor(), query::v1::Case::descriptor()}) {
    EXPECT_EQ(type->FindFieldByName("position")->number(), kPositionTag);
    EXPECT_EQ(type->FindFieldByName("gap")->number(), kGapTag);
  }
}

TEST(RawAnswer, IsTheRowWithTwoFieldsAppended) {
  for (const int size : {0, 10, 16'000, 16 << 10, 17'000, 300'000}) {
    Client row;
    row.set_client_id("C-1");
    row.set_display_name(std::string(static_cast<size_t>(size), 'x'));
    const std::string stored = row.SerializeAsString();
    store::PinnedValue pinned;
    pinned.SetView(stored);
    const engine::PartitionView::Gap gap{3, "client_unknown", absl::FromUnixSeconds(5)};
    Client answer;
    ASSERT_TRUE(rpc::ParseBuffer(RawAnswer(std::move(pinned), "position", gap), &answer)) << size;
    row.set_position("position");
    row.mutable_gap()->set_parked_events(3);
    row.mutable_gap()->set_reason("client_unknown");
    row.mutable_gap()->mutable_since()->set_seconds(5);
    EXPECT_EQ(answer.SerializeAsString(), row.SerializeAsString()) << size;
  }
}

TEST(RawPage, UsesTheTagsThatTheProtosGive) {
  for (const auto& [type, rows] : {std::pair(query::v1::ListClientsResponse::descriptor(), "clients"),
                                   std::pair(query::v1::ListCasesResponse::descriptor(), "cases")}) {
    EXPECT_EQ(type->FindFieldByName(rows)->number(), kRowsTag);
    EXPECT_EQ(type->FindFieldByName("next_page_token")->number(), kNextPageTokenTag);
    EXPECT_EQ(type->FindFieldByName("position")->number(), kListPositionTag);
  }
}

TEST(RawPage, IsTheRowsAsAListGivesThem) {
  query::v1::ListClientsResponse expected;
  RawPage page;
  for (const int size : {0, 10, 70'000}) {
    Client row;
    row.set_client_id(fmt::format("C-{}", size));
    row.set_display_name(std::string(static_cast<size_t>(size), 'x'));
    const std::string stored = row.SerializeAsString();
    EXPECT_EQ(FindBytesField(stored, Client::kClientIdFieldNumber), row.client_id());
    page.Add(stored, std::nullopt);
    *expected.add_clients() = row;
    page.Add(stored, engine::PartitionView::Gap{2, "client_unknown", absl::FromUnixSeconds(5)});
    row.mutable_gap()->set_parked_events(2);
    row.mutable_gap()->set_reason("client_unknown");
    row.mutable_gap()->mutable_since()->set_seconds(5);
    *expected.add_clients() = row;
  }
  expected.set_next_page_token("token");
  expected.set_position("position");
  query::v1::ListClientsResponse answer;
  ASSERT_TRUE(rpc::ParseBuffer(page.Finish("token", "position"), &answer));
  EXPECT_EQ(answer.SerializeAsString(), expected.SerializeAsString());
}

TEST(FindBytesField, FindsNothingInWhatIsNoMessageOrHasNoSuchField) {
  Client row;
  row.set_display_name("a name");
  EXPECT_EQ(FindBytesField(row.SerializeAsString(), Client::kClientIdFieldNumber), "");
  const std::string stored = row.SerializeAsString();
  for (size_t size = 0; size < stored.size(); ++size)
    EXPECT_LE(FindBytesField(stored.substr(0, size), Client::kDisplayNameFieldNumber).size(), size);
  EXPECT_EQ(FindBytesField("\xff\xff\xff", 1), "");
}

TEST(GetClient, AnswersWithTheStoredRowAndItsPosition) {
  QueryServer server;
  server.Live(7, 2000);
  int seen = 0;
  for (int32_t p = 0; p < server.engine().partitions(); ++p) {
    const auto partition = server.engine().At(Partition(p));
    const auto rows = partition->Scan("client", "clients", {}, {});
    for (; (*rows)->Valid(); (*rows)->Next(), ++seen) {
      Client row;
      ASSERT_TRUE(row.ParseFromString(std::string((*rows)->value())));
      Client answer;
      ASSERT_TRUE(Get(server, row.name(), "", &answer).ok());
      const auto position = log::Position::Decode(answer.position(), server.log().identity().id, 3);
      ASSERT_TRUE(position.ok());
      EXPECT_EQ(position->next_offsets[static_cast<size_t>(p)], partition->next_offset("client").value());
      answer.clear_position();
      EXPECT_EQ(answer.SerializeAsString(), row.SerializeAsString());
    }
  }
  EXPECT_GT(seen, 20);
}

TEST(GetClient, SaysWhatItDoesNotKnowAndWhatIsNoName) {
  QueryServer server;
  Client answer;
  ExpectRefused(Get(server, "clients/C-404", "", &answer), grpc::StatusCode::NOT_FOUND, "CLIENT_NOT_FOUND");
  for (const char* name : {"", "clients/", "C-1", "clients/-"})
    ExpectRefused(Get(server, name, "", &answer), grpc::StatusCode::INVALID_ARGUMENT, "NAME_INVALID");
}

TEST(GetClient, ReadsWhatWasWrittenOnceItWaitsForIt) {
  QueryServer server;
  for (int i = 0; i < 200; ++i) {
    const std::string position = server.Publish(testkit::Registered("Name").Client(fmt::format("C-{}", i)));
    Client answer;
    ASSERT_TRUE(Get(server, fmt::format("clients/C-{}", i), position, &answer).ok());
    EXPECT_TRUE(answer.registered());
  }
}

TEST(GetClient, WaitsForNoLongerThanTheCallMayTake) {
  QueryServer server;
  server.Publish(testkit::Registered("Name").Client("C-1"));
  server.CatchUp();
  const int32_t p = PartitionForKey("C-1", 3);
  log::Position ahead{server.log().identity().id, std::vector<int64_t>(3)};
  ahead.next_offsets[static_cast<size_t>(p)] = 8;
  Client answer;
  const grpc::Status late = Get(server, "clients/C-1", ahead.Encode(), &answer, absl::Milliseconds(300));
  ExpectRefused(late, grpc::StatusCode::UNAVAILABLE, "POSITION_NOT_REACHED");
  EXPECT_THAT(late.error_message(), HasSubstr("7 events to go"));
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(late.error_details()));
  bool retry = false;
  for (const auto& detail : details.details()) retry |= detail.Is<google::rpc::RetryInfo>();
  EXPECT_TRUE(retry);
}

TEST(GetClient, AWaitingCallEndsWhenItsCallerGoes) {
  QueryServer server;
  log::Position ahead{server.log().identity().id, std::vector<int64_t>(3, 100)};
  query::v1::GetClientRequest request;
  request.set_name("clients/C-1");
  request.set_min_position(ahead.Encode());
  Patient context;
  Client answer;
  grpc::Status status;
  std::thread call([&] { status = server.clients->GetClient(&context, request, &answer); });
  context.TryCancel();
  call.join();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
  // What it waited for never comes; the server drains, and the engine goes, without it.
}

TEST(WhenReached, AnEngineThatGoesAwayAnswersThoseWhoWait) {
  Status answer;
  int answers = 0;
  {
    const TempDirectory directory;
    testkit::MemoryLog log(3);
    engine::EngineOptions options;
    options.directory = directory.path();
    options.reserve_bytes = 0;
    auto engine = engine::Engine::Open(options, log, projections::Catalogue());
    ASSERT_TRUE(engine.ok());
    const log::Position ahead{log.identity().id, std::vector<int64_t>(3, 100)};
    WhenReached(**engine, "client", ahead, absl::InfiniteFuture(), [&](Status status) {
      answer = std::move(status);
      ++answers;
    });
    EXPECT_EQ(answers, 0);
  }
  EXPECT_EQ(answers, 1);
  EXPECT_EQ(answer.code(), StatusCode::kUnavailable) << ToString(answer);
}

TEST(GetClient, RefusesAPositionOfAnotherLog) {
  QueryServer server;
  Client answer;
  const log::Position other{"another-log", std::vector<int64_t>(3)};
  for (const std::string& position : {other.Encode(), std::string("no position")})
    ExpectRefused(Get(server, "clients/C-1", position, &answer), grpc::StatusCode::INVALID_ARGUMENT,
                  "POSITION_INVALID");
}

TEST(GetCase, FindsACaseByItsClientOrInAnyPartition) {
  QueryServer server;
  server.Publish(testkit::Complained("K-1", "fees").Client("C-1"));
  server.Publish(testkit::Opened("K-2").Client("C-2"));
  server.CatchUp();
  const auto get = [&](const std::string& name, query::v1::Case* answer) {
    Patient context;
    query::v1::GetCaseRequest request;
    request.set_name(name);
    return server.cases->GetCase(&context, request, answer);
  };
  query::v1::Case answer;
  ASSERT_TRUE(get("clients/C-1/cases/K-1", &answer).ok());
  EXPECT_EQ(answer.category().value(), "fees");
  EXPECT_FALSE(answer.position().empty());
  ASSERT_TRUE(get("clients/-/cases/K-2", &answer).ok());
  EXPECT_EQ(answer.client_id(), "C-2");
  ExpectRefused(get("clients/C-2/cases/K-1", &answer), grpc::StatusCode::NOT_FOUND, "CASE_NOT_FOUND");
  ExpectRefused(get("clients/-/cases/K-3", &answer), grpc::StatusCode::NOT_FOUND, "CASE_NOT_FOUND");
  ExpectRefused(get("clients/C-1/K-1", &answer), grpc::StatusCode::INVALID_ARGUMENT, "NAME_INVALID");
}

}  // namespace
}  // namespace kefu::query
