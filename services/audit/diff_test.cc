#include "services/audit/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/base/time.h"
#include "projections/catalogue.h"
#include "services/audit/audit_testing.h"

namespace kefu::audit {
namespace {

using testing::Contains;
using testing::HasSubstr;

struct Answer {
  grpc::Status status;
  v1::DiffClientResponse response;
};

Answer Diff(AuditServer& server, const std::string& name, const v1::AsOf& from, const v1::AsOf* until = nullptr) {
  Patient context;
  v1::DiffClientRequest request;
  SetAccess(request.mutable_access());
  request.set_name(name);
  *request.mutable_from() = from;
  if (until != nullptr) *request.mutable_until() = *until;
  Answer answer;
  answer.status = server.stub->DiffClient(&context, request, &answer.response);
  return answer;
}

v1::AsOf At(int64_t second) {
  v1::AsOf as_of;
  *as_of.mutable_recorded_time() = ToProto(testkit::Beginning() + absl::Seconds(second));
  return as_of;
}

std::vector<std::string> Lines(const v1::DiffClientResponse& response) {
  std::vector<std::string> lines;
  for (const auto& change : response.changes())
    lines.push_back(fmt::format("{} {}: {} -> {}", change.resource(), change.field(), change.before(), change.after()));
  return lines;
}

std::vector<std::string> Kinds(const v1::DiffClientResponse& response) {
  std::vector<std::string> kinds;
  for (const auto& recorded : response.events()) {
    events::v1::Event event;
    EXPECT_TRUE(event.ParseFromString(recorded.record()));
    kinds.push_back(event.GetReflection()
                        ->GetOneofFieldDescriptor(event, event.GetDescriptor()->FindOneofByName("body"))
                        ->name());
  }
  return kinds;
}

// Events are recorded a second apart, from second 1 on.
class DiffTest : public testing::Test {
 protected:
  DiffTest() {
    server_.Publish(testkit::Registered("王小明"));                      // 1
    server_.Publish(testkit::Complained("K-1", "fees"));                 // 2
    server_.Publish(testkit::Assigned("K-1", "S-7").By("S-1"));          // 3
    server_.Publish(testkit::Configured("gold"));                        // 4
    server_.CatchUp();
  }
  AuditServer server_{3, {}, nullptr, nullptr, false, projections::Catalogue()};
};

TEST_F(DiffTest, TellsWhatChangedInWhichFieldByWhichEvents) {
  const Answer answer = Diff(server_, "clients/C-1", At(2));
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_THAT(Kinds(answer.response),
              testing::ElementsAre("case_assigned", "service_configuration_changed"));
  EXPECT_THAT(Lines(answer.response), Contains(HasSubstr("clients/C-1/cases/K-1 assignee_id:  -> \"S-7\"")));
  EXPECT_THAT(Lines(answer.response), Contains(HasSubstr("\"gold\"")));
  // Between the second and the third moment only the case moved.
  const v1::AsOf third = At(3);
  const Answer short_one = Diff(server_, "clients/C-1", At(2), &third);
  ASSERT_TRUE(short_one.status.ok()) << short_one.status.error_message();
  EXPECT_THAT(Kinds(short_one.response), testing::ElementsAre("case_assigned"));
  EXPECT_THAT(Lines(short_one.response), testing::Not(Contains(HasSubstr("\"gold\""))));
}

TEST_F(DiffTest, BetweenAMomentAndItselfNothingDiffers) {
  const v1::AsOf same = At(3);
  const Answer answer = Diff(server_, "clients/C-1", same, &same);
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_EQ(answer.response.changes_size(), 0);
  EXPECT_EQ(answer.response.events_size(), 0);
  EXPECT_EQ(answer.response.from_position(), answer.response.until_position());
}

TEST_F(DiffTest, FromBeforeTheFirstEventEverythingIsNew) {
  const Answer answer = Diff(server_, "clients/C-1", At(0));
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_EQ(answer.response.events_size(), 4);
  for (const auto& change : answer.response.changes()) EXPECT_EQ(change.before(), "") << change.field();
}

TEST_F(DiffTest, WhatCannotBeComparedIsRefused) {
  const auto refused = [&](const Answer& answer, grpc::StatusCode code, std::string_view reason) {
    ExpectRefused(answer.status, code, reason);
  };
  const v1::AsOf first = At(1);
  refused(Diff(server_, "clients/C-1", At(4), &first), grpc::StatusCode::INVALID_ARGUMENT, "MOMENTS_REVERSED");
  refused(Diff(server_, "clients/C-9", At(1)), grpc::StatusCode::NOT_FOUND, "CLIENT_NOT_FOUND");
  refused(Diff(server_, "C-1", At(1)), grpc::StatusCode::INVALID_ARGUMENT, "NAME_INVALID");
  refused(Diff(server_, "clients/C-1", {}), grpc::StatusCode::INVALID_ARGUMENT, "AS_OF_MISSING");
  v1::AsOf occurred;
  *occurred.mutable_occurred_time() = ToProto(testkit::Beginning());
  refused(Diff(server_, "clients/C-1", occurred), grpc::StatusCode::FAILED_PRECONDITION, "AS_OF_NEEDS_MOMENT");
}

}  // namespace
}  // namespace kefu::audit
