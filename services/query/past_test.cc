#include "services/query/past.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/message_differencer.h>
#include <grpcpp/generic/generic_stub.h>

#include <filesystem>
#include <future>
#include <map>
#include <set>

#include "kefu/query/v1/book.grpc.pb.h"
#include "platform/base/time.h"
#include "platform/rpc/bytes.h"
#include "platform/testkit/book_events.h"
#include "platform/testkit/wide_history.h"
#include "services/query/query_testing.h"

namespace kefu::query {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using testkit::MemoryLog;

constexpr int32_t kPartitions = 3;

struct AsOf : Patient {
  explicit AsOf(const std::string& as_of) { AddMetadata(std::string(rpc::kAsOfMetadata), as_of); }
};

std::string ReasonIn(const grpc::Status& status) { return ReasonOf(rpc::FromGrpc(status)); }

// Every service that queries are asked of, from the protos as they lie in the checkout.
std::vector<const MethodDescriptor*> AllMethods() {
  std::vector<std::string> files{"kefu/admin/v1/view.proto"};
  for (const auto& entry : std::filesystem::directory_iterator("proto/kefu/query/v1"))
    files.push_back("kefu/query/v1/" + entry.path().filename().string());
  std::vector<const MethodDescriptor*> methods;
  for (const std::string& name : files) {
    const auto* file = DescriptorPool::generated_pool()->FindFileByName(name);
    if (file == nullptr) {
      ADD_FAILURE() << name << " is not linked";
      continue;
    }
    for (int s = 0; s < file->service_count(); ++s)
      for (int m = 0; m < file->service(s)->method_count(); ++m) methods.push_back(file->service(s)->method(m));
  }
  return methods;
}

// A request that is well formed as far as its names go.
grpc::ByteBuffer RequestOf(const MethodDescriptor& method) {
  google::protobuf::DynamicMessageFactory factory;
  const std::unique_ptr<Message> request(factory.GetPrototype(method.input_type())->New());
  const auto set = [&](const char* field, const std::string& value) {
    if (const auto* found = method.input_type()->FindFieldByName(field); found != nullptr)
      request->GetReflection()->SetString(request.get(), found, value);
  };
  if (method.name() == "GetClient") set("name", "clients/C-1");
  if (method.name() == "GetCase") set("name", "clients/C-1/cases/K-1");
  if (method.name() == "ListTimeline" || method.name() == "ListCases") set("parent", "clients/C-1");
  return rpc::ToBuffer(*request);
}

grpc::Status Call(const std::shared_ptr<grpc::Channel>& channel, const MethodDescriptor& method, const std::string& as_of) {
  AsOf context(as_of);
  const std::string path = fmt::format("/{}/{}", method.service()->full_name(), method.name());
  const grpc::ByteBuffer request = RequestOf(method);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> ended;
  grpc::GenericStub stub(channel);
  stub.UnaryCall(&context, path, {}, &request, &response, [&](grpc::Status status) { ended.set_value(status); });
  return ended.get_future().get();
}

// A method that forgets the past would answer of the present.
TEST(AsOfRouting, NoMethodAnswersOfThePresentWhenAskedOfThePast) {
  QueryServer server(1);
  std::set<std::string> present_only;
  int methods = 0;
  for (const auto* method : AllMethods()) {
    const auto status = Call(server.channel(), *method, "moments/none");
    const std::string reason = ReasonIn(status);
    EXPECT_TRUE(reason == "MOMENT_NOT_FOUND" || reason == "AS_OF_NOT_APPLICABLE")
        << method->full_name() << " says " << reason << " " << status.error_message();
    if (reason == "AS_OF_NOT_APPLICABLE") present_only.insert(method->name());
    ++methods;
  }
  EXPECT_GT(methods, 55);
  EXPECT_EQ(present_only, (std::set<std::string>{"ExportClientFacts", "GetServerInfo", "RebuildView",
                                                 "RecheckRecommendations", "RetryParkedEvents", "SimulatePolicy",
                                                 "SwitchView", "WatchCases", "WatchClient"}));
}

TEST(AsOfRouting, WhatIsNoMomentIsSaid) {
  QueryServer server(1);
  server.Publish(testkit::Registered("王小明"));
  server.CatchUp();
  const auto get = [&](const std::string& as_of) {
    AsOf context(as_of);
    v1::GetClientRequest request;
    request.set_name("clients/C-1");
    v1::Client client;
    return ReasonIn(server.clients->GetClient(&context, request, &client));
  };
  EXPECT_EQ(get("yesterday"), "AS_OF_INVALID");
  EXPECT_EQ(get("recorded:yesterday"), "AS_OF_INVALID");
  EXPECT_EQ(get("recorded:9000-01-01T00:00:00Z"), "AS_OF_IN_FUTURE");
  EXPECT_EQ(get("position:"), "POSITION_INVALID");
  EXPECT_EQ(get("position:" + log::Position{"another log", {1}}.Encode()), "POSITION_INVALID");
  EXPECT_EQ(get("position:" + log::Position{server.log().identity().id, {2}}.Encode()), "POSITION_INVALID");
  EXPECT_EQ(get("occurred:2026-03-02T01:00:00Z"), "AS_OF_NEEDS_MOMENT");
  EXPECT_EQ(get("recorded:2020-01-01T00:00:00Z"), "CLIENT_NOT_FOUND");
  EXPECT_EQ(get("recorded:2026-03-03T00:00:00Z"), "");
  const auto list = [&](const std::string& parent) {
    AsOf context("recorded:2026-03-03T00:00:00Z");
    v1::ListCasesRequest request;
    request.set_parent(parent);
    v1::ListCasesResponse cases;
    return ReasonIn(server.cases->ListCases(&context, request, &cases));
  };
  EXPECT_EQ(list("clients/-"), "AS_OF_NEEDS_MOMENT");
  EXPECT_EQ(list("clients/C-1"), "");
}

// --- N3: what was known then ---

// Histories of clients, merges, relations and handovers, from writers whose clocks differ.
class PastHistory {
 public:
  PastHistory(QueryServer& server, uint64_t seed, int events) : server_(server), random_(seed) {
    int number = 5'000'000;
    for (const auto& event : testkit::WideHistory({.seed = seed, .clients = kClients, .events = events})) {
      clients_.insert(event.client_id());
      Put(event);
      if (random_() % 12 != 0) continue;
      Put(testkit::Finish(Other(), number++));
    }
    for (int32_t p = 0; p < kPartitions; ++p) {
      const Offset end = *server_.log().EndOffset(Partition(p));
      EXPECT_TRUE(server_.engine().WaitFor(Partition(p), end, absl::Now() + absl::Seconds(30)).ok());
    }
    EXPECT_GT(copied_, 0);
  }

