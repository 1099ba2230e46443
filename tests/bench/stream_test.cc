#include "tests/bench/stream.h"

#include <gtest/gtest.h>

#include <set>

#include "platform/base/time.h"
#include "platform/event/record.h"
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

// A refused event would cost less to fold, and flatter the figures.
TEST(EventStream, GivesOnlyEventsThatAdmissionTakes) {
  EventStream stream({.seed = 5, .clients = 200});
  testkit::ViewRun run(admission::State());
  testkit::Delivery delivery;
  for (int i = 0; i < 20'000; ++i) {
    stream.Next(&delivery.event);
    delivery.recorded_at = FromProto(delivery.event.occurred_at());
    delivery.bytes = event::RecordedBytes(delivery.event, delivery.recorded_at);
    delivery.offset = Offset(i);
    const auto verdict = run.Judge(delivery);
    ASSERT_EQ(verdict.outcome(), events::v1::VERDICT_OUTCOME_APPLIED) << verdict.rule() << "\n"
                                                                      << delivery.event.DebugString();
  }
}

TEST(EventStream, HoldsEveryKindOfEventThereIs) {
  EventStream stream({.seed = 5, .clients = 200});
  std::set<int> kinds;
  Event event;
  for (int i = 0; i < 20'000; ++i) {
    stream.Next(&event);
    kinds.insert(event.body_case());
  }
  const auto* body = Event::descriptor()->FindOneofByName("body");
  for (int i = 0; i < body->field_count(); ++i)
    EXPECT_TRUE(kinds.contains(body->field(i)->number())) << body->field(i)->name();
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
