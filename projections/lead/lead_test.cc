#include "projections/lead/lead.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "platform/testkit/golden.h"
#include "projections/lead/escalation.h"
#include "projections/lead/lead_run_testing.h"
#include "projections/lead/lead_testing.h"

namespace kefu::lead {
namespace {

using events::v1::Event;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(LeadFolds, ALeadIsRaisedWithAllThatIsKnownOfIt) {
  LeadRun run;
  run.Given(Raised("L-1", Hour(24), "S-7", "T-2").Branch("0001").At(Hour(1)).With([](Event& event) {
    auto& body = *event.mutable_lead_raised();
    body.set_product_id("PR-9");
    body.set_contact_id("X-1");
    body.set_note("想把定存轉成養老");
    body.set_promise_id("P-3");
  }));
  const auto& row = run.Lead("L-1");
  EXPECT_EQ(row.name(), "clients/C-1/leads/L-1");
  EXPECT_EQ(row.lead_id(), "L-1");
  EXPECT_EQ(row.client_id(), "C-1");
  EXPECT_EQ(row.direction(), events::v1::LEAD_DIRECTION_SERVICE_TO_MARKETING);
  EXPECT_EQ(row.state(), query::v1::LEAD_STATE_RAISED);
  EXPECT_EQ(row.need().value(), "idle_cash");
  EXPECT_EQ(row.product_id(), "PR-9");
  EXPECT_EQ(row.contact_id(), "X-1");
  EXPECT_EQ(row.promise_id(), "P-3");
  EXPECT_EQ(row.raised_by(), "S-1");
  EXPECT_EQ(FromProto(row.raised_at()), Hour(1));
  EXPECT_EQ(row.raised_by_event_id(), "e-0");
  EXPECT_EQ(row.owner_id(), "S-7");
  EXPECT_EQ(row.team(), "T-2");
  EXPECT_EQ(FromProto(row.due_at()), Hour(24));
  EXPECT_EQ(row.note(), "想把定存轉成養老");
  EXPECT_EQ(row.branch_id(), "0001");
}

TEST(LeadFolds, WhoAcceptsItOwnsItAndMayNameAnotherTime) {
  LeadRun run;
  run.Given(Raised("L-1", Hour(24)), Raised("L-2", Hour(24), "S-7"), Accepted("L-1", "S-8", Hour(90)).At(Hour(2)),
            Accepted("L-2", "S-9").At(Hour(3)));
  EXPECT_EQ(run.Lead("L-1").state(), query::v1::LEAD_STATE_ACCEPTED);
  EXPECT_EQ(run.Lead("L-1").owner_id(), "S-8");
  EXPECT_EQ(run.Lead("L-1").team(), "T-1");
  EXPECT_EQ(FromProto(run.Lead("L-1").accepted_at()), Hour(2));
  EXPECT_EQ(FromProto(run.Lead("L-1").due_at()), Hour(90));
  EXPECT_EQ(run.Lead("L-2").owner_id(), "S-9");
  EXPECT_EQ(FromProto(run.Lead("L-2").due_at()), Hour(24)) << "no lead is open without a due time";
}

TEST(LeadFolds, ADeclinedLeadAndALostOneKeepWhy) {
  LeadRun run;
  run.Given(Raised("L-1", Hour(24)), Declined("L-1", "already_has_it").At(Hour(2)), Raised("L-2", Hour(24)),
            Accepted("L-2", "S-8"), Lost("L-2", "went_elsewhere").At(Hour(5)));
  EXPECT_EQ(run.Lead("L-1").state(), query::v1::LEAD_STATE_DECLINED);
  EXPECT_EQ(run.Lead("L-1").cause().value(), "already_has_it");
  EXPECT_EQ(FromProto(run.Lead("L-1").ended_at()), Hour(2));
  EXPECT_EQ(run.Lead("L-2").state(), query::v1::LEAD_STATE_LOST);
  EXPECT_EQ(run.Lead("L-2").cause().value(), "went_elsewhere");
  EXPECT_EQ(FromProto(run.Lead("L-2").ended_at()), Hour(5));
}

TEST(LeadFolds, WorkIsCountedAndTheNewestRemainsTheNewest) {
  LeadRun run;
  run.Given(Raised("L-1", Hour(24)), Accepted("L-1", "S-8"), Worked("L-1").At(Hour(9)), Worked("L-1").At(Hour(4)));
  EXPECT_EQ(run.Lead("L-1").worked(), 2);
  EXPECT_EQ(FromProto(run.Lead("L-1").last_worked_at()), Hour(9)) << "what happened before was only told later";
}

TEST(LeadFolds, AWonLeadHasItsAmountItsProductAndWhoHasAPartInIt) {
  LeadRun run;
  run.Given(Raised("L-1", Hour(24)).With([](Event& event) { event.mutable_lead_raised()->set_product_id("PR-1"); }),
            Accepted("L-1", "S-8"), Won("L-1", 5'000'00, {{"S-1", 3'000}, {"S-8", 7'000}}).At(Hour(20)).With(
                [](Event& event) { event.mutable_lead_won()->set_product_id("PR-2"); }),
            Raised("L-2", Hour(24)).With([](Event& event) { event.mutable_lead_raised()->set_product_id("PR-1"); }),
            Accepted("L-2", "S-8"), Won("L-2", 1, {{"S-8", 10'000}}).At(Hour(10)));
  const auto& row = run.Lead("L-1");
  EXPECT_EQ(row.state(), query::v1::LEAD_STATE_WON);
  EXPECT_EQ(row.product_id(), "PR-2");
  EXPECT_EQ(row.amount().minor_units(), 500'000);
  ASSERT_EQ(row.credits_size(), 2);
  EXPECT_EQ(row.credits(0).staff_id(), "S-1");
  EXPECT_EQ(row.credits(1).share_bp(), 7'000);
  EXPECT_EQ(run.Lead("L-2").product_id(), "PR-1") << "sold what it was raised for";
  EXPECT_THAT(run.Entries<LeadsByWon>(), ElementsAre("2026-03-02T11:00:00Z, L-2", "2026-03-02T21:00:00Z, L-1"));
}

TEST(LeadFolds, EachDueTimeIsToldToHavePassedOnceAndANewOneIsWatchedAgain) {
  LeadRun run;
  run.Given(Raised("L-1", Hour(24)));
  EXPECT_THAT(run.Entries<LeadsByDue>(), ElementsAre("2026-03-03T01:00:00Z, L-1"));
  run.Given(Escalated("L-1", Hour(24)).At(Hour(24)));
  EXPECT_EQ(run.Lead("L-1").escalations(), 1);
  EXPECT_EQ(run.Lead("L-1").state(), query::v1::LEAD_STATE_RAISED) << "it is still to be accepted";
  EXPECT_THAT(run.Entries<LeadsByDue>(), IsEmpty());
  run.Given(Accepted("L-1", "S-8", Hour(48)));
  EXPECT_THAT(run.Entries<LeadsByDue>(), ElementsAre("2026-03-04T01:00:00Z, L-1"));
  run.Given(Escalated("L-1", Hour(48)).At(Hour(48)));
  EXPECT_EQ(run.Lead("L-1").escalations(), 2);
  EXPECT_THAT(run.Entries<LeadsByDue>(), IsEmpty());
}

TEST(LeadFolds, ADueTimeOfAnOlderSystemAlarmsNobodyUntilANewOneIsSetHere) {
  const auto imported = [](testkit::Draft draft) {
    return draft.With([](events::v1::Event& event) { event.set_imported(true); });
  };
  LeadRun run;
  run.Given(imported(Raised("L-1", Hour(24))), Raised("L-2", Hour(24)), imported(Accepted("L-2", "S-8", Hour(48))));
  EXPECT_THAT(run.Entries<LeadsByDue>(), IsEmpty());
  EXPECT_EQ(run.Entries<LeadsByClient>().size(), 2u) << "they are there, and overdue for whoever looks";
  run.Given(Accepted("L-1", "S-8"));
  EXPECT_THAT(run.Entries<LeadsByDue>(), IsEmpty()) << "the due time is still the imported one";
  run.Given(Raised("L-3", Hour(24)), imported(Raised("L-4", Hour(24))), Accepted("L-4", "S-8", Hour(72)));
  EXPECT_THAT(run.Entries<LeadsByDue>(), ElementsAre("2026-03-03T01:00:00Z, L-3", "2026-03-05T01:00:00Z, L-4"));
}

TEST(LeadFolds, WhatEndedIsNotWatchedAnyMore) {
  LeadRun run;
  run.Given(Raised("L-1", Hour(1)), Raised("L-2", Hour(2)), Raised("L-3", Hour(3)), Raised("L-4", Hour(4)),
            Declined("L-1"), Accepted("L-2", "S-8"), Lost("L-2"), Accepted("L-3", "S-8"),
            Won("L-3", 100, {{"S-8", 10'000}}));
  EXPECT_THAT(run.Entries<LeadsByDue>(), ElementsAre("2026-03-02T05:00:00Z, L-4"));
}

TEST(LeadFolds, AHandoverGivesItToOtherHandsAndOtherWorkChangesNoLead) {
  LeadRun run;
  run.Given(Raised("L-1", Hour(24), "S-7", "T-2"), Reassigned("L-1", "S-8"),
            Reassigned("L-1", "S-9", events::v1::WORK_KIND_CASE), Reassigned("K-1", "S-9", events::v1::WORK_KIND_CASE));
  EXPECT_EQ(run.Lead("L-1").owner_id(), "S-8");
  EXPECT_EQ(run.Lead("L-1").team(), "T-2");
  EXPECT_THAT(run.run().parked(), IsEmpty());
}

TEST(LeadFolds, EachStandsInTheOrderOfItsDueTimeUnderClientStateAndOwner) {
  LeadRun run;
  run.Given(Raised("L-1", Hour(9), "S-7", "T-1"), Raised("L-2", Hour(2), "S-7"), Raised("L-3", Hour(4)).Client("C-2"),
            Accepted("L-2", "S-7"));
  EXPECT_THAT(run.Entries<LeadsByClient>(),
              ElementsAre("C-1, 1, 2026-03-02T10:00:00Z, L-1", "C-1, 2, 2026-03-02T03:00:00Z, L-2",
                          "C-2, 1, 2026-03-02T05:00:00Z, L-3"));
  EXPECT_THAT(run.Entries<LeadsByState>(), ElementsAre("1, 2026-03-02T05:00:00Z, L-3", "1, 2026-03-02T10:00:00Z, L-1",
                                                       "2, 2026-03-02T03:00:00Z, L-2"));
  EXPECT_THAT(run.Entries<LeadsByOwner>(),
              ElementsAre("S-7, 1, 2026-03-02T10:00:00Z, L-1", "S-7, 2, 2026-03-02T03:00:00Z, L-2",
                          "T-1, 1, 2026-03-02T05:00:00Z, L-3", "T-1, 1, 2026-03-02T10:00:00Z, L-1"));
}

TEST(LeadFolds, WhatTheViewLostIsParked) {
  const std::vector<testkit::Draft> drafts = {Accepted("L-1", "S-8"),
                                              Declined("L-1"),
                                              Worked("L-1"),
                                              Won("L-1", 1, {{"S-8", 10'000}}),
                                              Lost("L-1"),
                                              Escalated("L-1", Hour(1)),
                                              Reassigned("L-1", "S-8")};
  for (const auto& draft : drafts) {
    LeadRun run;
    run.Given(draft);
    ASSERT_EQ(run.run().parked().size(), 1u) << draft.event().ShortDebugString();
    EXPECT_EQ(run.run().parked().at("C-1").reason, "lead_unknown");
    EXPECT_THAT(run.run().view().Rows("leads"), IsEmpty());
  }
}

TEST(Escalation, SaysWhatTheRowSaysUnderAnIdOfLeadAndDueTime) {
  LeadRun run;
  run.Given(Raised("L-1", Hour(24)).Branch("0001"));
  const Event raised = EscalationOf(run.Lead("L-1"));
  EXPECT_EQ(raised.event_id(), fmt::format("lead/escalated/L-1/{}", absl::ToUnixMicros(Hour(24))));
  EXPECT_EQ(raised.client_id(), "C-1");
  EXPECT_EQ(raised.branch_id(), "0001");
  EXPECT_EQ(raised.causation_id(), "e-0");
  EXPECT_EQ(FromProto(raised.occurred_at()), Hour(24));
  EXPECT_EQ(FromProto(raised.lead_escalated().due_at()), Hour(24));
  EXPECT_FALSE(raised.lead_escalated().was_accepted());
  run.Given(Accepted("L-1", "S-8", Hour(48)));
  const Event accepted = EscalationOf(run.Lead("L-1"));
  EXPECT_NE(accepted.event_id(), raised.event_id());
  EXPECT_TRUE(accepted.lead_escalated().was_accepted());
}

TEST(Escalation, FitsAnEventIdWhateverTheLeadIsCalled) {
  const std::string ids[] = {std::string(64, 'x'), std::string(65, 'x'), std::string(5'000, 'x'), "商機 1"};
  for (const std::string& id : ids) {
    query::v1::Lead row;
    row.set_lead_id(id);
    *row.mutable_due_at() = ToProto(absl::FromUnixSeconds(253'402'300'799));
    const std::string event_id = EscalationIdOf(row);
    EXPECT_LE(event_id.size(), 128u) << id;
    EXPECT_TRUE(std::all_of(event_id.begin(), event_id.end(), [](char c) { return c > ' ' && c < '\x7f'; }))
        << event_id;
  }
}

// A lead as counting by hand gives it.
struct Plain {
  query::v1::LeadState state = query::v1::LEAD_STATE_RAISED;
  std::string client, owner, team;
  absl::Time due;
  std::vector<absl::Time> told;
  int worked = 0;
};

// Plays a history that admission would let through, and keeps the books by hand.
std::map<std::string, Plain> Play(std::mt19937_64& random, int events, LeadRun& run) {
  const auto below = [&](int bound) { return static_cast<int>(random() % static_cast<uint64_t>(bound)); };
  std::map<std::string, Plain> plain;
  for (int i = 0; i < events; ++i) {
    const absl::Time at = Hour(i);
    if (plain.empty() || below(3) == 0) {
      const std::string id = fmt::format("L-{}", plain.size());
      Plain lead{.client = fmt::format("C-{}", below(7)), .due = at + absl::Hours(1 + below(40))};
      if (below(2) == 0) lead.owner = fmt::format("S-{}", below(4));
      if (lead.owner.empty() || below(2) == 0) lead.team = fmt::format("T-{}", below(3));
      run.Fold(Raised(id, lead.due, lead.owner, lead.team).Client(lead.client).At(at));
      plain[id] = lead;
      continue;
    }
    auto& [id, lead] = *std::next(plain.begin(), below(static_cast<int>(plain.size())));
    if (!IsOpen(lead.state)) continue;
    const bool raised = lead.state == query::v1::LEAD_STATE_RAISED;
    const auto fold = [&, &id = id, &lead = lead](testkit::Draft draft) { run.Fold(draft.Client(lead.client).At(at)); };
    switch (below(6)) {
      case 0:
        if (!raised) break;
        lead.state = query::v1::LEAD_STATE_ACCEPTED;
        lead.owner = fmt::format("S-{}", below(4));
        if (below(3) != 0) {
          lead.due = at + absl::Hours(1 + below(40));
          fold(Accepted(id, lead.owner, lead.due));
        } else {
          fold(Accepted(id, lead.owner));
        }
        break;
      case 1:
        if (raised && below(3) != 0) break;
        lead.state = raised ? query::v1::LEAD_STATE_DECLINED : query::v1::LEAD_STATE_LOST;
        fold(raised ? Declined(id) : Lost(id));
        break;
      case 2:
        ++lead.worked;
        fold(Worked(id));
        break;
      case 3:
        if (raised) break;
        lead.state = query::v1::LEAD_STATE_WON;
        fold(Won(id, below(1'000'000), {{"S-1", 10'000}}));
        break;
      case 4:
        lead.owner = fmt::format("S-{}", below(4));
        fold(Reassigned(id, lead.owner));
        break;
      default:
        if (lead.due >= at || (!lead.told.empty() && lead.told.back() == lead.due)) break;
        lead.told.push_back(lead.due);
        fold(Escalated(id, lead.due));
        break;
    }
  }
  return plain;
}

TEST(LeadProperty, RowsAndIndexesAreWhatCountingByHandGives) {
  for (const uint64_t seed : {81, 82, 83}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    LeadRun run;
    const auto plain = Play(random, 500, run);
    EXPECT_THAT(run.run().parked(), IsEmpty());
    ASSERT_EQ(run.run().view().Rows("leads").size(), plain.size());
    std::vector<std::string> by_due, by_owner;
    std::map<query::v1::LeadState, int> states;
    for (const auto& [id, lead] : plain) {
      const auto& row = run.Lead(id);
      ++states[lead.state];
      EXPECT_EQ(row.state(), lead.state) << id;
      EXPECT_EQ(row.owner_id(), lead.owner) << id;
      EXPECT_EQ(FromProto(row.due_at()), lead.due) << id;
      EXPECT_EQ(row.escalations(), static_cast<int>(lead.told.size())) << id;
      EXPECT_EQ(row.worked(), lead.worked) << id;
      EXPECT_EQ(row.has_ended_at(), !IsOpen(lead.state)) << id;
      const std::string due = FormatRfc3339(lead.due);
      const bool told = !lead.told.empty() && lead.told.back() == lead.due;
      if (IsOpen(lead.state) && !told) by_due.push_back(fmt::format("{}, {}", due, id));
      for (const std::string& who : {lead.owner, lead.team})
        if (!who.empty()) by_owner.push_back(fmt::format("{}, {}, {}, {}", who, static_cast<int>(lead.state), due, id));
    }
    EXPECT_EQ(states.size(), 5u) << "a state was never reached";
    EXPECT_THAT(run.Entries<LeadsByDue>(), testing::UnorderedElementsAreArray(by_due));
    EXPECT_THAT(run.Entries<LeadsByOwner>(), testing::UnorderedElementsAreArray(by_owner));
    EXPECT_EQ(run.Entries<LeadsByClient>().size(), plain.size());
    EXPECT_EQ(run.Entries<LeadsByState>().size(), plain.size());
    EXPECT_EQ(run.Entries<LeadsByWon>().size(), static_cast<size_t>(states[query::v1::LEAD_STATE_WON]));
  }
}

TEST(LeadFolds, GoldenDump) {
  std::mt19937_64 random(5);
  LeadRun run;
  Play(random, 60, run);
  run.Given(Answered("call_idle_cash", events::v1::NEXT_ACTION_ANSWER_POSTPONED),
            Answered("offer_pension", events::v1::NEXT_ACTION_ANSWER_DONE));
  testkit::ExpectGolden("projections/lead/golden/lead.txt", run.run().Dump());
}

}  // namespace
}  // namespace kefu::lead
