#include "services/audit/export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/audit/export_testing.h"

namespace kefu::audit {
namespace {

struct Exported {
  grpc::Status status;
  std::optional<v1::ExportHead> head;
  std::vector<v1::ExportRecord> records;
  int progress = 0;
  bool complete = false;

  std::vector<v1::RecordedEvent> Events() const {
    std::vector<v1::RecordedEvent> events;
    for (const auto& record : records) events.push_back(record.event());
    return events;
  }
};

// Where the log ends. What is signed of it is before the record that says so, so a whole log is never signed whole.
std::string EndOf(AuditServer& server) {
  log::Position end{server.log().identity().id, {}};
  for (int32_t p = 0; p < kPartitions; ++p) end.next_offsets.push_back(server.log().EndOffset(Partition(p))->value());
  return end.Encode();
}

v1::ExportRequest AskedFor(const v1::ReplayRequest& events = {}) {
  v1::ExportRequest request;
  SetAccess(request.mutable_access());
  *request.mutable_events() = events;
  request.mutable_events()->clear_access();
  return request;
}

Exported Export(AuditServer& server, const v1::ExportRequest& request, const std::function<void()>& on_progress = {}) {
  Exported exported;
  Patient context;
  const auto reader = server.stub->Export(&context, request);
  for (v1::ExportResponse message; reader->Read(&message);) {
    EXPECT_FALSE(exported.complete) << "after the end";
    if (message.has_progress() && ++exported.progress == 1 && on_progress) on_progress();
    if (message.has_head()) exported.head = message.head();
    for (const auto& record : message.records().records()) exported.records.push_back(record);
    if (message.has_end()) {
      exported.complete = true;
      EXPECT_EQ(message.end().record_count(), static_cast<int64_t>(exported.records.size()));
    }
  }
  exported.status = reader->Finish();
  EXPECT_EQ(exported.complete, exported.status.ok());
  return exported;
}

// Everything that was sent is as the log has it, and proven against the one checkpoint that was sent.
void ExpectProven(AuditServer& server, const Exported& exported) {
  ASSERT_TRUE(exported.status.ok()) << exported.status.error_message();
  ASSERT_TRUE(exported.head.has_value());
  EXPECT_EQ(exported.head->record_count(), static_cast<int64_t>(exported.records.size()));
  std::map<int32_t, int64_t> sizes;
  for (const auto& part : exported.head->newest().signed_().partitions()) sizes[part.partition()] = part.size();
  for (const auto& record : exported.records) {
    const auto& event = record.event();
    EXPECT_EQ(event.record(), *server.log().ReadOne(Partition(event.partition()), Offset(event.offset())));
    merkle::Path path;
    for (const std::string& hash : record.proof().path()) path.push_back(*merkle::HashFrom(hash));
    EXPECT_EQ(record.proof().tree_size(), sizes[event.partition()]);
    EXPECT_EQ(merkle::VerifyInclusion(merkle::LeafHash(event.record()), event.leaf_index(), sizes[event.partition()], path,
                                      RootOf(server, Partition(event.partition()), sizes[event.partition()])),
              OkStatus());
    bool covered = false;
    for (const auto& cover : exported.head->covers())
      covered |= cover.partition() == event.partition() && cover.from_offset() <= event.offset() &&
                 event.offset() < cover.until_offset();
    EXPECT_TRUE(covered) << event.partition() << "-" << event.offset();
  }
}

TEST(Export, IsWhatAReplayShowsEachWithAProofThatHolds) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  ExportServer server;
  Story story(server, seed);
  const std::string end = EndOf(server);
  Sign(server, 1);
  for (int i = 0; i < 20; ++i) {
    v1::ReplayRequest request = story.RandomRequest();
    if (request.until_position().empty()) request.set_until_position(end);
    // Of a case it is wider: case_life_test.cc.
    request.clear_case_id();
    SCOPED_TRACE(request.ShortDebugString());
    const Exported exported = Export(server, AskedFor(request));
    ExpectProven(server, exported);
    EXPECT_EQ(Text(exported.Events()), Text(story.Naive(request)));
  }
}

TEST(Export, ARangeIsWholeAndAConditionMakesItASelection) {
  ExportServer server;
  server.Live(3, 90);
  Sign(server, 1);
  v1::ReplayRequest events;
  events.set_partition(1);
  log::Position position{server.log().identity().id, {0, 4, 0}};
  events.set_from_position(position.Encode());
  position.next_offsets[1] = 9;
  events.set_until_position(position.Encode());
  const Exported range = Export(server, AskedFor(events));
  ExpectProven(server, range);
  ASSERT_EQ(range.records.size(), 5u);
  ASSERT_EQ(range.head->covers_size(), 1);
  EXPECT_EQ(range.head->covers(0).ShortDebugString(), "partition: 1 from_offset: 4 until_offset: 9 whole: true");
  events.add_kinds("contact_recorded");
  const Exported selection = Export(server, AskedFor(events));
  ExpectProven(server, selection);
  ASSERT_EQ(selection.head->covers_size(), 1);
  EXPECT_EQ(selection.head->covers(0).ShortDebugString(), "partition: 1 from_offset: 4 until_offset: 9");
}

TEST(Export, OfNothingIsAHeadWithACheckpointAndNoRecords) {
  ExportServer server;
  server.Live(3, 30);
  Sign(server, 1);
  v1::ReplayRequest events;
  events.mutable_recorded_until()->set_seconds(1);
  const Exported exported = Export(server, AskedFor(events));
  ExpectProven(server, exported);
  EXPECT_TRUE(exported.records.empty());
  EXPECT_FALSE(exported.head->newest().signed_().note().empty());
}

TEST(Export, IsOneLookOnTheLogHoweverManyRecords) {
  ExportServer server;
  server.Live(5, 200);
  v1::ReplayRequest events;
  events.set_until_position(EndOf(server));
  Sign(server, 1);
  const int64_t before = server.log().EndOffset(Partition(0))->value();
  EXPECT_GT(Export(server, AskedFor(events)).records.size(), 100u);
  EXPECT_EQ(server.log().EndOffset(Partition(0))->value(), before + 1);
}

TEST(Export, WaitsForTheCheckpointThatCoversIt) {
  ExportServer server;
  server.Live(7, 60);
  // Signed when the export has said that it waits.
  const Exported exported = Export(server, AskedFor(), [&] { Sign(server, 1); });
  ExpectProven(server, exported);
  EXPECT_GE(exported.progress, 1);
  EXPECT_GE(exported.records.size(), 60u);
}

TEST(Export, WhatIsNotSignedIsRefusedOrLeftOutAndCounted) {
  ExportServer server(Signing(absl::Milliseconds(1)));
  server.Live(7, 60);
  Sign(server, 1);
  testkit::Draft late = testkit::Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND).Client("C-late");
  server.Publish(late);
  server.CatchUp();
  v1::ReplayRequest events;
  events.set_client_id("C-late");
  v1::ExportRequest request = AskedFor(events);
  ExpectRefused(Export(server, request).status, grpc::StatusCode::FAILED_PRECONDITION, "NOT_YET_SIGNED");
  request.set_leave_out_unsigned(true);
  const Exported exported = Export(server, request);
  ExpectProven(server, exported);
  EXPECT_TRUE(exported.records.empty());
  EXPECT_EQ(exported.head->unsigned_count(), 1);
}

