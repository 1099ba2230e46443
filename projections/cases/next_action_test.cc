// An open case is never without an owner, an aim and a date.

#include "projections/cases/next_action.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>

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
absl::Time Minute(int minute) { return Beginning() + absl::Minutes(minute); }

class NextActionTest : public testing::Test {
 protected:
  const Case& Row(const std::string& case_id) { return *test_.Row<Cases>(case_id); }
  // "acknowledge by T-1 until 2026-03-02T01:00:00Z"
  std::string Next(const std::string& case_id) {
    const Case& row = Row(case_id);
    if (!row.has_next_action_due_at()) return "";
    return fmt::format("{} by {} until {}", row.next_action().value(), row.next_action_owner_id(),
                       FormatRfc3339(FromProto(row.next_action_due_at())));
  }

  ProjectionDriver<CasesView> test_;
};

Draft In(Draft draft, std::string_view team, std::string_view branch) {
  return draft.Branch(branch).With([&](Event& event) {
    event.mutable_service_request_opened()->mutable_opening()->set_team(std::string(team));
  });
}

Draft WaitingUntil(std::string_view case_id, absl::Time until) {
  return WaitStarted(case_id).With(
      [&](Event& event) { *event.mutable_case_wait_started()->mutable_until() = ToProto(until); });
}

TEST_F(NextActionTest, TheOwnerIsTheAssigneeElseTheTeamElseTheBranchElseTheSource) {
  test_.Given(Opened("K-1"), In(Opened("K-2"), "", "0001"), In(Opened("K-3"), "T-1", "0001"),
              In(Opened("K-4"), "T-1", "0001"), Assigned("K-4", "S-7"));
  EXPECT_EQ(Row("K-1").owner(), "source:test");
  EXPECT_EQ(Row("K-2").owner(), "branch:0001");
  EXPECT_EQ(Row("K-3").owner(), "T-1");
  EXPECT_EQ(Row("K-4").owner(), "S-7");
  EXPECT_EQ(Row("K-4").next_action_owner_id(), "S-7");
}

TEST_F(NextActionTest, EachOpenStatusHasItsActionAndItsDateIsSinceWhenNobodyNamedOne) {
  test_.Given(Opened("K-1"));
  EXPECT_EQ(Next("K-1"), "acknowledge by source:test until 2026-03-02T01:00:00Z");
  test_.Given(Acknowledged("K-1"));
  EXPECT_EQ(Next("K-1"), "start by source:test until 2026-03-02T01:01:00Z");
  test_.Given(Started("K-1"));
  EXPECT_EQ(Next("K-1"), "resolve by source:test until 2026-03-02T01:02:00Z");
  test_.Given(WaitStarted("K-1"));
  EXPECT_EQ(Next("K-1"), "follow_up by source:test until 2026-03-02T01:03:00Z");
  test_.Given(ResolutionProposed("K-1"));
  EXPECT_EQ(Next("K-1"), "confirm by source:test until 2026-03-02T01:04:00Z");
  test_.Given(NoteAdded("K-1", "n"));
  EXPECT_EQ(Next("K-1"), "confirm by source:test until 2026-03-02T01:04:00Z") << "a note is no step forward";
  EXPECT_EQ(Row("K-1").next_action().scheme(), "kefu.action");
}

TEST_F(NextActionTest, ASettledCaseHasNoneOfTheThreeAndAReopenedOneHasThemAgain) {
  test_.Given(Opened("K-1"), NextActionSet("K-1", "call_client", "S-1", Hour(5)), Resolved("K-1"));
  EXPECT_EQ(Next("K-1"), "");
  EXPECT_EQ(Row("K-1").owner(), "");
  EXPECT_FALSE(Row("K-1").has_next_action());
  EXPECT_EQ(Row("K-1").next_action_owner_id(), "");
  EXPECT_THAT(test_.Entries<CasesByNextAction>(), IsEmpty());
  test_.Given(Reopened("K-1"));
  EXPECT_EQ(Next("K-1"), "acknowledge by source:test until 2026-03-02T01:03:00Z");
  EXPECT_THAT(test_.Entries<CasesByNextAction>(), ElementsAre("2026-03-02T01:03:00Z, K-1"));
}

