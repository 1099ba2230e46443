#include "services/cli/demo/branch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "platform/base/hash.h"
#include "platform/base/time.h"
#include "platform/event/broadcast.h"
#include "platform/event/record.h"
#include "platform/event/validate.h"
#include "platform/testkit/memory_stage.h"
#include "projections/admission/admission.h"
#include "services/cli/demo/fate.h"
#include "services/cli/demo/reference.h"

namespace kefu::cli {
namespace {

using events::v1::Event;

std::vector<Event> All(const DemoOptions& options) {
  Branch branch = MakeBranch(options);
  std::vector<Event> events = std::move(branch.reference);
  events.insert(events.end(), branch.events.begin(), branch.events.end());
  return events;
}

std::string Bytes(const std::vector<Event>& events) {
  std::string bytes;
  for (const Event& event : events) bytes += event.SerializeAsString() + "\n";
  return bytes;
}

std::string BodyName(const Event& event) {
  const auto* body = event.GetReflection()->GetOneofFieldDescriptor(event, Event::descriptor()->oneof_decl(0));
  return body != nullptr ? body->name() : "";
}

TEST(DemoBranch, TheSameSeedGivesTheSameBytesAndAnotherSeedOthers) {
  DemoOptions options{.seed = 7, .clients = 40, .days = 30};
  const std::string once = Bytes(All(options));
  EXPECT_EQ(once, Bytes(All(options)));
  options.seed = 8;
  EXPECT_NE(once, Bytes(All(options)));
}

// The sample is the same on every machine and with every build. Whoever changes the generator on purpose changes this.
// Reference data apart, which deploy/policies may change.
TEST(DemoBranch, TheSampleIsFrozen) {
  const DemoOptions options{.seed = 7, .clients = 20, .days = 20};
  EXPECT_EQ(Hex(Sha256(Bytes(MakeBranch(options).events))).substr(0, 16), "64db8a0fd1452447");
}

TEST(DemoBranch, MoreClientsDoNotChangeTheOnesBefore) {
  const auto of_first = [](const Branch& branch) {
    std::vector<Event> found;
    for (const Event& event : branch.events)
      if (event.client_id() == "C-00002") found.push_back(event);
    return Bytes(found);
  };
  const std::string alone = of_first(MakeBranch({.clients = 2}));
  EXPECT_FALSE(alone.empty());
  EXPECT_EQ(alone, of_first(MakeBranch({.clients = 30})));
}

// Judges a whole sample in one partition, as admission would.
class JudgedSample {
 public:
  explicit JudgedSample(const DemoOptions& options) : stage_(admission::State()) {
    const absl::Time now = absl::FromCivil(options.from + options.days, absl::UTCTimeZone());
    absl::Time last = absl::InfinitePast();
    const Branch branch = MakeBranch(options);
    for (const Event& event : branch.reference) Judge(event, now);
    for (const Event& event : branch.events) {
      EXPECT_GE(FromProto(event.occurred_at()), last);
      last = FromProto(event.occurred_at());
      Judge(event, now);
    }
  }

  int64_t events = 0;
  std::map<std::string, int> kinds;
  std::set<std::string> clients;
  std::set<std::string> refused_by;

 private:
  void Judge(Event event, absl::Time now) {
    const Status valid = event::Validate(event, now);
    ASSERT_TRUE(valid.ok()) << valid << event.ShortDebugString();
    if (event::IsBroadcast(event.body_case())) event.mutable_broadcast()->set_partitions(1);
    const std::string bytes = event::RecordedBytes(event, now);
    stage_.Begin();
    const auto verdict = admission::Judge({&event, bytes, Partition(0), Offset(events++), now, nullptr}, stage_);
    ASSERT_EQ(verdict.rule(), ExpectedRule(event)) << event.ShortDebugString();
    if (!verdict.rule().empty()) refused_by.insert(verdict.rule());
    ++kinds[BodyName(event)];
    if (!event.client_id().empty()) clients.insert(event.client_id());
  }

