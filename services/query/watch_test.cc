// WatchClient and WatchCases: snapshot, changes, resuming, slow readers, ends.

#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "services/query/filter.h"
#include "services/query/filter_fields.h"
#include "services/query/query_testing.h"

namespace kefu::query {
namespace {

using query::v1::WatchCasesResponse;
using query::v1::WatchClientResponse;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

struct ClientStream {
  Patient context;
  std::unique_ptr<grpc::ClientReader<WatchClientResponse>> reader;
  WatchClientResponse last;

  ClientStream(QueryServer& server, const std::string& client, const std::string& after = {}) {
    query::v1::WatchClientRequest request;
    request.set_name("clients/" + client);
    request.set_after_position(after);
    reader = server.clients->WatchClient(&context, request);
  }
  bool Read() { return reader->Read(&last); }
  // The next message that is no heartbeat.
  bool ReadClient() {
    while (Read())
      if (last.has_client()) return true;
    return false;
  }
};

struct CaseStream {
  Patient context;
  std::unique_ptr<grpc::ClientReader<WatchCasesResponse>> reader;
  WatchCasesResponse last;

  CaseStream(QueryServer& server, const std::string& filter, const std::string& after = {},
             const std::string& parent = "clients/-") {
    query::v1::WatchCasesRequest request;
    request.set_parent(parent);
    request.set_filter(filter);
    request.set_after_position(after);
    reader = server.cases->WatchCases(&context, request);
  }
  bool Read() { return reader->Read(&last); }
  bool ReadCase() {
    while (Read())
      if (last.has_case_()) return true;
    return false;
  }
  // Reads the snapshot; its case ids.
  std::set<std::string> Snapshot() {
    std::set<std::string> ids;
    while (Read() && !last.snapshot_complete()) {
      EXPECT_TRUE(last.position().empty()) << "resuming here would leave out the rest";
      ids.insert(last.case_().case_id());
    }
    EXPECT_TRUE(last.snapshot_complete());
    return ids;
  }
};

bool Covers(QueryServer& server, const std::string& position, const std::string& wanted) {
  const auto decode = [&](const std::string& text) {
    return log::Position::Decode(text, server.log().identity().id, server.engine().partitions())->next_offsets;
  };
  const auto have = decode(position);
  const auto want = decode(wanted);
  for (size_t p = 0; p < have.size(); ++p)
    if (have[p] < want[p]) return false;
  return true;
}

TEST(WatchClient, ShowsTheClientThenEachNewState) {
  QueryServer server;
  server.Publish(testkit::Registered("First").Client("C-1"));
  server.CatchUp();
  ClientStream stream(server, "C-1");
  ASSERT_TRUE(stream.ReadClient());
  EXPECT_EQ(stream.last.client().display_name(), "First");
  server.Publish(testkit::Registered("Other").Client("C-2"));
  server.Publish(testkit::Opened("K-1").Client("C-1"));
  ASSERT_TRUE(stream.ReadClient());
  EXPECT_EQ(stream.last.client().client_id(), "C-1");
  EXPECT_EQ(stream.last.client().open_requests_total(), 1);
}

TEST(WatchClient, OfAnUnknownClientIsNotFound) {
  QueryServer server;
  ClientStream stream(server, "C-404");
  EXPECT_FALSE(stream.Read());
  ExpectRefused(stream.reader->Finish(), grpc::StatusCode::NOT_FOUND, "CLIENT_NOT_FOUND");
}

TEST(WatchClient, ResumedItShowsOnlyWhatCameSince) {
  QueryServer server(3, {.heartbeat = absl::Milliseconds(20)});
  server.Publish(testkit::Registered("First").Client("C-1"));
  server.CatchUp();
  std::string position;
  {
    ClientStream stream(server, "C-1");
    ASSERT_TRUE(stream.ReadClient());
    position = stream.last.position();
    stream.context.TryCancel();
  }
  ClientStream unchanged(server, "C-1", position);
  ASSERT_TRUE(unchanged.Read());
  EXPECT_FALSE(unchanged.last.has_client()) << "a heartbeat, for nothing changed";
  server.Publish(testkit::Opened("K-1").Client("C-1"));
  ASSERT_TRUE(unchanged.ReadClient());
  EXPECT_EQ(unchanged.last.client().open_requests_total(), 1);
  server.CatchUp();
  ClientStream changed(server, "C-1", position);
  ASSERT_TRUE(changed.ReadClient());
  EXPECT_EQ(changed.last.client().open_requests_total(), 1);
}

TEST(WatchCases, ShowsTheSnapshotThenChangesAndWhatFallsOut) {
  QueryServer server;
  server.Publish(testkit::Opened("K-1").Client("C-1"));
  server.Publish(testkit::Opened("K-2").Client("C-2"));
  server.Publish(testkit::Opened("K-3").Client("C-3"));
  server.Publish(testkit::Resolved("K-3").Client("C-3"));
  server.CatchUp();
  CaseStream stream(server, "open = true");
  EXPECT_THAT(stream.Snapshot(), UnorderedElementsAre("K-1", "K-2"));
  server.Publish(testkit::NoteAdded("K-3", "not shown, and never was").Client("C-3"));
  server.Publish(testkit::Assigned("K-1", "S-1").Client("C-1"));
  ASSERT_TRUE(stream.ReadCase());
  EXPECT_EQ(stream.last.case_().assignee_id(), "S-1");
  EXPECT_FALSE(stream.last.removed());
  server.Publish(testkit::Resolved("K-2").Client("C-2"));
  ASSERT_TRUE(stream.ReadCase());
  EXPECT_EQ(stream.last.case_().case_id(), "K-2");
  EXPECT_TRUE(stream.last.removed());
}

TEST(WatchCases, OfOneClientShowsNoOthers) {
  QueryServer server(1);
  server.Publish(testkit::Opened("K-1").Client("C-1"));
  server.Publish(testkit::Opened("K-2").Client("C-2"));
  server.CatchUp();
  CaseStream stream(server, "", "", "clients/C-1");
  EXPECT_THAT(stream.Snapshot(), ElementsAre("K-1"));
  server.Publish(testkit::Assigned("K-2", "S-1").Client("C-2"));
  server.Publish(testkit::Assigned("K-1", "S-1").Client("C-1"));
  ASSERT_TRUE(stream.ReadCase());
  EXPECT_EQ(stream.last.case_().case_id(), "K-1");
}

TEST(WatchCases, ResumedItShowsOnlyWhatChangedSince) {
  QueryServer server;
  for (int i = 0; i < 20; ++i) server.Publish(testkit::Opened(fmt::format("K-{}", i)).Client(fmt::format("C-{}", i)));
  server.CatchUp();
  std::string position;
  {
    CaseStream stream(server, "open = true");
    EXPECT_EQ(stream.Snapshot().size(), 20u);
    position = stream.last.position();
    stream.context.TryCancel();
  }
  server.Publish(testkit::Assigned("K-3", "S-1").Client("C-3"));
  server.Publish(testkit::Resolved("K-4").Client("C-4"));
  CaseStream stream(server, "open = true", position);
  std::map<std::string, bool> removed;
  while (removed.size() < 2 && stream.ReadCase()) removed[stream.last.case_().case_id()] = stream.last.removed();
  EXPECT_EQ(removed, (std::map<std::string, bool>{{"K-3", false}, {"K-4", true}}));
}

TEST(WatchCases, AnIdleStreamSaysWhereItIs) {
  QueryServer server(3, {.heartbeat = absl::Milliseconds(20)});
  CaseStream stream(server, "");
  EXPECT_TRUE(stream.Snapshot().empty());
  // Nothing about cases, and yet the position moves on.
  const std::string position = server.Publish(testkit::Registered("Name").Client("C-1"));
  server.CatchUp();
  do ASSERT_TRUE(stream.Read());
  while (!Covers(server, stream.last.position(), position));
  EXPECT_FALSE(stream.last.has_case_());
}

TEST(WatchCases, ASlowReaderGetsTheNewestStateAndHoldsNobodyUp) {
  constexpr int kChanges = 5000;
  QueryServer server(1);
  server.Publish(testkit::Opened("K-1").Client("C-1"));
  server.CatchUp();
  CaseStream slow(server, "");
  CaseStream quick(server, "");
  slow.Snapshot();
  quick.Snapshot();
  for (int i = 0; i < kChanges; ++i) {
    server.Publish(testkit::NoteAdded("K-1", "again").Client("C-1"));
    if (i % 10 == 0) server.CatchUp();
  }
  server.CatchUp();
  const auto read_to_the_end = [](CaseStream& stream) {
    int messages = 0;
    while (stream.ReadCase()) {
      ++messages;
      if (stream.last.case_().note_count() == kChanges) return messages;
    }
    return -1;
  };
  EXPECT_GT(read_to_the_end(quick), 0);
  const int messages = read_to_the_end(slow);
  EXPECT_GT(messages, 0);
  EXPECT_LT(messages, kChanges / 10) << "overtaken states were kept for it";
}

// Whoever applies all messages has what a list gives.
TEST(WatchCases, AWatcherUnderLoadEndsWithWhatAListGives) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  QueryServer server(4, {.heartbeat = absl::Milliseconds(20)});
  const auto history = testkit::RandomHistory({.seed = seed, .clients = 30, .events = 4000});
  for (int i = 0; i < 1000; ++i) server.Publish(history[static_cast<size_t>(i)]);
  log::Position end{server.log().identity().id, std::vector<int64_t>(4)};
  std::atomic<bool> written{false};
  std::thread writer([&] {
    for (size_t i = 1000; i < history.size(); ++i) server.Publish(history[i]);
    for (int32_t p = 0; p < 4; ++p)
      end.next_offsets[static_cast<size_t>(p)] = server.log().EndOffset(Partition(p))->value();
    written = true;
  });
  std::map<std::string, std::string> have;
  std::string position;
  int breaks = 0;
  // Broken off and resumed now and then.
  for (bool done = false; !done;) {
    CaseStream stream(server, "open = true", position);
    for (int messages = 0; !done; ++messages) {
      ASSERT_TRUE(stream.Read());
      if (stream.last.has_case_()) {
        auto row = stream.last.case_();
        row.clear_position();
        if (stream.last.removed())
          have.erase(row.name());
        else
          have[row.name()] = row.SerializeAsString();
      }
      if (!stream.last.position().empty()) position = stream.last.position();
      done = written && !position.empty() && Covers(server, position, end.Encode());
      if (!done && breaks < 5 && messages > 200 && !position.empty()) break;
    }
    ++breaks;
    stream.context.TryCancel();
  }
  writer.join();
  server.CatchUp();
  query::v1::ListCasesRequest request;
  request.set_parent("clients/-");
  request.set_filter("open = true");
  std::map<std::string, std::string> listed;
  for (const auto& row : AllCases(server, request)) listed[row.name()] = row.SerializeAsString();
  EXPECT_GT(listed.size(), 5u);
  EXPECT_EQ(have.size(), listed.size());
  for (const auto& [name, row] : listed) EXPECT_TRUE(have[name] == row) << name;
}

TEST(WatchCases, RefusesWhatAListRefuses) {
  QueryServer server;
  CaseStream filter(server, "statsu = OPEN");
  EXPECT_FALSE(filter.Read());
  ExpectRefused(filter.reader->Finish(), grpc::StatusCode::INVALID_ARGUMENT, "FILTER_FIELD_UNKNOWN");
  CaseStream position(server, "", "nonsense");
  EXPECT_FALSE(position.Read());
  ExpectRefused(position.reader->Finish(), grpc::StatusCode::INVALID_ARGUMENT, "POSITION_INVALID");
  CaseStream parent(server, "", "", "cases/K-1");
  EXPECT_FALSE(parent.Read());
  ExpectRefused(parent.reader->Finish(), grpc::StatusCode::INVALID_ARGUMENT, "NAME_INVALID");
}

TEST(WatchCases, AServerThatGoesDownTellsItsWatchersToGoElsewhere) {
  QueryServer server;
  server.Publish(testkit::Registered("Name").Client("C-1"));
  server.CatchUp();
  CaseStream cases(server, "");
  cases.Snapshot();
  ClientStream client(server, "C-1");
  ASSERT_TRUE(client.ReadClient());
  server.EndAllStreams();
  EXPECT_FALSE(cases.Read());
  EXPECT_EQ(cases.reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_FALSE(client.Read());
  EXPECT_EQ(client.reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  CaseStream late(server, "");
  EXPECT_FALSE(late.Read());
  EXPECT_EQ(late.reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(WatchCases, StreamsCancelledAtAnyMomentLeaveNothingBehind) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  QueryServer server(2, {.heartbeat = absl::Milliseconds(1)});
  server.Live(seed, 500);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 150; ++round) {
    std::vector<std::unique_ptr<CaseStream>> streams;
    for (int i = 0; i < 4; ++i) streams.push_back(std::make_unique<CaseStream>(server, i % 2 ? "open = true" : ""));
    server.Publish(testkit::Opened(fmt::format("N-{}", round)).Client("C-1"));
    for (auto& stream : streams) {
      for (int reads = static_cast<int>(random() % 8); reads > 0; --reads) stream->Read();
      stream->context.TryCancel();
    }
  }
  // The destructor demands that the server can end, which a stream left over would prevent.
}

}  // namespace
}  // namespace kefu::query