  const std::set<std::string>& clients() const { return clients_; }

 private:
  static constexpr int kClients = 12;

  std::string AnyClient() {
    auto at = clients_.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(random_() % clients_.size()));
    return *at;
  }

  testkit::Draft Other() {
    const std::string staff = fmt::format("S-{}", random_() % 5);
    switch (random_() % 6) {
      case 0: return testkit::Merged(AnyClient(), AnyClient());
      case 1: return testkit::Split(fmt::format("e-{}", 5'000'000 + random_() % 60));
      case 2: return testkit::Related(fmt::format("R-{}", random_() % 9), events::v1::RELATION_KIND_HOUSEHOLD, AnyClient(),
                                      AnyClient());
      case 3: return testkit::StaffTold(staff);
      case 4: return testkit::HandoverOpens(fmt::format("H-{}", random_() % 9), staff);
      default: return testkit::HandoverCancels(fmt::format("H-{}", random_() % 9));
    }
  }

  absl::Time Stamp() { return testkit::Beginning() + absl::Seconds(++second_ + static_cast<int64_t>(random_() % 5)); }

  void Put(const events::v1::Event& event) {
    if (!event::IsBroadcast(event.body_case())) {
      server_.log().Put(Partition(PartitionForKey(event.client_id(), kPartitions)), event::RecordedBytes(event, Stamp()));
      return;
    }
    // As the server copies it: what is applied in partition 0, and nothing else.
    const Offset first = server_.log().Put(
        Partition(0), event::RecordedBytes(testkit::ForPartition(event, 0, kPartitions, 0), Stamp()));
    ASSERT_TRUE(server_.engine().WaitFor(Partition(0), first.Next(), absl::Now() + absl::Seconds(30)).ok());
    if (server_.engine().VerdictAt(Partition(0), first)->outcome() != events::v1::VERDICT_OUTCOME_APPLIED) return;
    ++copied_;
    for (int32_t p = 1; p < kPartitions; ++p)
      server_.log().Put(Partition(p),
                        event::RecordedBytes(testkit::ForPartition(event, p, kPartitions, first.value()), Stamp()));
  }

  QueryServer& server_;
  std::mt19937_64 random_;
  std::set<std::string> clients_;
  int64_t second_ = 0;
  int copied_ = 0;
};

// A server over what the log held before these offsets.
std::unique_ptr<QueryServer> ServerOver(MemoryLog& log, const std::vector<int64_t>& next) {
  auto server = std::make_unique<QueryServer>(kPartitions);
  for (int32_t p = 0; p < kPartitions; ++p)
    for (int64_t offset = 0; offset < next[static_cast<size_t>(p)]; ++offset)
      server->log().Put(Partition(p), *log.ReadOne(Partition(p), Offset(offset)));
  server->CatchUp();
  return server;
}

// An answer's text without its position and page tokens, or why there is none.
template <class Response>
std::string Text(const grpc::Status& status, Response response) {
  if (!status.ok()) return ReasonIn(status) + "\n";
  response.clear_position();
  if constexpr (requires { response.clear_next_page_token(); }) response.clear_next_page_token();
  return response.DebugString();
}

