#include "projections/cases/cases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "platform/base/time.h"
#include "platform/testkit/golden.h"
#include "platform/testkit/history.h"
#include "platform/testkit/projection_driver.h"

namespace kefu::cases {
namespace {

using namespace testkit;
using events::v1::Event;
using testing::ElementsAre;
using testing::IsEmpty;

class CasesTest : public testing::Test {
 protected:
  const Case& Row(const std::string& case_id) {
    const Case* row = test_.Row<Cases>(case_id);
    return row != nullptr ? *row : Case::default_instance();
  }
  std::vector<std::string> Steps(const std::string& case_id) {
    std::vector<std::string> steps;
    for (const auto& step : Row(case_id).steps())
      steps.push_back(step.kind() + (step.detail().empty() ? "" : ": " + step.detail()));
    return steps;
  }

  ProjectionDriver<CasesView> test_;
};

Draft DueIn(Draft draft, int hours) {
  return draft.With([&](Event& event) {
    auto* opening = event.has_complaint_received() ? event.mutable_complaint_received()->mutable_opening()
                                                   : event.mutable_service_request_opened()->mutable_opening();
    *opening->mutable_due_at() = ToProto(Beginning() + absl::Hours(hours));
  });
}

TEST_F(CasesTest, AComplaintIsAcknowledgedWorkedOnSettledAndFiled) {
  test_.Given(Complained("K-1", "fees").Branch("0001").By("S-1"), Acknowledged("K-1"), Assigned("K-1", "S-7", "T-2"),
              Started("K-1").By("S-7"), WaitStarted("K-1"), Resumed("K-1"), ResolutionProposed("K-1"),
              Resolved("K-1").By("S-7"), Closed("K-1"));
  EXPECT_EQ(Row("K-1").status(), events::v1::CASE_STATUS_CLOSED);
  EXPECT_EQ(Row("K-1").kind(), events::v1::CASE_KIND_COMPLAINT);
  EXPECT_EQ(Row("K-1").name(), "clients/C-1/cases/K-1");
  EXPECT_EQ(Row("K-1").resolver_id(), "S-7");
  EXPECT_EQ(Row("K-1").revision(), 9);
  EXPECT_EQ(Row("K-1").step_count(), 9);
  EXPECT_THAT(Steps("K-1"), ElementsAre("complaint_received", "case_acknowledged", "case_assigned: S-7", "case_started",
                                        "case_wait_started: client", "case_resumed", "case_resolution_proposed",
                                        "case_resolved: fulfilled", "case_closed"));
  EXPECT_EQ(FromProto(Row("K-1").opened_at()), Beginning());
  EXPECT_EQ(FromProto(Row("K-1").acknowledged_at()), Beginning() + absl::Minutes(1));
  EXPECT_EQ(FromProto(Row("K-1").resolved_at()), Beginning() + absl::Minutes(7));
  EXPECT_EQ(FromProto(Row("K-1").closed_at()), Beginning() + absl::Minutes(8));
}

TEST_F(CasesTest, ReopeningTakesTheSettlementBackAndCounts) {
  test_.Given(Opened("K-1"), Resolved("K-1", events::v1::CASE_OUTCOME_DECLINED).By("S-1"), Closed("K-1"),
              Reopened("K-1"));
  EXPECT_EQ(Row("K-1").status(), events::v1::CASE_STATUS_OPEN);
  EXPECT_EQ(Row("K-1").reopen_count(), 1);
  EXPECT_FALSE(Row("K-1").has_resolved_at());
  EXPECT_FALSE(Row("K-1").has_closed_at());
  EXPECT_EQ(Row("K-1").outcome(), events::v1::CASE_OUTCOME_UNSPECIFIED);
  EXPECT_EQ(Row("K-1").resolver_id(), "");
}

TEST_F(CasesTest, TwoAgentsResolveAtOnceAndTheRowShowsTheFirst) {
  test_.Given(Opened("K-1"), Assigned("K-1", "S-7"))
      .When(Resolved("K-1", events::v1::CASE_OUTCOME_FULFILLED).By("S-7").IfRevision(2),
            Resolved("K-1", events::v1::CASE_OUTCOME_DECLINED).By("S-8").IfRevision(2))
      .Then(Applied(3), Refused("case_not_open", 3));
  EXPECT_EQ(Row("K-1").resolver_id(), "S-7");
  EXPECT_EQ(Row("K-1").outcome(), events::v1::CASE_OUTCOME_FULFILLED);
  EXPECT_EQ(Row("K-1").revision(), 3);
}

TEST_F(CasesTest, ACaseIsFoundUnderWhatItHasAndNothingElse) {
  test_.Given(Opened("K-1"));
  EXPECT_THAT(test_.Entries<CasesByClient>(), ElementsAre("C-1, K-1"));
  EXPECT_THAT(test_.Entries<CasesByStatus>(), ElementsAre("1, K-1"));
  EXPECT_THAT(test_.Entries<CasesByKind>(), ElementsAre("2, 1, K-1"));
  EXPECT_THAT(test_.Entries<CasesByDue>(), IsEmpty());
  EXPECT_THAT(test_.Entries<CasesByAssignee>(), IsEmpty());
  EXPECT_THAT(test_.Entries<CasesByTeam>(), IsEmpty());
  EXPECT_THAT(test_.Entries<CasesByBranch>(), IsEmpty());
  EXPECT_THAT(test_.Entries<CasesByCategory>(), IsEmpty());
}

TEST_F(CasesTest, ANewAssigneeTakesItOverInTheIndex) {
  test_.Given(Opened("K-1"), Assigned("K-1", "S-7", "T-1"), Assigned("K-1", "S-8"));
  EXPECT_THAT(test_.Entries<CasesByAssignee>(), ElementsAre("S-8, 1, K-1"));
  EXPECT_THAT(test_.Entries<CasesByTeam>(), ElementsAre("T-1, 1, K-1"));
  EXPECT_EQ(Row("K-1").assignment_count(), 2);
}

TEST_F(CasesTest, OnlyOpenCasesAreDueAndTheEarliestComesFirst) {
  test_.Given(DueIn(Opened("K-1"), 30), DueIn(Complained("K-2"), 3), DueIn(Opened("K-3"), 10), Resolved("K-3"));
  EXPECT_THAT(test_.Entries<CasesByDue>(), ElementsAre("2026-03-02T04:00:00Z, K-2", "2026-03-03T07:00:00Z, K-1"));
}

TEST_F(CasesTest, TheRegulatorsDateBindsWhereItIsEarlier) {
  const auto forwarded = [](Draft draft, int hours) {
    return draft.With([&](Event& event) {
      *event.mutable_complaint_received()->mutable_external()->mutable_due_at() =
          ToProto(Beginning() + absl::Hours(hours));
    });
  };
  test_.Given(forwarded(DueIn(Complained("K-1"), 30), 10), forwarded(DueIn(Complained("K-2"), 5), 10),
              forwarded(Complained("K-3"), 10));
  EXPECT_EQ(FromProto(Row("K-1").due_at()), Beginning() + absl::Hours(10));
  EXPECT_EQ(FromProto(Row("K-2").due_at()), Beginning() + absl::Hours(5));
  EXPECT_EQ(FromProto(Row("K-3").due_at()), Beginning() + absl::Hours(10));
}

TEST_F(CasesTest, AWatcherFindsWhatChangedSinceAnOffset) {
  test_.Given(Opened("K-1"), Opened("K-2"), NoteAdded("K-1", "客戶來電"));
  // The driver counts offsets by two.
  EXPECT_THAT(test_.Entries<CasesByChange>(), ElementsAre("2, K-2", "4, K-1"));
}

TEST_F(CasesTest, ALongLifeKeepsItsLatestStepsAndCountsAll) {
  test_.Given(Opened("K-1"));
  for (int i = 0; i < 100; ++i) test_.Given(NoteAdded("K-1", "n").Id(fmt::format("n-{}", i)));
  EXPECT_EQ(Row("K-1").steps_size(), kStepsKept);
  EXPECT_EQ(Row("K-1").step_count(), 101);
  EXPECT_EQ(Row("K-1").steps(0).event_id(), "n-36");
  EXPECT_EQ(Row("K-1").steps(kStepsKept - 1).event_id(), "n-99");
  EXPECT_EQ(Row("K-1").note_count(), 100);
}

TEST_F(CasesTest, ALateEventDoesNotTurnTheClockBack) {
  test_.Given(Opened("K-1").AtMinute(60), NoteAdded("K-1", "n").AtMinute(5));
  EXPECT_EQ(FromProto(Row("K-1").updated_at()), Beginning() + absl::Minutes(60));
}

TEST_F(CasesTest, WaitingEndsWithTheNextStatus) {
  test_.Given(Opened("K-1"), WaitStarted("K-1", events::v1::WAITING_ON_VENDOR));
  EXPECT_EQ(Row("K-1").waiting_on(), events::v1::WAITING_ON_VENDOR);
  test_.Given(Assigned("K-1", "S-1"));
  EXPECT_EQ(Row("K-1").waiting_on(), events::v1::WAITING_ON_VENDOR);
  test_.Given(Resolved("K-1"));
  EXPECT_EQ(Row("K-1").waiting_on(), events::v1::WAITING_ON_UNSPECIFIED);
}

TEST_F(CasesTest, WhatIsEmptyInAReclassificationStays) {
  test_.Given(DueIn(Opened("K-1", "fees"), 4), Reclassified("K-1", events::v1::CASE_PRIORITY_HIGH),
              Reclassified("K-1", events::v1::CASE_PRIORITY_UNSPECIFIED, "advice"));
  EXPECT_EQ(Row("K-1").priority(), events::v1::CASE_PRIORITY_HIGH);
  EXPECT_EQ(Row("K-1").category().value(), "advice");
  EXPECT_TRUE(Row("K-1").has_due_at());
}

TEST_F(CasesTest, AnEventOfACaseThatTheViewLostIsParked) {
  const Delivery started{Finish(Started("K-1"), 1), "", Offset(1), Beginning()};
  events::v1::Verdict applied;
  applied.set_outcome(events::v1::VERDICT_OUTCOME_APPLIED);
  ViewRun run(sdk::Describe<CasesView>());
  run.Fold(started, applied);
  EXPECT_EQ(run.parked().at("C-1").reason, "case_unknown");
  EXPECT_THAT(run.view().Rows("cases"), IsEmpty());
}

// Of a member of staff that nobody published: the view does not ask.
Delivery Told(int64_t offset, const std::function<void(Event&)>& change) {
  return {Finish(Draft().Client("C-1").With(change), offset), "", Offset(offset), Beginning()};
}

TEST(CasesHandedOver, ACasePassesOnAndDoesNotComeBackToWhoLeaves) {
  events::v1::Verdict applied;
  applied.set_outcome(events::v1::VERDICT_OUTCOME_APPLIED);
  ViewRun run(sdk::Describe<CasesView>());
  int64_t offset = 0;
  const auto fold = [&](const std::function<void(Event&)>& change) { run.Fold(Told(++offset, change), applied); };
  const auto of = [&](const Draft& draft) { run.Fold({Finish(draft, ++offset), "", Offset(offset), Beginning()}, applied); };
  const auto row = [&](const std::string& id) {
    const auto found = run.view().Render(Cases::kId, codec::Key(id));
    return static_cast<const Case&>(*found);
  };
  for (const char* id : {"K-1", "K-2"}) {
    of(Opened(id));
    of(Assigned(id, "S-1"));
  }
  fold([](Event& event) {
    auto* body = event.mutable_work_reassigned();
    body->set_kind(events::v1::WORK_KIND_CASE);
    body->set_work_id("K-1");
    body->set_to_staff_id("S-2");
  });
  EXPECT_EQ(row("K-1").assignee_id(), "S-2");
  EXPECT_EQ(row("K-1").assignment_count(), 2);
  EXPECT_EQ(row("K-1").revision(), 2) << "it is no event of the case";
  EXPECT_EQ(row("K-1").steps(2).kind(), "work_reassigned");
  EXPECT_THAT(run.view().IndexLines(CasesByAssignee::kName), ElementsAre("S-1, 1, K-2", "S-2, 1, K-1"));
  // Another kind of work with the same id is none of it.
  fold([](Event& event) {
    event.mutable_work_reassigned()->set_kind(events::v1::WORK_KIND_PROMISE);
    event.mutable_work_reassigned()->set_work_id("K-1");
    event.mutable_work_reassigned()->set_to_staff_id("S-3");
  });
  EXPECT_EQ(row("K-1").assignee_id(), "S-2");

  of(Resolved("K-2"));
  fold([](Event& event) {
    event.mutable_handover_opened()->set_handover_id("H-1");
    event.mutable_handover_opened()->set_from_staff_id("S-1");
  });
  of(Reopened("K-2"));
  EXPECT_EQ(row("K-2").assignee_id(), "");
  of(Assigned("K-2", "S-1"));
  of(Resolved("K-2"));
  fold([](Event& event) { event.mutable_handover_cancelled()->set_handover_id("H-1"); });
  of(Reopened("K-2"));
  EXPECT_EQ(row("K-2").assignee_id(), "S-1") << "it stays after all";
  EXPECT_THAT(run.parked(), IsEmpty());
}

TEST_F(CasesTest, GoldenDump) {
  test_.Play(RandomHistory({.seed = 3, .clients = 5, .events = 150}));
  ExpectGolden("projections/cases/golden/cases.txt", test_.Dump());
}

// The state a case must be in, told again in the simplest way.
struct Plain {
  events::v1::CaseStatus status{};
  int64_t events = 0, notes = 0, reopened = 0, assigned = 0;
};

void FoldPlain(const Event& event, std::map<std::string, Plain>& all) {
  const auto* body =
      event.GetReflection()->GetOneofFieldDescriptor(event, Event::descriptor()->FindOneofByName("body"));
  if (body->number() < 300 || body->number() >= 400) return;
  const auto& message = event.GetReflection()->GetMessage(event, body);
  Plain& plain = all[message.GetReflection()->GetString(message, message.GetDescriptor()->FindFieldByName("case_id"))];
  ++plain.events;
  plain.notes += event.has_case_note_added();
  plain.reopened += event.has_case_reopened();
  plain.assigned += event.has_case_assigned();
  static const std::map<std::string, events::v1::CaseStatus> kBecomes = {
      {"complaint_received", events::v1::CASE_STATUS_OPEN},
      {"service_request_opened", events::v1::CASE_STATUS_OPEN},
      {"case_acknowledged", events::v1::CASE_STATUS_ACKNOWLEDGED},
      {"case_started", events::v1::CASE_STATUS_IN_PROGRESS},
      {"case_wait_started", events::v1::CASE_STATUS_WAITING},
      {"case_resumed", events::v1::CASE_STATUS_IN_PROGRESS},
      {"case_resolution_proposed", events::v1::CASE_STATUS_PROPOSED},
      {"case_resolved", events::v1::CASE_STATUS_RESOLVED},
      {"case_closed", events::v1::CASE_STATUS_CLOSED},
      {"case_reopened", events::v1::CASE_STATUS_OPEN},
      {"case_withdrawn", events::v1::CASE_STATUS_WITHDRAWN}};
  if (const auto next = kBecomes.find(body->name()); next != kBecomes.end()) plain.status = next->second;
}

TEST(CasesProperty, RowsAndIndexesAreWhatCountingByHandGives) {
  for (const uint64_t seed : {31, 32, 33, 34}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    ProjectionDriver<CasesView> test;
    const auto history = RandomHistory({.seed = seed, .clients = 25, .events = 1500});
    const auto verdicts = test.Play(history);
    std::map<std::string, Plain> all;
    for (size_t i = 0; i < history.size(); ++i)
      if (verdicts[i].outcome() == events::v1::VERDICT_OUTCOME_APPLIED) FoldPlain(history[i], all);
    EXPECT_THAT(test.run().parked(), IsEmpty());
    ASSERT_EQ(test.run().view().Rows("cases").size(), all.size());
    std::vector<std::string> by_status, by_assignee;
    size_t due = 0;
    for (const auto& [case_id, plain] : all) {
      const Case& row = *test.Row<Cases>(case_id);
      EXPECT_EQ(row.status(), plain.status) << case_id;
      EXPECT_EQ(row.revision(), plain.events) << case_id;
      EXPECT_EQ(row.step_count(), plain.events) << case_id;
      EXPECT_EQ(row.note_count(), plain.notes) << case_id;
      EXPECT_EQ(row.reopen_count(), plain.reopened) << case_id;
      EXPECT_EQ(row.assignment_count(), plain.assigned) << case_id;
      by_status.push_back(fmt::format("{}, {}", static_cast<int>(plain.status), case_id));
      if (plain.assigned > 0)
        by_assignee.push_back(fmt::format("{}, {}, {}", row.assignee_id(), static_cast<int>(plain.status), case_id));
      due += row.has_due_at() && plain.status <= events::v1::CASE_STATUS_PROPOSED;
    }
    EXPECT_THAT(test.Entries<CasesByStatus>(), testing::UnorderedElementsAreArray(by_status));
    EXPECT_THAT(test.Entries<CasesByAssignee>(), testing::UnorderedElementsAreArray(by_assignee));
    EXPECT_EQ(test.Entries<CasesByDue>().size(), due);
    EXPECT_EQ(test.Entries<CasesByChange>().size(), all.size());
  }
}

}  // namespace
}  // namespace kefu::cases