TEST(Export, AServerThatSignsNothingSaysSo) {
  ExportServer server{AuditOptions()};
  server.Live(7, 30);
  ExpectRefused(Export(server, AskedFor()).status, grpc::StatusCode::FAILED_PRECONDITION, "SIGNING_OFF");
}

TEST(Export, OfWhatIsNotThereIsRefused) {
  ExportServer server;
  server.Live(7, 30);
  Sign(server, 1);
  v1::ReplayRequest events;
  events.set_client_id("nobody");
  ExpectRefused(Export(server, AskedFor(events)).status, grpc::StatusCode::NOT_FOUND, "CLIENT_NOT_FOUND");
  events.Clear();
  events.set_case_id("K-none");
  ExpectRefused(Export(server, AskedFor(events)).status, grpc::StatusCode::NOT_FOUND, "CASE_NOT_FOUND");
  // Of another client there is none either.
  events.set_client_id("C-1");
  server.Publish(testkit::Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND).Client("C-1"));
  server.CatchUp();
  ExpectRefused(Export(server, AskedFor(events)).status, grpc::StatusCode::NOT_FOUND, "CASE_NOT_FOUND");
  events.Clear();
  events.set_resume_token("x");
  ExpectRefused(Export(server, AskedFor(events)).status, grpc::StatusCode::INVALID_ARGUMENT, "ACCESS_TWICE");
  v1::ExportRequest request = AskedFor();
  for (int i = 0; i < 17; ++i) request.add_since_notes("x");
  ExpectRefused(Export(server, request).status, grpc::StatusCode::INVALID_ARGUMENT, "TOO_MANY_NOTES");
  request = AskedFor();
  request.clear_access();
  EXPECT_EQ(Export(server, request).status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST(Export, ACaseIsFoundWithoutItsClientAndIsItsWholeLife) {
  ExportServer server;
  const auto publish = [&](const std::string& id, const std::function<void(Event&)>& edit) {
    Event event = testkit::Finish(testkit::Draft().Client("C-1"), 9'000'000);
    event.set_event_id(id);
    edit(event);
    return server.Publish(event);
  };
  publish("e1", [](Event& e) { e.mutable_contact_recorded()->set_contact_id("T-1"); });
  publish("e2", [](Event& e) {
    e.mutable_complaint_received()->set_case_id("K-1");
    e.mutable_complaint_received()->mutable_opening()->set_contact_id("T-1");
  });
  publish("e3", [](Event& e) { e.mutable_complaint_received()->set_case_id("K-2"); });
  publish("e4", [](Event& e) { e.mutable_case_closed()->set_case_id("K-1"); });
  server.CatchUp();
  Sign(server, 1);
  v1::ReplayRequest events;
  events.set_case_id("K-1");
  const Exported exported = Export(server, AskedFor(events));
  ExpectProven(server, exported);
  EXPECT_EQ(exported.head->client_id(), "C-1");
  ASSERT_EQ(exported.records.size(), 3u);
  EXPECT_EQ(exported.records[2].event().verdict().rule(), "case_not_resolved") << "a refused attempt";
}

TEST(Export, SinceAKeptCheckpointTheLogOnlyGrew) {
  ExportServer server;
  server.Live(7, 40);
  const std::string kept = Sign(server, 1);
  server.Live(8, 300);
  Sign(server, 2);
  server.Live(9, 30);
  v1::ReplayRequest events;
  events.set_until_position(EndOf(server));
  Sign(server, 3);
  v1::ExportRequest request = AskedFor(events);
  request.add_since_notes(kept);
  const Exported exported = Export(server, request);
  ExpectProven(server, exported);
  ASSERT_TRUE(exported.head.has_value());
  ASSERT_EQ(exported.head->since_size(), 1);
  const auto& since = exported.head->since(0);
  EXPECT_EQ(since.checkpoint().signed_().note(), kept);
  ASSERT_EQ(since.proofs_size(), kPartitions);
  for (const auto& proof : since.proofs()) {
    const Partition partition(proof.partition());
    merkle::Path path;
    for (const std::string& hash : proof.path()) path.push_back(*merkle::HashFrom(hash));
    EXPECT_EQ(merkle::VerifyConsistency(proof.old_size(), RootOf(server, partition, proof.old_size()), proof.new_size(),
                                        RootOf(server, partition, proof.new_size()), path),
              OkStatus());
  }
  // One partition's note is enough to find it.
  request.set_since_notes(0, since.checkpoint().signed_().partitions(2).note());
  EXPECT_EQ(Export(server, request).head->since(0).checkpoint().name(), since.checkpoint().name());
}

TEST(Export, ACheckpointThatThisLogNeverHadIsNamed) {
  ExportServer server;
  server.Live(7, 40);
  Sign(server, 1);
  v1::ExportRequest request = AskedFor();
  request.add_since_notes("nonsense");
  ExpectRefused(Export(server, request).status, grpc::StatusCode::INVALID_ARGUMENT, "CHECKPOINT_INVALID");
  for (const char* log : {"memory-log", "another-log"}) {
    request.set_since_notes(0, *Key().Sign(*note::FormatCheckpoint({.origin = note::OriginOf(log), .size = 12})));
    ExpectRefused(Export(server, request).status, grpc::StatusCode::NOT_FOUND, "CHECKPOINT_UNKNOWN");
  }
}

}  // namespace
}  // namespace kefu::audit