TEST_F(NextActionTest, WhatIsSetHoldsUntilTheStatusChangesAndWhatIsNotSetFollows) {
  test_.Given(Opened("K-1"), NextActionSet("K-1", "send_answer", "", Hour(30)));
  EXPECT_EQ(Next("K-1"), "send_answer by source:test until 2026-03-03T07:00:00Z");
  EXPECT_TRUE(Row("K-1").next_action_is_set());
  test_.Given(Assigned("K-1", "S-7"));
  EXPECT_EQ(Next("K-1"), "send_answer by S-7 until 2026-03-03T07:00:00Z") << "its owner was not set";
  test_.Given(NextActionSet("K-1", "", "S-9"));
  EXPECT_EQ(Next("K-1"), "send_answer by S-9 until 2026-03-03T07:00:00Z") << "what is absent stays";
  test_.Given(Assigned("K-1", "S-8"));
  EXPECT_EQ(Next("K-1"), "send_answer by S-9 until 2026-03-03T07:00:00Z") << "its owner is set";
  EXPECT_EQ(Row("K-1").owner(), "S-8");
  test_.Given(Started("K-1"));
  EXPECT_EQ(Next("K-1"), "resolve by S-8 until 2026-03-02T01:05:00Z");
  EXPECT_FALSE(Row("K-1").next_action_is_set());
  EXPECT_FALSE(Row("K-1").has_set_action_due_at());
}

TEST_F(NextActionTest, ASecondPersonWhoBeginsDoesNotEndWhatIsSet) {
  test_.Given(Opened("K-1"), Started("K-1"), NextActionSet("K-1", "call_client", "S-1", Hour(5)), Started("K-1"));
  EXPECT_EQ(Next("K-1"), "call_client by S-1 until 2026-03-02T06:00:00Z") << "the status is the same";
}

TEST_F(NextActionTest, TheDateIsAsSetElseTheWaitElseTheFirstClockElseTheDueTime) {
  test_.Given(Opened("K-1").With([](Event& event) {
    *event.mutable_service_request_opened()->mutable_opening()->mutable_due_at() = ToProto(Hour(50));
  }));
  const auto until = [&] { return FromProto(Row("K-1").next_action_due_at()); };
  EXPECT_EQ(until(), Hour(50));
  test_.Given(ClockStarted("K-1", "p/resolve", Hour(90)), ClockStarted("K-1", "p/acknowledge", Hour(20)));
  EXPECT_EQ(until(), Hour(20)) << "the first of the clocks, though the due time was promised";
  test_.Given(ClockMet("K-1", "p/acknowledge", Hour(1)));
  EXPECT_EQ(until(), Hour(90));
  test_.Given(WaitingUntil("K-1", Hour(70)));
  EXPECT_EQ(until(), Hour(70));
  test_.Given(NextActionSet("K-1", "", "", Hour(3)));
  EXPECT_EQ(until(), Hour(3));
  test_.Given(Resumed("K-1"));
  EXPECT_EQ(until(), Hour(90)) << "neither the wait nor what was set is left";
  test_.Given(ClockBreached("K-1", "p/resolve", Hour(90)));
  EXPECT_EQ(until(), Hour(90)) << "what is breached is still to be done";
  test_.Given(ClockDropped("K-1", "p/resolve", Hour(91)));
  EXPECT_EQ(until(), Hour(50));
}

TEST_F(NextActionTest, AClockThatStandsStillWithoutALimitNamesNoDate) {
  test_.Given(Opened("K-1"), ClockStarted("K-1", "p/c", Hour(20)), WaitStarted("K-1"), ClockPaused("K-1", "p/c"));
  EXPECT_EQ(FromProto(Row("K-1").next_action_due_at()), Minute(2)) << "since when it waits";
  test_.Given(ClockResumed("K-1", "p/c", Hour(25)));
  EXPECT_EQ(FromProto(Row("K-1").next_action_due_at()), Hour(25));
}