// What is said of one client; `as_of` empty: now.
std::string Told(QueryServer& server, const std::string& client_id, const std::string& as_of) {
  const auto context = [&] {
    auto made = std::make_unique<Patient>();
    if (!as_of.empty()) made->AddMetadata(std::string(rpc::kAsOfMetadata), as_of);
    return made;
  };
  std::string told;
  v1::GetClientRequest get;
  get.set_name("clients/" + client_id);
  v1::Client client;
  auto status = server.clients->GetClient(context().get(), get, &client);
  told += Text(status, client);
  v1::ListTimelineRequest timeline;
  timeline.set_parent("clients/" + client_id);
  timeline.set_page_size(1000);
  v1::ListTimelineResponse entries;
  status = server.clients->ListTimeline(context().get(), timeline, &entries);
  told += Text(status, entries);
  v1::ListCasesRequest list;
  list.set_parent("clients/" + client_id);
  list.set_page_size(1000);
  list.set_order_by("update_time desc");
  v1::ListCasesResponse cases;
  status = server.cases->ListCases(context().get(), list, &cases);
  told += Text(status, cases);
  list.clear_order_by();
  list.set_filter("open = true");
  v1::ListCasesResponse open;
  status = server.cases->ListCases(context().get(), list, &open);
  told += Text(status, open);
  for (const auto& each : cases.cases()) {
    v1::GetCaseRequest one;
    one.set_name(fmt::format("clients/{}/cases/{}", each.client_id(), each.case_id()));
    v1::Case row;
    status = server.cases->GetCase(context().get(), one, &row);
    told += Text(status, row);
  }
  return told;
}

TEST(AsOfOfOneClient, TellsWhatAServerToldThen) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  std::mt19937_64 random(seed);
  QueryServer server(kPartitions);
  const PastHistory history(server, seed, 700);
  for (int round = 0; round < 3; ++round) {
    std::vector<int64_t> next;
    std::string as_of;
    if (round % 2 == 0) {
      for (int32_t p = 0; p < kPartitions; ++p)
        next.push_back(static_cast<int64_t>(random() % (server.log().EndOffset(Partition(p))->value() + 1)));
      as_of = "position:" + log::Position{server.log().identity().id, next}.Encode();
    } else {
      const absl::Time until = testkit::Beginning() + absl::Seconds(random() % 900);
      const auto cut = past::FindCut(server.log(), {.recorded = until}, [](int64_t, int64_t) { return OkStatus(); });
      ASSERT_TRUE(cut.ok());
      next = cut->next_offsets;
      as_of = "recorded:" + FormatRfc3339(until);
    }
    const auto then = ServerOver(server.log(), next);
    for (const std::string& client_id : history.clients())
      ASSERT_EQ(Told(server, client_id, as_of), Told(*then, client_id, "")) << client_id << " as of " << as_of;
  }
}

// The control: one event less is seen.
TEST(AsOfOfOneClient, OneEventLessIsSeen) {
  QueryServer server(1);
  for (int i = 0; i < 20; ++i) server.Publish(testkit::Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND));
  server.CatchUp();
  const auto at = [&](int64_t next) {
    return Told(server, "C-1", "position:" + log::Position{server.log().identity().id, {next}}.Encode());
  };
  EXPECT_NE(at(10), at(9));
  EXPECT_EQ(at(20), Told(server, "C-1", ""));
}

TEST(AsOfMoment, EveryQueryIsAnsweredOverIt) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  std::mt19937_64 random(seed);
  QueryServer server(kPartitions);
  const PastHistory history(server, seed, 500);
  std::vector<int64_t> next;
  for (int32_t p = 0; p < kPartitions; ++p)
    next.push_back(static_cast<int64_t>(random() % (server.log().EndOffset(Partition(p))->value() + 1)));
  const auto moment = server.moments().Open({.position = log::Position{server.log().identity().id, next}},
                                            [](int64_t, int64_t) { return OkStatus(); });
  ASSERT_TRUE(moment.ok()) << ToString(moment.status());
  const auto then = ServerOver(server.log(), next);
  for (const std::string& client_id : history.clients())
    ASSERT_EQ(Told(server, client_id, (*moment)->name()), Told(*then, client_id, "")) << client_id;
  const auto counts = [](QueryServer& of, const std::string& as_of) {
    std::vector<int64_t> found;
    for (const std::string filter : {"", "open = true"}) {
      Patient context;
      if (!as_of.empty()) context.AddMetadata(std::string(rpc::kAsOfMetadata), as_of);
      v1::CountCasesRequest request;
      request.set_parent("clients/-");
      request.set_filter(filter);
      v1::CountCasesResponse response;
      const auto status = of.cases->CountCases(&context, request, &response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      found.push_back(response.count());
    }
    return found;
  };
  EXPECT_EQ(counts(server, (*moment)->name()), counts(*then, ""));
  // Positions are the moment's, and what is later never comes.
  AsOf context((*moment)->name());
  v1::GetClientRequest request;
  request.set_name("clients/" + *history.clients().begin());
  request.set_min_position(server.engine().CurrentPosition().Encode());
  v1::Client client;
  const auto status = server.clients->GetClient(&context, request, &client);
  if (next != server.engine().CurrentPosition().next_offsets) {
    EXPECT_FALSE(status.ok());
  }
}

}  // namespace
}  // namespace kefu::query
