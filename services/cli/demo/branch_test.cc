#include "services/cli/demo/branch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "platform/base/hash.h"
#include "platform/base/time.h"
#include "platform/event/record.h"
#include "platform/event/validate.h"
#include "platform/testkit/memory_stage.h"
#include "projections/admission/admission.h"

namespace kefu::cli {
namespace {

using events::v1::Event;

std::string Bytes(const std::vector<Event>& events) {
  std::string bytes;
  for (const Event& event : events) bytes += event.SerializeAsString() + "\n";
  return bytes;
}

TEST(DemoBranch, TheSameSeedGivesTheSameBytesAndAnotherSeedOthers) {
  DemoOptions options{.seed = 7, .clients = 40, .days = 30};
  const std::string once = Bytes(MakeBranch(options));
  EXPECT_EQ(once, Bytes(MakeBranch(options)));
  options.seed = 8;
  EXPECT_NE(once, Bytes(MakeBranch(options)));
}

// The sample is the same on every machine and with every build. Whoever changes the generator on purpose changes this.
TEST(DemoBranch, TheSampleIsFrozen) {
  const DemoOptions options{.seed = 7, .clients = 20, .days = 20};
  EXPECT_EQ(Hex(Sha256(Bytes(MakeBranch(options)))).substr(0, 16), "0176cbbe56b2d459");
}

TEST(DemoBranch, MoreClientsDoNotChangeTheOnesBefore) {
  const auto of_first = [](const std::vector<Event>& events) {
    std::vector<Event> found;
    for (const Event& event : events)
      if (event.client_id() == "C-00001") found.push_back(event);
    return Bytes(found);
  };
  EXPECT_EQ(of_first(MakeBranch({.clients = 1})), of_first(MakeBranch({.clients = 30})));
}

TEST(DemoBranch, TheDoorTakesEveryEventAndAdmissionRefusesNone) {
  const DemoOptions options;
  const auto events = MakeBranch(options);
  EXPECT_GT(events.size(), 15'000u);
  EXPECT_LT(events.size(), 30'000u);
  testkit::MemoryStage stage(admission::State());
  const absl::Time now = absl::FromCivil(options.from + options.days, absl::UTCTimeZone());
  std::map<std::string, int> kinds;
  std::set<std::string> clients;
  absl::Time last = absl::InfinitePast();
  for (size_t i = 0; i < events.size(); ++i) {
    const Event& event = events[i];
    ASSERT_TRUE(event::Validate(event, now).ok()) << event::Validate(event, now) << event.ShortDebugString();
    EXPECT_GE(FromProto(event.occurred_at()), last);
    last = FromProto(event.occurred_at());
    const std::string bytes = event::RecordedBytes(event, now);
    stage.Begin();
    const auto verdict =
        admission::Judge({&event, bytes, Partition(0), Offset(static_cast<int64_t>(i)), now, nullptr}, stage);
    ASSERT_EQ(verdict.outcome(), events::v1::VERDICT_OUTCOME_APPLIED) << verdict.rule() << event.ShortDebugString();
    ++kinds[event.GetReflection()->GetOneofFieldDescriptor(event, Event::descriptor()->oneof_decl(0))->name()];
    clients.insert(event.client_id());
  }
  EXPECT_EQ(clients.size(), 500u);
  EXPECT_EQ(kinds["client_registered"], 500);
  // Every kind of event but the two that only source systems tell.
  EXPECT_EQ(kinds.size(), 24u - 2u) << ::testing::PrintToString(kinds);
}

TEST(DemoBranch, SomeCasesAreOpenAtTheEndAndSomeNamesBeginWithWang) {
  std::set<std::string> open;
  int wang = 0;
  for (const Event& event : MakeBranch({.clients = 200})) {
    if (event.has_complaint_received()) open.insert(event.complaint_received().case_id());
    if (event.has_case_resolved()) open.erase(event.case_resolved().case_id());
    if (event.has_case_withdrawn()) open.erase(event.case_withdrawn().case_id());
    wang += event.client_registered().display_name().starts_with("王");
  }
  EXPECT_GT(open.size(), 5u);
  EXPECT_GT(wang, 0);
}

}  // namespace
}  // namespace kefu::cli