TEST_F(NextActionTest, TheMostUrgentCaseComesFirst) {
  test_.Given(Opened("K-1"), Opened("K-2"), Opened("K-3"), NextActionSet("K-1", "call_client", "", Hour(9)),
              NextActionSet("K-3", "call_client", "", Hour(7)));
  EXPECT_THAT(test_.Entries<CasesByNextAction>(),
              ElementsAre("2026-03-02T01:01:00Z, K-2", "2026-03-02T08:00:00Z, K-3", "2026-03-02T10:00:00Z, K-1"));
}

TEST_F(NextActionTest, NothingCanBeSetInASettledCase) {
  test_.Given(Opened("K-1"), Resolved("K-1"))
      .When(NextActionSet("K-1", "call_client"), NextActionSet("K-9", "call_client"), NextActionSet("K-1", ""))
      .Then(Refused("case_not_open"), Refused("case_unknown"), Refused("case_not_open"));
  test_.Given(Reopened("K-1")).When(NextActionSet("K-1", "")).Then(Refused("next_action_empty"));
}

// What an open case must have; empty if it has.
std::string Fault(const Case& row) {
  if (!IsOpen(row.status())) {
    const bool bare = row.owner().empty() && !row.has_next_action() && !row.has_next_action_due_at();
    return bare ? "" : "settled, but has something to be done";
  }
  if (row.owner().empty()) return "no owner";
  if (row.next_action().value().empty() || row.next_action_owner_id().empty()) return "no next action";
  if (!row.has_next_action_due_at()) return "no date";
  // A case whose status names another action than the row has was not completed after the status changed.
  static const std::map<events::v1::CaseStatus, std::string> kByStatus = {
      {events::v1::CASE_STATUS_OPEN, "acknowledge"},
      {events::v1::CASE_STATUS_ACKNOWLEDGED, "start"},
      {events::v1::CASE_STATUS_IN_PROGRESS, "resolve"},
      {events::v1::CASE_STATUS_WAITING, "follow_up"},
      {events::v1::CASE_STATUS_PROPOSED, "confirm"}};
  if (!row.next_action_is_set() && row.next_action().value() != kByStatus.at(row.status()))
    return "an action of another status";
  const std::string owner = !row.assignee_id().empty() ? row.assignee_id() : row.team();
  if (!owner.empty() && row.owner() != owner) return "an owner who has it no more";
  return "";
}

// What a fold without its last line leaves: the row, but of these fields what they were before.
Case WithoutLastLine(const Case* before, Case after) {
  const Case& was = before != nullptr ? *before : Case::default_instance();
  after.set_owner(was.owner());
  after.clear_next_action();
  if (was.has_next_action()) *after.mutable_next_action() = was.next_action();
  after.set_next_action_owner_id(was.next_action_owner_id());
  after.clear_next_action_due_at();
  if (was.has_next_action_due_at()) *after.mutable_next_action_due_at() = was.next_action_due_at();
  return after;
}

class Lives {
 public:
  explicit Lives(uint64_t seed) : random_(seed) {}

