#include "services/audit/moments.h"

#include <gtest/gtest.h>

#include "platform/base/time.h"
#include "projections/catalogue.h"
#include "services/audit/audit_testing.h"

namespace kefu::audit {
namespace {

struct Server : AuditServer {
  explicit Server(int32_t partitions = 3) : AuditServer(partitions, {}, nullptr, nullptr, false, projections::Catalogue()) {}
};

struct Opened {
  grpc::Status status;
  std::vector<v1::OpenMomentResponse> messages;
};

Opened Open(AuditServer& server, const v1::AsOf& as_of) {
  Patient context;
  v1::OpenMomentRequest request;
  SetAccess(request.mutable_access());
  *request.mutable_as_of() = as_of;
  Opened opened;
  const auto stream = server.stub->OpenMoment(&context, request);
  for (v1::OpenMomentResponse message; stream->Read(&message);) opened.messages.push_back(message);
  opened.status = stream->Finish();
  return opened;
}

v1::AsOf At(absl::Time recorded) {
  v1::AsOf as_of;
  *as_of.mutable_recorded_time() = ToProto(recorded);
  return as_of;
}

TEST(OpenMoment, TellsHowFarItIsAndThenItsName) {
  Server server;
  server.Live(7, 300);
  const Opened opened = Open(server, At(testkit::Beginning() + absl::Seconds(100)));
  ASSERT_TRUE(opened.status.ok()) << opened.status.error_message();
  ASSERT_FALSE(opened.messages.empty());
  int64_t before = 0;
  for (const auto& message : opened.messages) {
    EXPECT_GE(message.events_done(), before);
    EXPECT_LE(message.events_done(), message.events_total());
    before = message.events_done();
  }
  const auto& last = opened.messages.back();
  const auto moment = server.moments().Find(last.moment());
  ASSERT_TRUE(moment.ok()) << last.moment();
  EXPECT_EQ(last.position(), (*moment)->engine().CurrentPosition().Encode());
  EXPECT_GT(FromProto(last.expires_at()), absl::Now());
  // The same by position is the same as it was then.
  v1::AsOf as_of;
  as_of.set_position(last.position());
  const Opened again = Open(server, as_of);
  ASSERT_TRUE(again.status.ok()) << again.status.error_message();
  EXPECT_EQ(again.messages.back().position(), last.position());
}

grpc::Status Close(AuditServer& server, const std::string& moment) {
  Patient context;
  v1::CloseMomentRequest request;
  request.set_moment(moment);
  v1::CloseMomentResponse response;
  return server.stub->CloseMoment(&context, request, &response);
}

TEST(OpenMoment, GivenBackThereAreNeverTooMany) {
  Server server(1);
  server.Live(7, 20);
  std::string moment;
  for (int64_t end = 1; end <= past::MomentsOptions().most + 1; ++end) {
    v1::AsOf as_of;
    as_of.set_position(log::Position{server.log().identity().id, {end}}.Encode());
    const Opened opened = Open(server, as_of);
    ASSERT_TRUE(opened.status.ok()) << opened.status.error_message();
    moment = opened.messages.back().moment();
    EXPECT_TRUE(Close(server, moment).ok());
  }
  ExpectRefused(Close(server, moment), grpc::StatusCode::NOT_FOUND, "MOMENT_NOT_FOUND");
  ExpectRefused(Close(server, ""), grpc::StatusCode::NOT_FOUND, "MOMENT_NOT_FOUND");
}

// The control: while they are in use there is no room for one more.
TEST(OpenMoment, MoreThanThereMayBeAreRefused) {
  Server server(1);
  server.Live(7, 20);
  v1::AsOf as_of;
  for (int64_t end = 1; end <= past::MomentsOptions().most; ++end) {
    as_of.set_position(log::Position{server.log().identity().id, {end}}.Encode());
    ASSERT_TRUE(Open(server, as_of).status.ok());
  }
  as_of.set_position(log::Position{server.log().identity().id, {10}}.Encode());
  ExpectRefused(Open(server, as_of).status, grpc::StatusCode::RESOURCE_EXHAUSTED, "MOMENTS_EXHAUSTED");
}

TEST(OpenMoment, BeforeTheFirstEventNothingIsThere) {
  Server server(2);
  server.Live(7, 20);
  const Opened opened = Open(server, At(testkit::Beginning() - absl::Hours(1)));
  ASSERT_TRUE(opened.status.ok()) << opened.status.error_message();
  const log::Position empty{server.log().identity().id, {0, 0}};
  EXPECT_EQ(opened.messages.back().position(), empty.Encode());
}

TEST(OpenMoment, WhatIsNoMomentOfThisLogIsRefused) {
  Server server(2);
  server.Live(7, 20);
  const auto refused = [&](const v1::AsOf& as_of, std::string_view reason) {
    ExpectRefused(Open(server, as_of).status, grpc::StatusCode::INVALID_ARGUMENT, reason);
  };
  refused({}, "AS_OF_MISSING");
  refused(At(absl::Now() + absl::Hours(1)), "AS_OF_IN_FUTURE");
  v1::AsOf as_of;
  as_of.mutable_occurred_time()->set_nanos(-1);
  // It could not even be recorded.
  refused(as_of, "QUERY_INVALID");
  as_of.set_position(log::Position{"another log", {1, 1}}.Encode());
  refused(as_of, "POSITION_INVALID");
  as_of.set_position("no position");
  refused(as_of, "POSITION_INVALID");
  as_of.set_position(log::Position{server.log().identity().id, {0, 1'000'000}}.Encode());
  refused(as_of, "POSITION_INVALID");
}

TEST(OpenMoment, NeedsAReason) {
  Server server(1);
  Patient context;
  v1::OpenMomentRequest request;
  request.mutable_access()->set_actor_id("A-1");
  *request.mutable_as_of() = At(testkit::Beginning());
  const auto stream = server.stub->OpenMoment(&context, request);
  v1::OpenMomentResponse message;
  EXPECT_FALSE(stream->Read(&message));
  ExpectRefused(stream->Finish(), grpc::StatusCode::INVALID_ARGUMENT, "REASON_MISSING");
}

}  // namespace
}  // namespace kefu::audit
