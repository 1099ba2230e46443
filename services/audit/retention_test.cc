#include "services/audit/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/base/time.h"
#include "projections/catalogue.h"
#include "services/audit/audit_testing.h"

namespace kefu::audit {
namespace {

using events::v1::Event;
using testing::ElementsAre;
using testing::IsEmpty;
using testkit::Draft;

struct Answer {
  grpc::Status status;
  v1::GetRetentionResponse response;
};

Answer Ask(AuditServer& server, const std::string& name) {
  Patient context;
  v1::GetRetentionRequest request;
  SetAccess(request.mutable_access());
  request.set_name(name);
  Answer answer;
  answer.status = server.stub->GetRetention(&context, request, &answer.response);
  return answer;
}

// "kind events class kept-until: holds".
std::vector<std::string> Lines(const Answer& answer) {
  EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
  std::vector<std::string> lines;
  for (const auto& kind : answer.response.kinds()) {
    std::string line = fmt::format("{} {} {} {}:", kind.kind(), kind.events(), kind.class_id(), kind.kept_until());
    for (const std::string& hold : kind.held_by()) line += " " + hold;
    lines.push_back(std::move(line));
  }
  return lines;
}

Draft Classes(int32_t version, int32_t years) {
  return Draft().Client("").With([&](Event& event) {
    event.mutable_broadcast()->set_partitions(3);
    auto& published = *event.mutable_retention_published();
    published.set_version(version);
    auto& complaints = *published.add_classes();
    complaints.set_class_id("complaints");
    complaints.set_years(years);
    complaints.set_source("Rule 1");
    complaints.add_kinds("complaint_received");
    auto& all = *published.add_classes();
    all.set_class_id("all");
    all.set_years(20);
  });
}

Draft Held(const char* hold_id, const char* case_id = "") {
  return Draft().AtMinute(50).By("S-1").With([&](Event& event) {
    event.mutable_legal_hold_placed()->set_hold_id(hold_id);
    event.mutable_legal_hold_placed()->set_case_id(case_id);
    event.mutable_legal_hold_placed()->set_reason("suit 8");
  });
}

Draft Lifted(const char* hold_id) {
  return Draft().AtMinute(60).By("S-2").With([&](Event& event) {
    event.mutable_legal_hold_lifted()->set_hold_id(hold_id);
    event.mutable_legal_hold_lifted()->set_reason("settled");
  });
}

class RetentionTest : public testing::Test {
 protected:
  // The first day is 2026-03-02.
  RetentionTest() {
    Tell(testkit::Registered("王小明").AtMinute(0), testkit::Complained("K-1").AtMinute(10),
         testkit::Complained("K-2").AtMinute(24 * 60 * 3), testkit::NoteAdded("K-1", "called").AtMinute(20));
  }
  template <class... Drafts>
  void Tell(const Drafts&... drafts) {
    (server_.Publish(drafts), ...);
    server_.CatchUp();
  }
  AuditServer server_{3, {}, nullptr, nullptr, false, projections::Catalogue()};
};

TEST_F(RetentionTest, SaysUntilWhenByWhichClass) {
  const Answer before = Ask(server_, "clients/C-1");
  EXPECT_EQ(before.response.version(), 0);
  EXPECT_THAT(Lines(before),
              ElementsAre("case_note_added 1  :", "client_registered 1  :", "complaint_received 2  :"));
  Tell(Classes(1, 5), Classes(2, 6));
  const Partition home = server_.HomeOf("C-1");
  const Offset end = *server_.log().EndOffset(home);
  const Answer answer = Ask(server_, "clients/C-1");
  EXPECT_EQ(answer.response.version(), 2);
  EXPECT_THAT(Lines(answer),
              ElementsAre("case_note_added 1 all 2046-03-03:", "client_registered 1 all 2046-03-03:",
                          "complaint_received 2 complaints 2032-03-06:"));
  const auto& complaints = answer.response.kinds(2);
  EXPECT_EQ(complaints.years(), 6);
  EXPECT_EQ(complaints.source(), "Rule 1");
  EXPECT_EQ(complaints.first_kept_until(), "2032-03-03");
  EXPECT_EQ(FromProto(complaints.first_occurred_time()), testkit::Beginning() + absl::Minutes(10));
  EXPECT_EQ(FromProto(complaints.last_occurred_time()), testkit::Beginning() + absl::Hours(72));
  const auto position =
      log::Position::Decode(answer.response.position(), server_.log().identity().id, 3);
  ASSERT_TRUE(position.ok());
  EXPECT_GE(position->next_offsets[static_cast<size_t>(home.value())], end.value());
}

TEST_F(RetentionTest, OfACaseItIsTheLifeOfThatCase) {
  Tell(Classes(1, 6));
  EXPECT_THAT(Lines(Ask(server_, "clients/C-1/cases/K-1")),
              ElementsAre("case_note_added 1 all 2046-03-03:", "complaint_received 1 complaints 2032-03-03:"));
  EXPECT_THAT(Lines(Ask(server_, "clients/C-1/cases/K-2")), ElementsAre("complaint_received 1 complaints 2032-03-06:"));
}

TEST_F(RetentionTest, OpenHoldsAreNamedWithWhatTheyHoldAndLiftedOnesStay) {
  Tell(Held("H-case", "K-1"));
  EXPECT_THAT(Lines(Ask(server_, "clients/C-1")),
              ElementsAre("case_note_added 1  : H-case", "client_registered 1  :", "complaint_received 2  : H-case",
                          "legal_hold_placed 1  : H-case"));
  EXPECT_THAT(Lines(Ask(server_, "clients/C-1/cases/K-2")), ElementsAre("complaint_received 1  :"));
  EXPECT_THAT(Ask(server_, "clients/C-1/cases/K-2").response.holds(), IsEmpty());
  Tell(Held("H-all"));
  EXPECT_THAT(Lines(Ask(server_, "clients/C-1/cases/K-2")), ElementsAre("complaint_received 1  : H-all"));
  EXPECT_THAT(Lines(Ask(server_, "clients/C-1")),
              ElementsAre("case_note_added 1  : H-all H-case", "client_registered 1  : H-all",
                          "complaint_received 2  : H-all H-case", "legal_hold_placed 2  : H-all H-case"));
  Tell(Lifted("H-all"));
  const Answer answer = Ask(server_, "clients/C-1");
  EXPECT_THAT(Lines(answer),
              ElementsAre("case_note_added 1  : H-case", "client_registered 1  :", "complaint_received 2  : H-case",
                          "legal_hold_lifted 1  :", "legal_hold_placed 2  : H-case"));
  ASSERT_EQ(answer.response.holds_size(), 2);
  const auto& open = answer.response.holds(0);
  EXPECT_EQ(open.hold_id(), "H-case");
  EXPECT_EQ(open.case_id(), "K-1");
  EXPECT_EQ(open.reason(), "suit 8");
  EXPECT_EQ(open.placed_by(), "S-1");
  EXPECT_FALSE(open.has_lifted_time());
  const auto& lifted = answer.response.holds(1);
  EXPECT_EQ(lifted.hold_id(), "H-all");
  EXPECT_EQ(lifted.lifted_by(), "S-2");
  EXPECT_EQ(lifted.lift_reason(), "settled");
  EXPECT_EQ(FromProto(lifted.lifted_time()), testkit::Beginning() + absl::Minutes(60));
}

TEST_F(RetentionTest, WhatWasCorrectedToALaterTimeIsKeptFromThenOn) {
  Tell(Classes(1, 6), testkit::NoteAdded("K-1", "later").Id("note").AtMinute(30));
  const Event right = testkit::Finish(testkit::NoteAdded("K-1", "later").Id("note").AtMinute(24 * 60 * 9), 0);
  Tell(Draft().Id("fix").AtMinute(40).With([&](Event& event) {
    event.mutable_event_corrected()->set_corrected_event_id("note");
    event.mutable_event_corrected()->set_event(right.SerializeAsString());
  }));
  EXPECT_THAT(Lines(Ask(server_, "clients/C-1/cases/K-1")),
              ElementsAre("case_note_added 2 all 2046-03-12:", "complaint_received 1 complaints 2032-03-03:",
                          "event_corrected 1 all 2046-03-03:"));
}

TEST_F(RetentionTest, WhatIsNotThereIsSaid) {
  ExpectRefused(Ask(server_, "clients/C-9").status, grpc::StatusCode::NOT_FOUND, "CLIENT_NOT_FOUND");
  ExpectRefused(Ask(server_, "clients/C-1/cases/K-9").status, grpc::StatusCode::NOT_FOUND, "CASE_NOT_FOUND");
  for (const char* name : {"", "C-1", "clients/", "clients/-", "clients/C-1/", "clients/C-1/cases/", "clients//cases/K-1",
                           "clients/C-1/cases/K-1/notes"})
    ExpectRefused(Ask(server_, name).status, grpc::StatusCode::INVALID_ARGUMENT, "NAME_INVALID");
  Patient context;
  v1::GetRetentionRequest request;
  request.set_name("clients/C-1");
  v1::GetRetentionResponse response;
  ExpectRefused(server_.stub->GetRetention(&context, request, &response), grpc::StatusCode::INVALID_ARGUMENT,
                "REASON_MISSING");
}

TEST_F(RetentionTest, AskingIsRecorded) {
  const Partition first(0);
  const Offset before = *server_.log().EndOffset(first);
  ASSERT_TRUE(Ask(server_, "clients/C-1").status.ok());
  Event recorded;
  ASSERT_TRUE(recorded.ParseFromString(*server_.log().ReadOne(first, before)));
  EXPECT_EQ(recorded.audit_accessed().call(), "AuditService.GetRetention");
  EXPECT_EQ(recorded.audit_accessed().query(), R"({"name":"clients/C-1"})");
}

}  // namespace
}  // namespace kefu::audit