  testkit::MemoryStage stage_;
};

TEST(DemoBranch, TheDoorTakesEveryEventAndAdmissionRefusesOnlyTheAttempts) {
  const JudgedSample sample(DemoOptions{});
  EXPECT_GT(sample.events, 20'000);
  EXPECT_LT(sample.events, 45'000);
  EXPECT_EQ(sample.clients.size(), 500u);
  EXPECT_THAT(sample.refused_by,
              testing::UnorderedElementsAre("contact_in_quiet_hours", "consent_withdrawn", "channel_not_allowed",
                                            "merge_with_itself", "tree_has_cycle", "client_exists",
                                            "profile_of_other_kind", "undertaking_unknown", "staff_leaving", "unsuitable",
                                            "assessment_expired", "assessment_missing", "product_unknown",
                                            "lead_without_consent", "alias_taken"));
  for (const char* body :
       {"staff_published", "qualification_recorded", "client_assigned_to_broker", "handover_opened",
        "handover_successor_named", "client_informed_of_handover", "needs_assessed", "risk_assessed",
        "investor_classified", "recommendation_made", "recommendation_followed_up", "suitability_pack_published",
        "service_product_published", "product_alias_published", "bundle_published", "service_levels_published",
        "next_action_rules_published", "lead_raised", "lead_accepted", "lead_declined", "lead_worked", "lead_won",
        "lead_lost", "call_back_programme_published", "service_subscribed", "service_delivered",
        "service_ended"})
    EXPECT_TRUE(sample.kinds.contains(body)) << body;
  // What the server concludes is not told for it.
  for (const char* body : {"work_reassigned", "lead_escalated", "handover_share_settled", "handover_completed"})
    EXPECT_FALSE(sample.kinds.contains(body)) << body;
  // Every kind of event about clients, contacts, cases and what they are judged by; but those that only source systems
  // tell, and the model that is learned.
  const std::set<std::string> others = {"case_timeliness_reported", "churn_model_published"};
  const auto* body = Event::descriptor()->oneof_decl(0);
  for (int i = 0; i < body->field_count(); ++i) {
    const int tag = body->field(i)->number();
    if ((tag >= 400 && tag < 700) || tag >= 710 || others.contains(body->field(i)->name())) continue;
    EXPECT_TRUE(sample.kinds.contains(body->field(i)->name())) << body->field(i)->name();
  }
}

TEST(DemoBranch, OtherSeedsAndSizesAreTakenAsWell) {
  for (const uint64_t seed : {1u, 2u, 3u}) JudgedSample(DemoOptions{.seed = seed, .clients = 60, .days = 40});
  JudgedSample(DemoOptions{.seed = 4, .clients = 1, .days = 1});
  JudgedSample(DemoOptions{.seed = 5, .clients = 30, .days = 420});
  // What docs/MISSION.md shows.
  const JudgedSample mission(DemoOptions{.seed = 7, .clients = 200, .days = 120});
  // Its first figure.
  EXPECT_EQ(mission.events, 19'794);
  EXPECT_EQ(mission.refused_by.size(), 15u);
}

TEST(DemoBranch, SomeCasesAreOpenAtTheEndAndSomeNamesBeginWithWang) {
  std::set<std::string> open;
  int wang = 0;
  int forgotten = 0;
  for (const Event& event : MakeBranch({.clients = 300}).events) {
    if (event.has_complaint_received()) open.insert(event.complaint_received().case_id());
    if (event.has_case_resolved()) open.erase(event.case_resolved().case_id());
    if (event.has_case_withdrawn()) open.erase(event.case_withdrawn().case_id());
    wang += event.client_registered().display_name().starts_with("王");
    forgotten += event.has_complaint_received() && !event.imported();
  }
  EXPECT_GT(open.size(), 5u);
  EXPECT_GT(wang, 0);
  // Some lie in a queue whose clocks the server lets run out.
  EXPECT_GT(forgotten, 0);
  EXPECT_LT(forgotten, 12);
}

TEST(DemoBranch, ManyComplainAboutOneMatter) {
  std::map<std::string, int> cases;
  for (const Event& event : MakeBranch({.clients = 300}).events) {
    if (!event.complaint_received().matter_id().empty()) ++cases[event.complaint_received().matter_id()];
    if (event.has_case_matter_set()) ++cases[event.case_matter_set().matter_id()];
  }
  ASSERT_EQ(cases.size(), 1u);
  EXPECT_GT(cases.begin()->second, 4);
}

TEST(DemoBranch, NobodyWorksOnHolidays) {
  const Branch branch = MakeBranch({.clients = 200});
  const auto offices = MakeOffices(branch.reference);
  ASSERT_FALSE(offices[0].workdays.IsOpen(absl::CivilDay(2025, 10, 10))) << "the national day";
  ASSERT_TRUE(offices[2].workdays.IsOpen(absl::CivilDay(2025, 10, 11))) << "a Saturday that makes up for one";
  int made_up = 0;
  for (const Event& event : branch.events) {
    const absl::CivilDay day = BranchDay(FromProto(event.occurred_at()));
    const auto& office = offices[event.branch_id() == "0003" ? 2 : 0];
    if (event.has_case_started() || event.has_case_resolved() || event.has_trading_day_summarised())
      EXPECT_TRUE(office.workdays.IsOpen(day)) << event.ShortDebugString();
    if (event.has_trading_day_summarised()) EXPECT_LT(absl::GetWeekday(day), absl::Weekday::saturday);
    made_up += event.branch_id() == "0003" && day == absl::CivilDay(2025, 10, 11) && event.has_contact_recorded();
  }
  EXPECT_GT(made_up, 0);
}

// What makes churn learnable: those who leave trade less before than those who stay.
TEST(DemoBranch, WhoLeavesAnnouncesIt) {
  std::map<std::string, absl::CivilDay> left;
  std::map<std::string, int64_t> before, last;
  const DemoOptions options{.clients = 600, .days = 400};
  const Branch branch = MakeBranch(options);
  for (const Event& event : branch.events)
    if (event.client_status_changed().status() == events::v1::CLIENT_STATUS_CLOSED)
      left[event.client_id()] = BranchDay(FromProto(event.occurred_at()));
  for (const Event& event : branch.events) {
    const auto found = left.find(event.client_id());
    if (found == left.end() || !event.has_trading_day_summarised()) continue;
    const int64_t days = found->second - BranchDay(FromProto(event.occurred_at()));
    if (days < 60) ++last[event.client_id()];
    if (days >= 140 && days < 200) ++before[event.client_id()];
  }
  EXPECT_GT(left.size(), 40u);
  int64_t trades_before = 0, trades_last = 0;
  for (const auto& [client, day] : left) {
    if (day - options.from < 200) continue;
    trades_before += before[client];
    trades_last += last[client];
  }
  EXPECT_GT(trades_before, 4 * trades_last);
}

}  // namespace
}  // namespace kefu::cli
