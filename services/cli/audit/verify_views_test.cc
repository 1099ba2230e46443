// kefu audit verify-views against the real AuditService over a real engine, and a ViewService of the three calls it needs.

#include <gmock/gmock.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "kefu/admin/v1/view.grpc.pb.h"
#include "platform/base/files.h"
#include "platform/base/reason.h"
#include "platform/codec/key.h"
#include "platform/rpc/server.h"
#include "platform/rpc/status.h"
#include "platform/store/store.h"
#include "projections/catalogue.h"
#include "projections/engine/frames.h"
#include "projections/engine/running.h"
#include "services/audit/audit_service.h"
#include "services/cli/audit/verbs.h"

namespace kefu::cli {
namespace {

using engine::Running;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

class SomeViewService final : public admin::v1::ViewService::Service {
 public:
  explicit SomeViewService(engine::Engine& engine) : engine_(engine) {}

  grpc::Status GetServerInfo(grpc::ServerContext*, const admin::v1::GetServerInfoRequest*,
                             admin::v1::ServerInfo* response) override {
    response->set_log_id(engine_.log_identity().id);
    response->set_partitions(engine_.partitions());
    return grpc::Status::OK;
  }
  grpc::Status ListViews(grpc::ServerContext*, const admin::v1::ListViewsRequest*,
                         admin::v1::ListViewsResponse* response) override {
    for (admin::v1::View& view : engine_.Describe()) *response->add_views() = std::move(view);
    return grpc::Status::OK;
  }
  grpc::Status DigestView(grpc::ServerContext*, const admin::v1::DigestViewRequest* request,
                          admin::v1::DigestViewResponse* response) override {
    for (int32_t p = 0; p < engine_.partitions(); ++p) {
      auto digest = engine_.Digest(request->name().substr(6), Partition(p));
      if (!digest.ok()) return rpc::ToGrpc(digest.status());
      *response->add_partitions() = *std::move(digest);
    }
    return grpc::Status::OK;
  }

 private:
  engine::Engine& engine_;
};

struct Ran {
  Status status;
  std::string out;
};

class VerifyViewsTest : public ::testing::Test {
 protected:
  VerifyViewsTest() : log(2) {
    engine::Fill(log, engine::History(41, 600));
    Start();
  }
  ~VerifyViewsTest() override { Stop(); }

  void Start() {
    running.emplace(log, directory.path(), projections::Catalogue());
    running->CatchUp(log);
    views.emplace(*running->engine);
    audit = audit::MakeAuditService(*running->engine, log, {.token_key = "a key of this test"});
    auto started = rpc::Server::Start({}, {&*views, audit.get()});
    ASSERT_TRUE(started.ok()) << ToString(started.status());
    server = *std::move(started);
  }
  void Stop() {
    audit::EndStreams(*audit);
    EXPECT_TRUE(server->Drain(absl::Now() + absl::Seconds(10)).ok());
    server.reset();
    audit.reset();
    views.reset();
    running->engine->Stop();
    running.reset();
  }

  Ran Kefu(std::vector<std::string> arguments) {
    CLI::App app("kefu");
    Tool tool;
    AddSharedOptions(app, tool);
    AddAuditVerbs(app, tool);
    arguments.insert(arguments.begin(), {"--server", fmt::format("127.0.0.1:{}", server->ports().front()), "--progress",
                                         "none", "audit", "verify-views", "--actor", "A-1"});
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    testing::internal::CaptureStdout();
    const Status status = tool.Run();
    return {status, testing::internal::GetCapturedStdout()};
  }

  static std::vector<json> Lines(const std::string& text) {
    std::vector<json> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(json::parse(line));
    return lines;
  }

