// Clocks as the log has them, references elsewhere, matters and answers in the row of a case.

#include "projections/cases/clock_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/base/time.h"
#include "platform/testkit/projection_driver.h"
#include "projections/cases/cases.h"

namespace kefu::cases {
namespace {

using namespace testkit;
using events::v1::Event;
using testing::ElementsAre;
using testing::IsEmpty;

absl::Time Hour(int hour) { return Beginning() + absl::Hours(hour); }

class FactsTest : public testing::Test {
 protected:
  const Case& Row(const std::string& case_id) { return *test_.Row<Cases>(case_id); }
  // "p/c 0 RUNNING 5h", "p/c 0 MET 5h at 3h late"
  std::vector<std::string> Clocks(const std::string& case_id) {
    const auto hours = [](const auto& time) { return absl::FormatDuration(FromProto(time) - Beginning()); };
    std::vector<std::string> lines;
    for (const auto& clock : Row(case_id).clocks()) {
      std::string line = fmt::format("{} {} {}", clock.clock_id(), clock.run(),
                                     query::v1::ClockState_Name(clock.state()).substr(12));
      if (clock.has_due_at()) line += " " + hours(clock.due_at());
      if (clock.has_settled_at()) line += " at " + hours(clock.settled_at());
      if (clock.late()) line += " late";
      lines.push_back(line);
    }
    return lines;
  }