  Draft Next() {
    const std::string id = "K-" + std::to_string(Below(2));
    const auto time = [&] { return Hour(static_cast<int>(Below(300))); };
    const auto maybe = [&] { return Below(3) == 0 ? MaybeTime() : MaybeTime(time()); };
    const std::string staff = "S-" + std::to_string(Below(3));
    const std::string clock = "p/" + std::to_string(Below(20));
    switch (Below(26)) {
      case 0:
      case 1:
        return In(Opened(id), Below(2) == 0 ? "T-1" : "", Below(2) == 0 ? "0001" : "");
      case 2:
        return Complained(id).With([&](Event& event) {
          if (Below(2) == 0) *event.mutable_complaint_received()->mutable_opening()->mutable_due_at() = ToProto(time());
        });
      case 3:
        return Acknowledged(id);
      case 4:
        return Assigned(id, Below(2) == 0 ? staff : "", "T-2");
      case 5:
      case 6:
        return Started(id);
      case 7:
        return WaitingUntil(id, time());
      case 8:
        return WaitStarted(id);
      case 9:
      case 10:
        return Resumed(id);
      case 11:
        return ResolutionProposed(id);
      case 12:
        return Resolved(id);
      case 13:
        return Below(2) == 0 ? Closed(id) : Withdrawn(id);
      case 14:
      case 15:
        return Reopened(id);
      case 16:
        return NoteAdded(id, "n");
      case 17:
      case 18:
        return NextActionSet(id, Below(2) == 0 ? "call_client" : "", Below(2) == 0 ? staff : "", maybe());
      case 19:
        return ResponseSent(id, static_cast<events::v1::CaseResponseKind>(1 + Below(3)));
      case 20:
        return Referred(id, "r." + std::to_string(Below(10)), "12", maybe());
      case 21:
        return ClockStarted(id, clock, time());
      case 22:
        return Below(2) == 0 ? ClockPaused(id, clock, maybe()) : ClockResumed(id, clock, maybe());
      case 23:
        return ClockMet(id, clock, time(), Below(2) == 0);
      case 24:
        return ClockBreached(id, clock, time());
      default:
        return Below(2) == 0 ? ClockDropped(id, clock, time()) : Reclassified(id, events::v1::CASE_PRIORITY_HIGH);
    }
  }

 private:
  uint64_t Below(uint64_t bound) { return random_() % bound; }

  std::mt19937_64 random_;
};

struct Checked {
  int64_t events = 0, open = 0, faults = 0, faults_of_control = 0;
};

void PlayOne(uint64_t seed, int events, Checked* checked) {
  Lives lives(seed);
  ViewRun run(sdk::Describe<CasesView>());
  std::map<std::string, Case> before;
  for (int i = 0; i < events; ++i) {
    const Event event = Finish(lives.Next(), i);
    const Delivery delivery{event, Recorded(event, Minute(i)), Offset(i), Minute(i)};
    const auto verdict = run.Deliver(delivery);
    if (verdict.outcome() != events::v1::VERDICT_OUTCOME_APPLIED) continue;
    ++checked->events;
    size_t open = 0;
    for (const auto& [key, stored] : run.view().Rows("cases")) {
      const Case& row = static_cast<const Case&>(*stored);
      open += IsOpen(row.status());
      const std::string fault = Fault(row);
      checked->faults += !fault.empty();
      EXPECT_EQ(fault, "") << "seed " << seed << " event " << i << ": " << row.ShortDebugString();
      const auto was = before.find(row.case_id());
      if (row.last_offset() == i)
        checked->faults_of_control +=
            !Fault(WithoutLastLine(was == before.end() ? nullptr : &was->second, row)).empty();
      before[row.case_id()] = row;
    }
    checked->open += static_cast<int64_t>(open);
    EXPECT_EQ(run.view().IndexLines("by_next_action").size(), open) << "seed " << seed << " event " << i;
  }
  EXPECT_THAT(run.parked(), IsEmpty()) << "seed " << seed;
}

// 10,000 histories; KEFU_HISTORIES=1000000 before a release.
TEST(NextActionProperty, AtEveryOffsetEachOpenCaseHasAnOwnerAnAimAndADate) {
  const char* given = std::getenv("KEFU_HISTORIES");
  const int histories = given != nullptr ? std::atoi(given) : 10'000;
  Checked checked;
  for (int seed = 0; seed < histories && !testing::Test::HasFailure(); ++seed)
    PlayOne(static_cast<uint64_t>(seed), 24, &checked);
  EXPECT_GT(checked.events, 5 * histories) << "the histories are empty";
  EXPECT_GT(checked.open, checked.events / 2);
  EXPECT_EQ(checked.faults, 0);
  // The control: without their last line the folds would not keep it.
  EXPECT_GT(checked.faults_of_control, histories);
}

}  // namespace
}  // namespace kefu::cases
