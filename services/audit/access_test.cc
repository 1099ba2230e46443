#include "services/audit/access.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>

#include "platform/base/reason.h"
#include "platform/event/record.h"
#include "platform/testkit/memory_log.h"

namespace kefu::audit {
namespace {

class FixedClock final : public Clock {
 public:
  absl::Time Now() override { return absl::FromUnixSeconds(1'780'000'000); }
};

v1::ReplayRequest Asked() {
  v1::ReplayRequest request;
  request.mutable_access()->set_actor_id("A-1");
  request.mutable_access()->set_reason("年度檢查 2026");
  request.set_client_id("C-1");
  request.add_kinds("case_closed");
  return request;
}

events::v1::Event EventAt(log::EventLog& log, int64_t offset) {
  events::v1::Event event;
  EXPECT_TRUE(event::ParseRecorded(*log.ReadOne(Partition(0), Offset(offset)), &event).ok());
  return event;
}

class Access : public testing::Test {
 protected:
  // What `done` was called with; nothing if it was not.
  std::optional<Status> Record(const v1::ReplayRequest& request) {
    std::optional<Status> answer;
    recorder_->Record("AuditService.Replay", request.access(), request, [&](Status status) {
      EXPECT_FALSE(answer.has_value()) << "called twice";
      answer = std::move(status);
    });
    return answer;
  }

  testkit::MemoryLog log_{3};
  FixedClock clock_;
  const std::unique_ptr<AccessRecorder> recorder_ = MakeAccessRecorder(log_, &clock_);
};

TEST_F(Access, SaysWhoWhatAndWhyOnPartitionZero) {
  ASSERT_EQ(Record(Asked()), OkStatus());
  EXPECT_EQ(*log_.EndOffset(Partition(0)), Offset(1));
  const auto event = EventAt(log_, 0);
  EXPECT_EQ(event.source(), "kefud.audit");
  EXPECT_EQ(event.client_id(), "");
  EXPECT_EQ(event.actor().kind(), events::v1::ACTOR_KIND_STAFF);
  EXPECT_EQ(event.actor().id(), "A-1");
  EXPECT_EQ(FromProto(event.occurred_at()), clock_.Now());
  EXPECT_EQ(FromProto(event.recorded_at()), clock_.Now());
  EXPECT_EQ(event.audit_accessed().call(), "AuditService.Replay");
  EXPECT_EQ(event.audit_accessed().reason(), "年度檢查 2026");
  EXPECT_EQ(event.audit_accessed().query(), R"({"clientId":"C-1","kinds":["case_closed"]})");
}

TEST_F(Access, EveryLookIsAnEventOfItsOwn) {
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(Record(Asked()), OkStatus());
    ids.insert(EventAt(log_, i).event_id());
  }
  EXPECT_EQ(ids.size(), 100);
}

TEST_F(Access, WhatIsNotSaidIsRefusedAndLeavesNoTrace) {
  struct Case {
    const char* reason;
    const char* field;
    std::function<void(v1::Access&)> change;
  };
  const auto repeated = [](const char* text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
  };
  const Case cases[] = {
      {"REASON_MISSING", "access.reason", [](v1::Access& access) { access.Clear(); }},
      {"REASON_MISSING", "access.reason", [](v1::Access& access) { access.clear_reason(); }},
      {"REASON_MISSING", "access.reason", [](v1::Access& access) { access.set_reason(" \n\t"); }},
      {"REASON_TOO_LONG", "access.reason", [&](v1::Access& access) { access.set_reason(repeated("查", 501)); }},
      {"ACTOR_INVALID", "access.actor_id", [](v1::Access& access) { access.clear_actor_id(); }},
      {"ACTOR_INVALID", "access.actor_id", [](v1::Access& access) { access.set_actor_id("王"); }},
      {"ACTOR_INVALID", "access.actor_id", [](v1::Access& access) { access.set_actor_id("A 1"); }},
      {"ACTOR_INVALID", "access.actor_id", [&](v1::Access& access) { access.set_actor_id(repeated("A", 65)); }},
  };
  for (const Case& each : cases) {
    v1::ReplayRequest request = Asked();
    each.change(*request.mutable_access());
    const auto refused = Record(request);
    ASSERT_TRUE(refused.has_value());
    EXPECT_EQ(refused->code(), StatusCode::kInvalidArgument) << ToString(*refused);
    EXPECT_EQ(ReasonOf(*refused), each.reason);
    EXPECT_EQ(FieldOf(*refused), each.field);
  }
  EXPECT_EQ(*log_.EndOffset(Partition(0)), Offset(0));
}

TEST_F(Access, TheLongestThatIsTakenIsTaken) {
  v1::ReplayRequest request = Asked();
  std::string reason;
  for (int i = 0; i < 500; ++i) reason += "查";
  request.mutable_access()->set_reason(reason);
  request.mutable_access()->set_actor_id(std::string(64, '~'));
  request.clear_kinds();
  while (true) {
    v1::ReplayRequest longer = request;
    longer.add_kinds(std::string(1000, 'k'));
    if (!QueryOf(longer).ok()) break;
    request = longer;
  }
  EXPECT_GT(request.kinds_size(), 40);
  EXPECT_EQ(Record(request), OkStatus());
}

TEST_F(Access, AQueryThatIsTooLongToRecordIsRefused) {
  v1::ReplayRequest request = Asked();
  for (int i = 0; i < 100; ++i) request.add_kinds(std::string(1000, 'k'));
  const auto refused = Record(request);
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(ReasonOf(*refused), "QUERY_TOO_LONG");
  EXPECT_EQ(*log_.EndOffset(Partition(0)), Offset(0));
}

TEST_F(Access, ATimeThatIsNoneIsRefused) {
  v1::ReplayRequest request = Asked();
  request.mutable_recorded_from()->set_seconds(400'000'000'000);
  const auto refused = Record(request);
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(ReasonOf(*refused), "QUERY_INVALID");
}

TEST_F(Access, WhatTheLogDoesNotTakeIsNotRecordedWhateverItSays) {
  for (const Status& failure : {Unavailable("the brokers are away"), ResourceExhausted("the disk is full"),
                                FailedPrecondition("read-only"), InvalidArgument("too large")}) {
    log_.FailAppends(failure);
    const auto refused = Record(Asked());
    ASSERT_TRUE(refused.has_value());
    EXPECT_EQ(refused->code(), StatusCode::kUnavailable);
    EXPECT_EQ(ReasonOf(*refused), "AUDIT_NOT_RECORDED");
    EXPECT_NE(MessageOf(*refused).find(MessageOf(failure)), std::string_view::npos) << ToString(*refused);
  }
  log_.FailAppends(OkStatus());
  EXPECT_EQ(Record(Asked()), OkStatus());
}

}  // namespace
}  // namespace kefu::audit
