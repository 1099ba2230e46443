#include "services/audit/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/audit/replay_testing.h"

namespace kefu::audit {
namespace {

bool IsRangeFault(const grpc::Status& status) { return ReasonOf(rpc::FromGrpc(status)) == "TIME_RANGE_INVALID"; }

TEST(Replay, ShowsWhatLookingAtEveryRecordShows) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  NoRecorder nobody;
  AuditServer server(kPartitions, {.message_bytes = 2000}, &nobody);
  Story story(server, seed);
  int some = 0;
  for (int i = 0; i < 300; ++i) {
    const v1::ReplayRequest request = i == 0 ? Asked() : story.RandomRequest();
    SCOPED_TRACE(request.ShortDebugString());
    const Answer answer = Replay(server, request);
    if (IsRangeFault(answer.status)) continue;
    ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
    const auto naive = story.Naive(request);
    ASSERT_EQ(Text(answer.Events()), Text(naive));
    some += !naive.empty();
    // The last message says that it is all, and no other does.
    ASSERT_FALSE(answer.messages.empty());
    for (size_t m = 0; m < answer.messages.size(); ++m) {
      const auto& message = answer.messages[m];
      ASSERT_EQ(message.complete(), m + 1 == answer.messages.size());
      ASSERT_LE(message.records_done(), message.records_total());
      ASSERT_FALSE(message.resume_token().empty());
      ASSERT_EQ(message.until_position(), answer.messages.front().until_position());
    }
    ASSERT_EQ(answer.messages.back().records_done(), answer.messages.back().records_total());
  }
  EXPECT_GT(some, 50) << "most requests show nothing: the test sees little";
}

TEST(Replay, ShowsRefusedAndRepeatedDeliveriesAndWhatIsNoEvent) {
  NoRecorder nobody;
  AuditServer server(1, {}, &nobody);
  const Event opened = testkit::Finish(testkit::Opened("K-1"), 1);
  server.Publish(testkit::Registered("王小明"));
  server.Publish(opened);
  server.Publish(testkit::Closed("K-9"));
  server.Publish(opened);
  server.log().Put(Partition(0), "\xff");
  server.CatchUp();
  const auto outcomes = [&](const v1::ReplayRequest& request) {
    std::vector<std::string> told;
    for (const auto& event : Replay(server, request).Events())
      told.push_back(fmt::format("{} {} {}", event.offset(), events::v1::VerdictOutcome_Name(event.verdict().outcome()),
                                 event.verdict().rule()));
    return told;
  };
  EXPECT_THAT(outcomes(Asked()),
              testing::ElementsAre("0 VERDICT_OUTCOME_APPLIED ", "1 VERDICT_OUTCOME_APPLIED ",
                                   "2 VERDICT_OUTCOME_REFUSED case_unknown", "3 VERDICT_OUTCOME_DUPLICATE ",
                                   "4 VERDICT_OUTCOME_REFUSED undecodable"));
  v1::ReplayRequest of_client = Asked();
  of_client.set_client_id("C-1");
  EXPECT_THAT(outcomes(of_client),
              testing::ElementsAre("0 VERDICT_OUTCOME_APPLIED ", "1 VERDICT_OUTCOME_APPLIED ",
                                   "2 VERDICT_OUTCOME_REFUSED case_unknown", "3 VERDICT_OUTCOME_DUPLICATE "));
}

TEST(Replay, OfACaseComesWhatWasTakenBackOfIt) {
  NoRecorder nobody;
  AuditServer server(1, {}, &nobody);
  server.Publish(testkit::Registered("王小明"));
  server.Publish(testkit::Opened("K-1"));
  server.Publish(testkit::NoteAdded("K-1", "a mistake").Id("note-1"));
  server.Publish(testkit::Opened("K-2"));
  server.Publish(testkit::NoteAdded("K-2", "another").Id("note-2"));
  const auto annul = [](const char* event_id) {
    return testkit::Draft().With([=](Event& event) { event.mutable_event_annulled()->set_annulled_event_id(event_id); });
  };
  server.Publish(annul("note-1"));
  server.Publish(annul("note-2"));
  server.CatchUp();
  for (const char* client_id : {"", "C-1"}) {
    v1::ReplayRequest request = Asked();
    request.set_client_id(client_id);
    request.set_case_id("K-1");
    std::vector<int64_t> offsets;
    for (const auto& event : Replay(server, request).Events()) offsets.push_back(event.offset());
    EXPECT_THAT(offsets, testing::ElementsAre(1, 2, 5)) << client_id;
  }
}

TEST(Replay, GoesOnAfterEveryMessageToTheEndThatItHad) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  NoRecorder nobody;
  AuditServer server(kPartitions, {.message_bytes = 3000}, &nobody);
  Story story(server, seed);
  for (int i = 0; i < 6; ++i) {
    v1::ReplayRequest request = Asked();
    while (i > 0 && story.Naive(request = story.RandomRequest()).empty()) {
    }
    SCOPED_TRACE(request.ShortDebugString());
    const Answer whole = Replay(server, request);
    if (IsRangeFault(whole.status)) continue;
    ASSERT_TRUE(whole.status.ok()) << whole.status.error_message();
    // What comes meanwhile is not in it.
    server.Live(seed + static_cast<uint64_t>(i) + 1, 20);
    const auto all = whole.Events();
    size_t seen = 0;
    for (const auto& message : whole.messages) {
      seen += static_cast<size_t>(message.events_size());
      request.set_resume_token(message.resume_token());
      // Another may go on.
      request.mutable_access()->set_actor_id("A-2");
      const Answer rest = Replay(server, request);
      ASSERT_TRUE(rest.status.ok()) << rest.status.error_message();
      ASSERT_EQ(Text(rest.Events()), Text({all.begin() + static_cast<ptrdiff_t>(seen), all.end()}));
      ASSERT_EQ(rest.messages.back().until_position(), message.until_position());
      ASSERT_EQ(rest.messages.back().records_total(), message.records_total());
      ASSERT_TRUE(rest.messages.back().complete());
    }
  }
}

