#include "tests/bench/stream.h"

#include <gtest/gtest.h>

#include <set>

#include "platform/base/time.h"
#include "platform/event/broadcast.h"
#include "platform/event/record.h"
#include "platform/event/validate.h"
#include "platform/testkit/view_run.h"
#include "projections/admission/admission.h"

namespace kefu::bench {
namespace {

using events::v1::Event;

std::vector<std::string> Take(const StreamOptions& options, int count) {
  EventStream stream(options);
  Event event;
  std::vector<std::string> bytes;
  for (int i = 0; i < count; ++i) {
    stream.Next(&event);
    bytes.push_back(event.SerializeAsString());
  }
  return bytes;
}

TEST(EventStream, GivesTheSameEventsForTheSameSeed) {
  EXPECT_EQ(Take({.seed = 3, .clients = 50}, 1000), Take({.seed = 3, .clients = 50}, 1000));
  EXPECT_NE(Take({.seed = 3, .clients = 50}, 1000), Take({.seed = 4, .clients = 50}, 1000));
}

// One partition's past: what admission says of what is on the log.
class Judged {
 public:
  std::string RuleOf(const Event& event) {
    testkit::Delivery delivery{.event = event, .offset = Offset(next_++), .recorded_at = FromProto(event.occurred_at())};
    delivery.bytes = event::RecordedBytes(event, delivery.recorded_at);
    const auto verdict = run_.Judge(delivery);
    return verdict.outcome() == events::v1::VERDICT_OUTCOME_APPLIED ? "" : "refused by " + verdict.rule();
  }

 private:
  testkit::ViewRun run_{admission::State()};
  int64_t next_ = 0;
};

// A refused event would cost less to fold, and flatter the figures.
TEST(EventStream, GivesOnlyEventsThatAdmissionTakes) {
  for (const int64_t events_per_day : {8'640'000, 700}) {
    EventStream stream({.seed = 5, .clients = 200, .events_per_day = events_per_day});
    Judged judged;
    for (const Event& event : ReferenceData(1)) ASSERT_EQ(judged.RuleOf(event), "") << event.DebugString();
    Event event;
    for (int i = 0; i < 20'000; ++i) {
      stream.Next(&event);
      ASSERT_EQ(judged.RuleOf(event), "") << event.DebugString();
    }
    int64_t classified = 0;
    while (stream.NextClassification(&event)) {
      ASSERT_EQ(judged.RuleOf(event), "") << event.DebugString();
      ++classified;
    }
    EXPECT_EQ(classified, 200);
  }
}

TEST(EventStream, IsWhatADoorWouldTake) {
  EventStream stream({.seed = 5, .clients = 200});
  Event event;
  for (Event published : ReferenceData(1)) {
    // The server's own stamp.
    published.clear_broadcast();
    EXPECT_EQ(event::Validate(published, absl::Now()), OkStatus());
  }
  for (int i = 0; i < 5'000; ++i) {
    stream.Next(&event);
    ASSERT_EQ(event::Validate(event, absl::Now()), OkStatus()) << event.DebugString();
  }
}

// Another partition has copies, and counts them as applied.
TEST(EventStream, CopiesOfReferenceDataAreTakenInEveryPartition) {
  Judged judged;
  const auto reference = ReferenceData(8);
  for (size_t i = 0; i < reference.size(); ++i)
    ASSERT_EQ(judged.RuleOf(BroadcastCopy(reference[i], static_cast<int64_t>(i))), "") << reference[i].DebugString();
}

TEST(EventStream, HoldsEveryKindOfEventThereIsAboutClientsContactsAndCases) {
  EventStream stream({.seed = 5, .clients = 200});
  std::set<int> kinds;
  Event event;
  for (int i = 0; i < 40'000; ++i) {
    stream.Next(&event);
    kinds.insert(event.body_case());
  }
  const auto* body = Event::descriptor()->FindOneofByName("body");
  for (int i = 0; i < body->field_count(); ++i) {
    const int tag = body->field(i)->number();
    if (tag >= 400 || event::IsBroadcast(static_cast<Event::BodyCase>(tag))) continue;
    EXPECT_TRUE(kinds.contains(tag)) << body->field(i)->name();
  }
}

TEST(EventStream, IsUniformWithoutSkew) {
  EventStream stream({.seed = 5, .clients = 1000, .skew = 1});
  Event event;
  int first_tenth = 0;
  for (int i = 0; i < 10'000; ++i) {
    stream.Next(&event);
    if (event.client_id() < "C-0000100") ++first_tenth;
  }
  EXPECT_LT(first_tenth, 1200);
}

TEST(EventStream, LeavesSomeClientsFarBusierThanOthers) {
  EventStream stream({.seed = 5, .clients = 1000});
  Event event;
  int busiest_tenth = 0;
  for (int i = 0; i < 10'000; ++i) {
    stream.Next(&event);
    if (event.client_id() < "C-0000100") ++busiest_tenth;
  }
  EXPECT_GT(busiest_tenth, 4000);
}

}  // namespace
}  // namespace kefu::bench