  ProjectionDriver<CasesView> test_;
};

TEST_F(FactsTest, AClockStartsPausesResumesAndIsMet) {
  test_.Given(Opened("K-1"), ClockStarted("K-1", "p/c", Hour(5)));
  EXPECT_THAT(Clocks("K-1"), ElementsAre("p/c 0 RUNNING 5h"));
  test_.Given(ClockPaused("K-1", "p/c"));
  EXPECT_THAT(Clocks("K-1"), ElementsAre("p/c 0 PAUSED"));
  test_.Given(ClockResumed("K-1", "p/c", Hour(7)));
  EXPECT_THAT(Clocks("K-1"), ElementsAre("p/c 0 RUNNING 7h"));
  test_.Given(ClockMet("K-1", "p/c", Hour(6)));
  EXPECT_THAT(Clocks("K-1"), ElementsAre("p/c 0 MET 7h at 6h"));
}

TEST_F(FactsTest, FactsMoveNoRevisionAndAreNoSteps) {
  test_.Given(Opened("K-1"), ClockStarted("K-1", "p/c", Hour(5)), ClockBreached("K-1", "p/c", Hour(5)));
  EXPECT_EQ(Row("K-1").revision(), 1);
  EXPECT_EQ(Row("K-1").step_count(), 1);
  EXPECT_EQ(FromProto(Row("K-1").updated_at()), Beginning());
  // Who watches hears of it: the driver counts offsets by two.
  EXPECT_EQ(Row("K-1").last_offset(), 4);
  EXPECT_THAT(test_.Entries<CasesByChange>(), ElementsAre("4, K-1"));
  test_.When(Started("K-1").IfRevision(1)).Then(Applied(2));
}

TEST_F(FactsTest, ABreachThatCrossedWithTheNewsLeavesTheClockMet) {
  test_.Given(Opened("K-1"), ClockStarted("K-1", "p/c", Hour(5)), ClockMet("K-1", "p/c", Hour(4)),
              ClockBreached("K-1", "p/c", Hour(5)));
  EXPECT_THAT(Clocks("K-1"), ElementsAre("p/c 0 MET 5h at 4h"));
  test_.Given(ClockStarted("K-1", "p/d", Hour(5)), ClockBreached("K-1", "p/d", Hour(5)));
  EXPECT_THAT(Clocks("K-1"), ElementsAre("p/c 0 MET 5h at 4h", "p/d 0 BREACHED 5h"));
  test_.Given(ClockMet("K-1", "p/d", Hour(9), true));
  EXPECT_THAT(Clocks("K-1"), ElementsAre("p/c 0 MET 5h at 4h", "p/d 0 MET 5h at 9h late"));
  test_.Given(ClockMet("K-1", "p/d", Hour(3)).With([](Event& event) {
    event.mutable_clock_met()->set_retracts_breach(true);
  }));
  EXPECT_THAT(Clocks("K-1"), ElementsAre("p/c 0 MET 5h at 4h", "p/d 0 MET 5h at 3h")) << "the later fact is right";
}

TEST_F(FactsTest, EachRunIsAClockOfItsOwnAndTheyAreInTheOrderOfTheirIds) {
  const auto second = [](Event& event) { event.mutable_clock_started()->set_run(1); };
  test_.Given(Opened("K-1"), ClockStarted("K-1", "p/c", Hour(5)), ClockStarted("K-1", "p/a", Hour(2)),
              ClockStarted("K-1", "p/c", Hour(9)).With(second), ClockDropped("K-1", "p/c", Hour(1)),
              ClockStarted("K-1", "p/b", Hour(2)));
  EXPECT_THAT(Clocks("K-1"), ElementsAre("p/a 0 RUNNING 2h", "p/b 0 RUNNING 2h", "p/c 0 DROPPED 5h at 1h",
                                         "p/c 1 RUNNING 9h"));
}

TEST_F(FactsTest, WhereThereIsNoRoomTheFirstSettledGoesAndElseTheLastDue) {
  test_.Given(Opened("K-1"));
  for (int i = 0; i < kClocksKept; ++i) test_.Given(ClockStarted("K-1", fmt::format("p/{:02}", i), Hour(10 + i)));
  test_.Given(ClockMet("K-1", "p/07", Hour(3)), ClockMet("K-1", "p/02", Hour(4)));
  test_.Given(ClockStarted("K-1", "p/20", Hour(1)));
  EXPECT_EQ(Row("K-1").clocks_size(), kClocksKept);
  for (const std::string& line : Clocks("K-1")) EXPECT_FALSE(line.starts_with("p/07")) << line;
  test_.Given(ClockStarted("K-1", "p/21", Hour(1)));
  for (const std::string& line : Clocks("K-1")) EXPECT_FALSE(line.starts_with("p/02")) << line;
  test_.Given(ClockStarted("K-1", "p/22", Hour(1)));
  EXPECT_EQ(Row("K-1").clocks_size(), kClocksKept);
  for (const std::string& line : Clocks("K-1")) EXPECT_FALSE(line.starts_with("p/15")) << line;
  EXPECT_EQ(FromProto(Row("K-1").next_action_due_at()), Hour(1));
}

TEST_F(FactsTest, AFactAboutACaseThatTheViewLostIsParked) {
  const Delivery started{Finish(ClockStarted("K-1", "p/c"), 1), "", Offset(1), Beginning()};
  events::v1::Verdict applied;
  applied.set_outcome(events::v1::VERDICT_OUTCOME_APPLIED);
  ViewRun run(sdk::Describe<CasesView>());
  run.Fold(started, applied);
  EXPECT_EQ(run.parked().at("C-1").reason, "case_unknown");
}

TEST_F(FactsTest, SeveralComplainantsShareAMatterAndOneMayBeTakenOut) {
  test_.Given(Complained("K-1").With([](Event& event) { event.mutable_complaint_received()->set_matter_id("M-1"); }),
              Complained("K-2").Client("C-2"), MatterSet("K-2", "M-1").Client("C-2"), Complained("K-3"));
  EXPECT_THAT(test_.Entries<CasesByMatter>(), ElementsAre("M-1, K-1", "M-1, K-2"));
  test_.Given(MatterSet("K-1", ""), MatterSet("K-3", "M-2"));
  EXPECT_THAT(test_.Entries<CasesByMatter>(), ElementsAre("M-1, K-2", "M-2, K-3"));
}

TEST_F(FactsTest, ARegulatorsNumberComesLaterAndItsDateBindsWhereItIsEarlier) {
  test_.Given(Complained("K-1").With([](Event& event) {
    *event.mutable_complaint_received()->mutable_opening()->mutable_due_at() = ToProto(Hour(50));
  }));
  test_.Given(Referred("K-1", "cn.csrc.12386", "2026-001", Hour(70)));
  EXPECT_EQ(FromProto(Row("K-1").due_at()), Hour(50));
  EXPECT_EQ(FromProto(Row("K-1").external_due_at()), Hour(70));
  test_.Given(Referred("K-1", "cn.sac", "M-17", Hour(20)));
  EXPECT_EQ(FromProto(Row("K-1").due_at()), Hour(20));
  EXPECT_EQ(FromProto(Row("K-1").external_due_at()), Hour(20));
  test_.Given(Referred("K-1", "cn.sac", "M-18", Hour(40)));
  EXPECT_EQ(FromProto(Row("K-1").due_at()), Hour(40)) << "the date that binds was moved by those who set it";
  EXPECT_THAT(test_.Entries<CasesByExternal>(), ElementsAre("2026-001, K-1", "M-18, K-1"));
  EXPECT_EQ(Row("K-1").external().number(), "2026-001");
}

TEST_F(FactsTest, EightReferencesAreKeptAndTheFirstOfThemAlways) {
  test_.Given(Complained("K-1"));
  for (int i = 0; i < 10; ++i) test_.Given(Referred("K-1", fmt::format("r.{}", i), fmt::format("N-{}", i)));
  EXPECT_EQ(Row("K-1").external_references_size(), kReferencesKept);
  EXPECT_EQ(Row("K-1").external().scheme(), "r.0");
  EXPECT_EQ(Row("K-1").external_references(1).scheme(), "r.3");
  test_.Given(Referred("K-1", "r.0", "N-99"));
  EXPECT_EQ(Row("K-1").external().number(), "N-99");
  EXPECT_EQ(Row("K-1").external_references_size(), kReferencesKept);
}

TEST_F(FactsTest, TwoWhoUseOneNumberAreOneEntry) {
  test_.Given(Complained("K-1"), Referred("K-1", "r.0", "17"), Referred("K-1", "r.1", "17"));
  EXPECT_THAT(test_.Entries<CasesByExternal>(), ElementsAre("17, K-1"));
}

TEST_F(FactsTest, AnAnswerIsAFactInEveryStateAndTheFirstFinalOneIsKept) {
  test_.Given(Opened("K-1"), ResponseSent("K-1", events::v1::CASE_RESPONSE_KIND_HOLDING));
  EXPECT_FALSE(Row("K-1").has_final_response_at());
  test_.Given(Resolved("K-1"), ResponseSent("K-1", events::v1::CASE_RESPONSE_KIND_FINAL), Closed("K-1"),
              ResponseSent("K-1", events::v1::CASE_RESPONSE_KIND_SUMMARY));
  EXPECT_EQ(FromProto(Row("K-1").final_response_at()), Beginning() + absl::Minutes(3));
  EXPECT_EQ(Row("K-1").steps(1).detail(), "holding");
  test_.Given(Reopened("K-1"));
  EXPECT_FALSE(Row("K-1").has_final_response_at()) << "the settlement it told of does not hold";
}

}  // namespace
}  // namespace kefu::cases