TEST(Replay, AnEmptyRangeIsOneMessageThatSaysSo) {
  NoRecorder nobody;
  AuditServer server(kPartitions, {}, &nobody);
  Answer answer = Replay(server, Asked());
  ASSERT_TRUE(answer.status.ok());
  ASSERT_EQ(answer.messages.size(), 1);
  EXPECT_TRUE(answer.messages[0].complete());
  EXPECT_TRUE(answer.messages[0].events().empty());
  EXPECT_EQ(answer.messages[0].records_total(), 0);

  server.Live(1, 30);
  v1::ReplayRequest request = Asked();
  request.set_from_position(server.engine().CurrentPosition().Encode());
  answer = Replay(server, request);
  ASSERT_EQ(answer.messages.size(), 1);
  EXPECT_TRUE(answer.messages[0].complete());
  EXPECT_TRUE(answer.messages[0].events().empty());
}

TEST(Replay, WhatCannotBeAskedIsNamed) {
  AuditServer server(kPartitions);
  server.Live(1, 50);
  const std::string beyond =
      log::Position{server.log().identity().id, {1'000'000, 0, 0}}.Encode();
  const std::string of_another_log = log::Position{"another-log", {0, 0, 0}}.Encode();
  const std::string of_fewer = log::Position{server.log().identity().id, {0, 0}}.Encode();
  v1::ReplayRequest of_staff = Asked();
  of_staff.set_staff_id("S-1");
  const std::string anothers_token = Replay(server, of_staff).messages.front().resume_token();
  struct Case {
    grpc::StatusCode code;
    const char* reason;
    std::function<void(v1::ReplayRequest&)> ask;
  };
  constexpr auto kInvalid = grpc::StatusCode::INVALID_ARGUMENT;
  const Case cases[] = {
      {kInvalid, "REASON_MISSING", [](auto& r) { r.clear_access(); }},
      {kInvalid, "REASON_TOO_LONG", [](auto& r) { r.mutable_access()->set_reason(std::string(501, 'r')); }},
      {kInvalid, "ACTOR_INVALID", [](auto& r) { r.mutable_access()->clear_actor_id(); }},
      {kInvalid, "KIND_UNKNOWN", [](auto& r) { r.add_kinds("complaint_recieved"); }},
      {kInvalid, "QUERY_INVALID", [](auto& r) { r.mutable_recorded_from()->set_nanos(-1); }},
      {kInvalid, "TIME_RANGE_INVALID",
       [](auto& r) { r.mutable_recorded_from()->set_seconds(2), r.mutable_recorded_until()->set_seconds(1); }},
      {kInvalid, "POSITION_INVALID", [](auto& r) { r.set_from_position("here"); }},
      {kInvalid, "POSITION_INVALID", [&](auto& r) { r.set_until_position(of_another_log); }},
      {kInvalid, "POSITION_INVALID", [&](auto& r) { r.set_until_position(of_fewer); }},
      {grpc::StatusCode::UNAVAILABLE, "POSITION_NOT_REACHED", [&](auto& r) { r.set_until_position(beyond); }},
      {kInvalid, "PARTITION_INVALID", [](auto& r) { r.set_partition(3); }},
      {kInvalid, "PARTITION_INVALID", [](auto& r) { r.set_partition(-1); }},
      {kInvalid, "RESUME_TOKEN_INVALID", [](auto& r) { r.set_resume_token("go on"); }},
      {kInvalid, "RESUME_TOKEN_INVALID", [&](auto& r) { r.set_resume_token(anothers_token); }},
      {kInvalid, "RESUME_TOKEN_INVALID",
       [&](auto& r) { r = of_staff, r.set_resume_token(anothers_token + "A"); }},
      {grpc::StatusCode::NOT_FOUND, "CLIENT_NOT_FOUND", [](auto& r) { r.set_client_id("nobody"); }},
      {grpc::StatusCode::NOT_FOUND, "CLIENT_NOT_FOUND", [](auto& r) { r.set_client_id("C"); }},
  };
  for (const Case& each : cases) {
    v1::ReplayRequest request = Asked();
    each.ask(request);
    SCOPED_TRACE(request.ShortDebugString());
    const Answer answer = Replay(server, request);
    ExpectRefused(answer.status, each.code, each.reason);
    EXPECT_TRUE(answer.messages.empty());
  }
}

TEST(Replay, EveryBitOfATokenCounts) {
  NoRecorder nobody;
  AuditServer server(1, {.message_bytes = 500}, &nobody);
  server.Live(1, 40);
  v1::ReplayRequest request = Asked();
  const std::string token = Replay(server, request).messages.front().resume_token();
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    request.set_resume_token(changed);
    ExpectRefused(Replay(server, request).status, grpc::StatusCode::INVALID_ARGUMENT, "RESUME_TOKEN_INVALID");
  }
}

}  // namespace
}  // namespace kefu::audit
