#include "projections/clock/facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/event/validate.h"
#include "platform/testkit/projection_driver.h"
#include "projections/clock/clock_testing.h"

namespace kefu::clock {
namespace {

using namespace testkit;
using events::v1::Event;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class FactsTest : public testing::Test {
 protected:
  FactsTest() {
    test_.Given(Published(calendar::Shanghai()),
                Published(PackDraft("firm")
                              .Clock("resolve", Minutes(60), {events::v1::CASE_MOMENT_RESOLVED})
                              .Pauses({events::v1::WAITING_ON_CLIENT}, 30)
                              .Restarts()));
  }
  CaseClocks Row(const std::string& case_id = "K-1") { return *test_.Row<Cases>(case_id); }
  std::vector<std::string> Clocks(const std::string& case_id = "K-1") { return Lines(Row(case_id)); }
  void Given(Draft draft, std::string_view local) { test_.Given(draft.At(At(local))); }
  // Tells the log what it does not know yet, as the keeper does.
  void TellAll(const std::string& case_id = "K-1") {
    const CaseClocks row = Row(case_id);
    for (const Event& note : row.pending()) test_.Given(Told(FactOf(row, note)));
  }
  void TellBreach(const std::string& case_id = "K-1", int clock = 0) {
    const CaseClocks row = Row(case_id);
    test_.Given(Told(BreachOf(row, row.clocks(clock))));
  }

  ProjectionDriver<ClockView> test_;
};

TEST_F(FactsTest, AFactThatIsOnTheLogIsNotToldAgain) {
  Given(Opened("K-1").Branch("B-1"), "2026-03-02 10:00");
  Given(WaitStarted("K-1"), "2026-03-02 10:10");
  const auto before = Clocks();
  ASSERT_THAT(Row().pending(), SizeIs(2));
  TellAll();
  EXPECT_THAT(Row().pending(), IsEmpty());
  EXPECT_FALSE(Row().has_pending_since());
  EXPECT_EQ(Clocks(), before) << "saying it changes nothing else";
  EXPECT_THAT(test_.Entries<PendingCases>(), IsEmpty());
}

TEST_F(FactsTest, FactsAreWholeEventsThatDoorsWouldFindFit) {
  Given(Opened("K-1").Branch("B-1"), "2026-03-02 10:00");
  const Event fact = FactOf(Row(), Row().pending(0));
  EXPECT_EQ(fact.event_id(), "clock/started/K-1/firm/resolve/0");
  EXPECT_EQ(fact.client_id(), "C-1");
  EXPECT_EQ(fact.branch_id(), "B-1");
  EXPECT_EQ(fact.source(), "kefud.clock");
  EXPECT_EQ(fact.actor().kind(), events::v1::ACTOR_KIND_SYSTEM);
  EXPECT_EQ(fact.causation_id(), test_.last().event.event_id());
  EXPECT_EQ(FromProto(fact.occurred_at()), At("2026-03-02 10:00"));
  EXPECT_EQ(FromProto(fact.clock_started().due_at()), At("2026-03-02 11:00"));
  const Event breach = BreachOf(Row(), Row().clocks(0));
  EXPECT_EQ(breach.event_id(), "clock/breached/K-1/firm/resolve/0");
  EXPECT_EQ(FromProto(breach.occurred_at()), At("2026-03-02 11:00"));
}

TEST_F(FactsTest, TheLongestIdsFit) {
  CaseClocks row;
  row.set_case_id(std::string(64, 'K'));
  CaseClock clock;
  clock.set_clock_id(fmt::format("{}/{}", std::string(20, 'p'), std::string(20, 'c')));
  clock.set_run(kMostRuns);
  for (const char* what : {"started", "met", "retracted", "dropped", "breached"})
    EXPECT_LE(FactId(what, row, clock).size(), 128u) << what;
  for (const char* what : {"paused", "resumed"})
    EXPECT_LE(FactId(what, row, clock).size() + fmt::format("/{}", kMostPauses).size(), 128u) << what;
}

TEST_F(FactsTest, WhatTheLogSaysWinsOverWhatIsComputed) {
  Given(Opened("K-1"), "2026-03-02 10:00");
  Event fact = FactOf(Row(), Row().pending(0));
  // Another build, years ago, held something else to be due.
  *fact.mutable_clock_started()->mutable_due_at() = ToProto(At("2026-03-02 15:00"));
  fact.mutable_clock_started()->mutable_calendar()->set_version(7);
  test_.Given(Told(fact));
  EXPECT_THAT(Clocks(), ElementsAre("firm/resolve#0 running due 03-02 15:00"));
  EXPECT_EQ(Row().clocks(0).calendar().version(), 7);
  EXPECT_THAT(test_.Entries<ClocksByDue>(), ElementsAre("2026-03-02T07:00:00Z, K-1, firm/resolve, 0"));
  Given(Resolved("K-1"), "2026-03-02 14:00");
  EXPECT_FALSE(Row().clocks(0).late());
}

TEST_F(FactsTest, AFactToldLateDoesNotUndoWhatCameSince) {
  Given(Opened("K-1"), "2026-03-02 10:00");
  Given(WaitStarted("K-1"), "2026-03-02 10:10");
  Given(Resumed("K-1"), "2026-03-02 10:20");
  const auto now = Clocks();
  EXPECT_THAT(now, ElementsAre("firm/resolve#0 running due 03-02 11:10"));
  const CaseClocks row = Row();
  for (const Event& note : row.pending()) {
    test_.Given(Told(FactOf(row, note)));
    EXPECT_EQ(Clocks(), now) << note.event_id();
  }
}

TEST_F(FactsTest, AClockThatTheLogSaysIsMissedIsAlarmedNoMore) {
  Given(Opened("K-1"), "2026-03-02 10:00");
  TellAll();
  EXPECT_THAT(test_.Entries<ClockAlarms>(), SizeIs(1));
  TellBreach();
  EXPECT_THAT(Clocks(), ElementsAre("firm/resolve#0 breached due 03-02 11:00"));
  EXPECT_TRUE(Row().clocks(0).has_breached_at());
  EXPECT_THAT(test_.Entries<ClockAlarms>(), IsEmpty());
  EXPECT_THAT(test_.Entries<ClocksByDue>(), SizeIs(1)) << "it is still to be done";
  Given(WaitStarted("K-1"), "2026-03-02 11:30");
  EXPECT_THAT(Clocks(), ElementsAre("firm/resolve#0 breached due 03-02 11:00")) << "nothing moves it any more";
  Given(Resolved("K-1"), "2026-03-02 12:00");
  EXPECT_THAT(Clocks(), ElementsAre("firm/resolve#0 met 03-02 12:00 late"));
  EXPECT_THAT(PendingIds(Row()), ElementsAre("clock/met/K-1/firm/resolve/0"));
}

TEST_F(FactsTest, NewsOfWhatWasDoneInTimeTakesABreachBack) {
  Given(Opened("K-1"), "2026-03-02 10:00");
  TellAll();
  TellBreach();
  Given(Resolved("K-1"), "2026-03-02 10:59");
  EXPECT_THAT(Clocks(), ElementsAre("firm/resolve#0 met 03-02 10:59 retracted"));
  EXPECT_THAT(PendingIds(Row()), ElementsAre("clock/met/K-1/firm/resolve/0", "clock/retracted/K-1/firm/resolve/0"));
  TellAll();
  EXPECT_THAT(Clocks(), ElementsAre("firm/resolve#0 met 03-02 10:59 retracted"));
  EXPECT_THAT(Row().pending(), IsEmpty());
}

TEST_F(FactsTest, ABreachThatCrossedTheNewsIsTakenBack) {
  Given(Opened("K-1"), "2026-03-02 10:00");
  TellAll();
  const Event breach = BreachOf(Row(), Row().clocks(0));
  Given(Resolved("K-1"), "2026-03-02 10:59");
  test_.Given(Told(breach));
  EXPECT_THAT(PendingIds(Row()), ElementsAre("clock/met/K-1/firm/resolve/0", "clock/retracted/K-1/firm/resolve/0"));
  // Of what was done late there is nothing to take back.
  Given(Opened("K-2"), "2026-03-02 10:00");
  const Event other = BreachOf(Row("K-2"), Row("K-2").clocks(0));
  Given(Resolved("K-2"), "2026-03-02 11:01");
  test_.Given(Told(other));
  EXPECT_THAT(PendingIds(Row("K-2")), ElementsAre("clock/started/K-2/firm/resolve/0", "clock/met/K-2/firm/resolve/0"));
}

TEST_F(FactsTest, AClockThatThisBuildWouldNotStartIsKeptAsTheLogHasIt) {
  Given(Opened("K-1"), "2026-03-02 10:00");
  Event fact = FactOf(Row(), Row().pending(0));
  fact.set_event_id("clock/started/K-1/firm/gone/0");
  fact.mutable_clock_started()->set_clock_id("firm/gone");
  *fact.mutable_clock_started()->mutable_due_at() = ToProto(At("2026-03-02 18:00"));
  test_.Given(Told(fact));
  EXPECT_THAT(Clocks(), ElementsAre("firm/resolve#0 running due 03-02 11:00", "firm/gone#0 running due 03-02 18:00"));
  Given(Resolved("K-1"), "2026-03-02 10:30");
  Given(Closed("K-1"), "2026-03-02 10:40");
  EXPECT_THAT(Clocks(), ElementsAre("firm/resolve#0 met 03-02 10:30", "firm/gone#0 dropped 03-02 10:40"));
}

TEST_F(FactsTest, AFactOfAClockThatNobodyStartedIsOnlyNoted) {
  Given(Opened("K-1"), "2026-03-02 10:00");
  const auto before = test_.Dump();
  Event fact = BreachOf(Row(), Row().clocks(0));
  fact.set_event_id("clock/breached/K-1/firm/other/0");
  fact.mutable_clock_breached()->set_clock_id("firm/other");
  test_.Given(Told(fact));
  EXPECT_EQ(test_.Dump(), before);
}

}  // namespace
}  // namespace kefu::clock