  const TempDirectory directory;
  testkit::MemoryLog log;
  std::optional<Running> running;
  std::optional<SomeViewService> views;
  std::unique_ptr<grpc::Service> audit;
  std::unique_ptr<rpc::Server> server;
};

TEST_F(VerifyViewsTest, SaysThatAllIsEqualAndIsRecorded) {
  const Offset before = *log.EndOffset(Partition(0));
  const Ran ran = Kefu({"--reason", "yearly audit", "--output", "json"});
  EXPECT_TRUE(ran.status.ok()) << ToString(ran.status);
  auto lines = Lines(ran.out);
  ASSERT_EQ(lines.size(), 2 * projections::Catalogue().size() + 1);
  EXPECT_EQ(lines.back()["agrees"], true);
  EXPECT_EQ(lines.back()["records"], 600);
  lines.pop_back();
  for (const json& line : lines) {
    EXPECT_EQ(line["equal"], true) << line;
    EXPECT_FALSE(line.contains("difference"));
  }
  // Each partition's records were asked for once.
  EXPECT_EQ(*log.EndOffset(Partition(0)), before + 2);

  // What was recorded of the first look is verified by the second.
  running->CatchUp(log);
  const Ran table = Kefu({"--reason", "again", "--output", "table", "--view", "journal", "--view", "client"});
  EXPECT_TRUE(table.status.ok()) << ToString(table.status);
  EXPECT_THAT(table.out, HasSubstr("602 records replayed; 0 of 4 differ; 0 verdicts differ."));
}

TEST_F(VerifyViewsTest, NamesTheRowThatWasChangedInTheStore) {
  const int32_t partition = PartitionForKey("C-3", 2);
  Stop();
  {
    auto store = store::Store::Open({fmt::format("{}/p{}", directory.path(), partition), store::MakeSharedResources({}), 0});
    ASSERT_TRUE(store.ok()) << ToString(store.status());
    const sdk::Projection& view = **std::find_if(projections::Catalogue().begin(), projections::Catalogue().end(),
                                                 [](const auto* each) { return each->name == "client"; });
    const auto table = (*store)->OpenTable(engine::TableName{"client", view.version, 0}.Encode(), store::TableKind::kRows);
    ASSERT_TRUE(table.ok()) << ToString(table.status());
    const std::string key = "\x01" + codec::Key("C-3");
    store::PinnedValue value;
    ASSERT_TRUE(*(*store)->Get(*table, key, &value));
    query::v1::Client row;
    ASSERT_TRUE(row.ParseFromArray(value.view().data(), static_cast<int>(value.view().size())));
    row.set_display_name("someone else");
    const auto batch = (*store)->NewBatch();
    batch->Put(*table, key, row.SerializeAsString());
    ASSERT_TRUE((*store)->Write(*batch).ok());
  }
  Start();
  const Ran ran = Kefu({"--reason", "x", "--view", "client", "--personal", "--output", "json"});
  EXPECT_EQ(ExitCodeOf(ran.status), kExitFailed);
  json differing;
  for (const json& line : Lines(ran.out))
    if (line.contains("difference")) differing = line;
  EXPECT_EQ(differing["partition"], partition);
  EXPECT_EQ(differing["equal"], false);
  EXPECT_EQ(differing["difference"]["table"], "clients");
  EXPECT_EQ(differing["difference"]["key"], json::array({"C-3"}));
  EXPECT_EQ(differing["difference"]["live"]["displayName"], "someone else");
  EXPECT_NE(differing["difference"]["replayed"]["displayName"], "someone else");
  EXPECT_EQ(differing["difference"]["replayed"]["clientId"], "C-3");
  EXPECT_EQ(Lines(ran.out).back()["agrees"], false);

  // Names are personal.
  const Ran table = Kefu({"--reason", "x", "--view", "client", "--output", "table"});
  EXPECT_EQ(ExitCodeOf(table.status), kExitFailed);
  EXPECT_THAT(table.out, HasSubstr("C-3"));
  EXPECT_THAT(table.out, HasSubstr("--personal"));
  EXPECT_THAT(table.out, Not(HasSubstr("someone else")));
}

TEST_F(VerifyViewsTest, WhatIsWrongIsSaid) {
  EXPECT_EQ(ExitCodeOf(Kefu({"--reason", "x", "--view", "clientele"}).status), kExitFailed);
  EXPECT_EQ(ExitCodeOf(Kefu({"--reason", "x", "--partition", "2"}).status), kExitFailed);
  const Ran blank = Kefu({"--reason", " ", "--view", "client"});
  EXPECT_EQ(ExitCodeOf(blank.status), kExitUsage) << ToString(blank.status);
  EXPECT_EQ(ReasonOf(blank.status), "REASON_MISSING");
  EXPECT_THROW(Kefu({"--view", "client"}), CLI::ParseError) << "no reason at all";
}

}  // namespace
}  // namespace kefu::cli
