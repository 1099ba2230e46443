#include "projections/clock/clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/testkit/projection_driver.h"
#include "projections/clock/clock_testing.h"

namespace kefu::clock {
namespace {

using namespace testkit;
using events::v1::Event;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr auto kAcknowledged = events::v1::CASE_MOMENT_ACKNOWLEDGED;
constexpr auto kResolved = events::v1::CASE_MOMENT_RESOLVED;
constexpr auto kContacted = events::v1::CASE_MOMENT_CLIENT_CONTACTED;

// It begins on Monday, March 2, 2026, at 9:00 by the wall clock of the calendar "cn.test".
class ClockTest : public testing::Test {
 protected:
  ClockTest() { test_.Given(Published(calendar::Shanghai())); }

  const CaseClocks& Row(const std::string& case_id = "K-1") {
    const CaseClocks* row = test_.Row<Cases>(case_id);
    return row != nullptr ? *row : CaseClocks::default_instance();
  }
  std::vector<std::string> Clocks(const std::string& case_id = "K-1") { return Lines(Row(case_id)); }
  // The events change no row and no index.
  template <class... Drafts>
  void ExpectNothingWritten(const Drafts&... drafts) {
    const std::string before = test_.Dump();
    test_.Given(drafts...);
    EXPECT_EQ(test_.Dump(), before);
  }

  ProjectionDriver<ClockView> test_;
};

Draft AtLocal(Draft draft, std::string_view local) { return draft.At(At(local)); }

Draft ContactAbout(std::string_view case_id, events::v1::Direction direction = events::v1::DIRECTION_OUTBOUND) {
  return Contacted(events::v1::CHANNEL_PHONE, direction).With([&](Event& event) {
    event.mutable_contact_recorded()->set_case_id(std::string(case_id));
  });
}

Draft ResponseSent(std::string_view case_id, events::v1::CaseResponseKind kind) {
  return Draft().With([&](Event& event) {
    event.mutable_case_response_sent()->set_case_id(std::string(case_id));
    event.mutable_case_response_sent()->set_kind(kind);
    event.mutable_case_response_sent()->set_channel(events::v1::CHANNEL_EMAIL);
  });
}

events::v1::ExternalReference External(std::string_view scheme, std::string_view due = {}) {
  events::v1::ExternalReference external;
  external.set_scheme(std::string(scheme));
  external.set_number("12386-1");
  if (!due.empty()) *external.mutable_due_at() = ToProto(At(due));
  return external;
}

Draft Referred(std::string_view case_id, const events::v1::ExternalReference& external) {
  return Draft().With([&](Event& event) {
    event.mutable_case_referred()->set_case_id(std::string(case_id));
    *event.mutable_case_referred()->mutable_external() = external;
  });
}

TEST_F(ClockTest, ACaseStartsTheClocksThatItsPacksSay) {
  test_.Given(Published(PackDraft("firm")
                            .Clock("ack", OpenMinutes(60), {kAcknowledged})
                            .Clock("resolve", BusinessDays(3), {kResolved})),
              AtLocal(Opened("K-1"), "2026-03-02 11:00"));
  EXPECT_THAT(Clocks(), ElementsAre("firm/ack#0 running due 03-02 13:30", "firm/resolve#0 running due 03-05 17:00"));
  EXPECT_TRUE(Row().clocks(0).confirmed());
  EXPECT_EQ(Row().clocks(0).policy().version(), 1);
  EXPECT_EQ(Row().clocks(0).calendar().version(), 1);
  EXPECT_THAT(PendingIds(Row()), ElementsAre("clock/started/K-1/firm/ack/0", "clock/started/K-1/firm/resolve/0"));
  EXPECT_THAT(test_.Entries<ClocksByDue>(),
              ElementsAre("2026-03-02T05:30:00Z, K-1, firm/ack, 0", "2026-03-05T09:00:00Z, K-1, firm/resolve, 0"));
  EXPECT_THAT(test_.Entries<ClockAlarms>(), SizeIs(2));
  EXPECT_THAT(test_.Entries<PendingCases>(), SizeIs(1));
}

TEST_F(ClockTest, WithoutPacksThereAreNoClocks) {
  test_.Given(Opened("K-1"), Resolved("K-1"));
  EXPECT_THAT(Clocks(), IsEmpty());
  EXPECT_THAT(test_.Entries<PendingCases>(), IsEmpty());
}

TEST_F(ClockTest, AClockRunsOnlyWhereAllOfItsConditionHolds) {
  const auto only = [](std::string_view id, auto change) {
    return PackDraft(id).Clock("c", Minutes(60), {kResolved}).With([&](auto& rule) {
      change(*rule.mutable_condition());
    });
  };
  test_.Given(
      Published(only("a.kind", [](auto& c) { c.set_kind(events::v1::CASE_KIND_COMPLAINT); })),
      Published(only("b.category", [](auto& c) { c.add_categories("fees"), c.add_categories("advice"); })),
      Published(only("c.subcategory", [](auto& c) { c.add_subcategories("late"); })),
      Published(only("d.priority", [](auto& c) { c.add_priorities(events::v1::CASE_PRIORITY_HIGH); })),
      Published(only("e.tier", [](auto& c) { c.add_tiers("gold"); })),
      Published(only("f.form", [](auto& c) { c.set_form(events::v1::COMPLAINT_FORM_WRITTEN); })),
      Published(only("g.scheme", [](auto& c) { c.add_external_schemes("cn.csrc.12386"); })),
      Published(only("h.theft", [](auto& c) { c.set_alleges_theft_or_forgery(true); })),
      Published(only("i.branch", [](auto& c) { c.add_branch_ids("B-1"); })),
      Published(only("j.two", [](auto& c) { c.set_kind(events::v1::CASE_KIND_COMPLAINT), c.add_tiers("silver"); })));
  test_.Given(Registered("王小明"), Configured("gold"), Opened("K-1").Branch("B-2"),
              Complained("K-2", "fees").Branch("B-1").With([](Event& event) {
                auto& body = *event.mutable_complaint_received();
                body.mutable_opening()->mutable_subcategory()->set_value("late");
                body.mutable_opening()->set_priority(events::v1::CASE_PRIORITY_HIGH);
                body.set_form(events::v1::COMPLAINT_FORM_WRITTEN);
                body.set_alleges_theft_or_forgery(true);
                *body.mutable_external() = External("cn.csrc.12386");
              }));
  const auto packs = [&](const std::string& case_id) {
    std::string text;
    for (const auto& clock : Row(case_id).clocks()) text += clock.clock_id()[0];
    return text;
  };
  EXPECT_EQ(packs("K-1"), "e");
  EXPECT_EQ(packs("K-2"), "abcdefghi");
}

TEST_F(ClockTest, TheVersionInForceAtReceptionHoldsForLife) {
  test_.Given(Published(PackDraft("firm", 1).Clock("ack", Minutes(60), {kAcknowledged})),
              Published(PackDraft("firm", 2).From("2026-03-03 00:00").Clock("ack", Minutes(30), {kAcknowledged})),
              AtLocal(Opened("K-1"), "2026-03-02 10:00"), AtLocal(Opened("K-2"), "2026-03-03 10:00"),
              Published(PackDraft("firm", 3).From("2026-03-04 00:00").Retired()),
              AtLocal(Opened("K-3"), "2026-03-04 10:00"),
              // News of what was received before: still the version of that day.
              AtLocal(Opened("K-4"), "2026-03-02 10:00"));
  EXPECT_THAT(Clocks("K-1"), ElementsAre("firm/ack#0 running due 03-02 11:00"));
  EXPECT_THAT(Clocks("K-2"), ElementsAre("firm/ack#0 running due 03-03 10:30"));
  EXPECT_THAT(Clocks("K-3"), IsEmpty());
  EXPECT_THAT(Clocks("K-4"), ElementsAre("firm/ack#0 running due 03-02 11:00"));
}

TEST_F(ClockTest, ANewCalendarMovesNoClockThatRuns) {
  test_.Given(
      Published(
          PackDraft("firm").Clock("resolve", BusinessDays(3), {kResolved}).Pauses({events::v1::WAITING_ON_CLIENT})),
      AtLocal(Opened("K-1"), "2026-03-02 10:00"));
  auto edict = calendar::Shanghai();
  edict.set_version(2);
  calendar::AddException(edict, 2026, 3, 4, "an edict");
  test_.Given(Published(edict), AtLocal(Opened("K-2"), "2026-03-02 10:00"));
  EXPECT_THAT(Clocks("K-1"), ElementsAre("firm/resolve#0 running due 03-05 17:00"));
  EXPECT_THAT(Clocks("K-2"), ElementsAre("firm/resolve#0 running due 03-06 17:00"));
  // Also what is computed anew for it goes by its own calendar.
  test_.Given(AtLocal(WaitStarted("K-1"), "2026-03-02 11:00"), AtLocal(Resumed("K-1"), "2026-03-03 10:00"));
  EXPECT_THAT(Clocks("K-1"), ElementsAre("firm/resolve#0 running due 03-06 17:00"));
}

TEST_F(ClockTest, DoneAtTheDueTimeIsInTimeAndAfterItIsLate) {
  test_.Given(Published(PackDraft("firm").Clock("ack", Minutes(60), {kAcknowledged})),
              AtLocal(Opened("K-1"), "2026-03-02 10:00"), AtLocal(Acknowledged("K-1"), "2026-03-02 11:00"),
              AtLocal(Opened("K-2"), "2026-03-02 10:00"),
              Acknowledged("K-2").At(At("2026-03-02 11:00") + absl::Microseconds(1)),
              AtLocal(Opened("K-3"), "2026-03-02 10:00"), AtLocal(Acknowledged("K-3"), "2026-03-02 09:00"));
  EXPECT_THAT(Clocks("K-1"), ElementsAre("firm/ack#0 met 03-02 11:00"));
  EXPECT_THAT(Clocks("K-2"), ElementsAre("firm/ack#0 met 03-02 11:00 late"));
  EXPECT_THAT(Clocks("K-3"), ElementsAre("firm/ack#0 met 03-02 10:00")) << "never before it started";
  EXPECT_THAT(test_.Entries<ClocksByDue>(), IsEmpty());
}

TEST_F(ClockTest, ClosingAndWithdrawingDropWhatIsLeft) {
  test_.Given(Published(PackDraft("firm")
                            .Clock("call", Minutes(60), {kContacted})
                            .Clock("file", Minutes(60), {events::v1::CASE_MOMENT_CLOSED})),
              AtLocal(Opened("K-1"), "2026-03-02 10:00"), AtLocal(Resolved("K-1"), "2026-03-02 10:10"),
              AtLocal(Closed("K-1"), "2026-03-02 10:20"), AtLocal(Opened("K-2"), "2026-03-02 10:00"),
              AtLocal(Withdrawn("K-2"), "2026-03-02 10:30"));
  EXPECT_THAT(Clocks("K-1"), ElementsAre("firm/call#0 dropped 03-02 10:20", "firm/file#0 met 03-02 10:20"));
  EXPECT_THAT(Clocks("K-2"), ElementsAre("firm/call#0 dropped 03-02 10:30", "firm/file#0 dropped 03-02 10:30"));
}

TEST_F(ClockTest, EachMomentStartsAndStopsWhatItIsTo) {
  using namespace events::v1;
  const std::pair<CaseMoment, Draft> moments[] = {
      {CASE_MOMENT_ACKNOWLEDGED, Acknowledged("K-1")},
      {CASE_MOMENT_ASSIGNED, Assigned("K-1", "S-1")},
      {CASE_MOMENT_STARTED, Started("K-1")},
      {CASE_MOMENT_ESCALATED, Escalated("K-1", "desk")},
      {CASE_MOMENT_PROPOSED, ResolutionProposed("K-1")},
      {CASE_MOMENT_HOLDING_RESPONSE, ResponseSent("K-1", CASE_RESPONSE_KIND_HOLDING)},
      {CASE_MOMENT_FINAL_RESPONSE, ResponseSent("K-1", CASE_RESPONSE_KIND_FINAL)},
      {CASE_MOMENT_SUMMARY_RESPONSE, ResponseSent("K-1", CASE_RESPONSE_KIND_SUMMARY)},
      {CASE_MOMENT_REFERRED, Referred("K-1", External("us.finra.4530"))},
      {CASE_MOMENT_CLIENT_CONTACTED, ContactAbout("K-1")},
      {CASE_MOMENT_RESOLVED, Resolved("K-1")},
  };
  PackDraft pack("all");
  for (const auto& [moment, draft] : moments) {
    pack.Clock(fmt::format("until.{}", static_cast<int>(moment)), Minutes(600), {moment});
    pack.Clock(fmt::format("from.{}", static_cast<int>(moment)), Minutes(600), {}).StartsAt(moment);
  }
  test_.Given(Published(pack), AtLocal(Complained("K-1"), "2026-03-02 09:00"));
  int done = 0;
  for (const auto& [moment, draft] : moments) {
    const std::string until = fmt::format("all/until.{}", static_cast<int>(moment));
    const std::string from = fmt::format("all/from.{}", static_cast<int>(moment));
    EXPECT_EQ(FindClock(Row(), from, 0), nullptr) << from;
    test_.Given(AtLocal(draft, fmt::format("2026-03-02 10:{:02}", ++done)));
    EXPECT_EQ(FindClock(Row(), until, 0)->state(), query::v1::CLOCK_STATE_MET) << until;
    ASSERT_NE(FindClock(Row(), from, 0), nullptr) << from;
    EXPECT_EQ(LocalText(FindClock(Row(), from, 0)->started_at()), fmt::format("03-02 10:{:02}", done));
  }
}

TEST_F(ClockTest, WhileTheCaseWaitsItsClocksStandStill) {
  test_.Given(Published(PackDraft("firm")
                            .Clock("ack", Minutes(60), {kAcknowledged})
                            .Clock("resolve", Minutes(120), {kResolved})
                            .Pauses({events::v1::WAITING_ON_CLIENT})
                            .Pauses({events::v1::WAITING_ON_VENDOR}, 30)),
              AtLocal(Opened("K-1"), "2026-03-02 10:00"), AtLocal(WaitStarted("K-1"), "2026-03-02 10:30"));
  EXPECT_THAT(Clocks(), ElementsAre("firm/ack#0 running due 03-02 11:00", "firm/resolve#0 paused without due time"));
  EXPECT_THAT(test_.Entries<ClocksByDue>(), SizeIs(1));
  test_.Given(AtLocal(Resumed("K-1"), "2026-03-02 11:30"));
  EXPECT_THAT(Clocks(), ElementsAre("firm/ack#0 running due 03-02 11:00", "firm/resolve#0 running due 03-02 13:00"));
  test_.Given(AtLocal(WaitStarted("K-1", events::v1::WAITING_ON_VENDOR), "2026-03-02 12:00"));
  EXPECT_THAT(Clocks(), ElementsAre("firm/ack#0 running due 03-02 11:00",
                                    "firm/resolve#0 paused due 03-02 13:30 limit 03-02 12:30"));
  EXPECT_THAT(test_.Entries<ClockAlarms>(), SizeIs(2)) << "it runs out even if nobody resumes it";
  EXPECT_THAT(PendingIds(Row()), ElementsAre("clock/started/K-1/firm/ack/0", "clock/started/K-1/firm/resolve/0",
                                             "clock/paused/K-1/firm/resolve/0/1", "clock/resumed/K-1/firm/resolve/0/1",
                                             "clock/paused/K-1/firm/resolve/0/2"));
}

TEST_F(ClockTest, AnyMoveOfTheCaseEndsItsWait) {
  test_.Given(
      Published(PackDraft("firm").Clock("resolve", Minutes(60), {kResolved}).Pauses({events::v1::WAITING_ON_CLIENT})),
      AtLocal(Opened("K-1"), "2026-03-02 10:00"), AtLocal(WaitStarted("K-1"), "2026-03-02 10:30"),
      AtLocal(Resolved("K-1"), "2026-03-02 18:00"), AtLocal(Opened("K-2"), "2026-03-02 10:00"),
      AtLocal(WaitStarted("K-2"), "2026-03-02 10:30"), AtLocal(Started("K-2"), "2026-03-02 10:40"),
      AtLocal(WaitStarted("K-2", events::v1::WAITING_ON_VENDOR), "2026-03-02 10:50"));
  EXPECT_THAT(Clocks("K-1"), ElementsAre("firm/resolve#0 met 03-02 18:00")) << "in time: it stood still";
  EXPECT_THAT(Clocks("K-2"), ElementsAre("firm/resolve#0 running due 03-02 11:10")) << "no rule for that wait";
}

TEST_F(ClockTest, AReopenedCaseStartsSomeClocksAnew) {
  test_.Given(Published(PackDraft("firm")
                            .Clock("ack", Minutes(60), {kAcknowledged})
                            .Clock("resolve", Minutes(120), {kResolved})
                            .Restarts()
                            .Clock("again", Minutes(10), {kContacted})
                            .StartsAt(events::v1::CASE_MOMENT_REOPENED)
                            .Clock("work", Minutes(10), {kResolved})
                            .StartsAt(events::v1::CASE_MOMENT_STARTED)),
              AtLocal(Opened("K-1"), "2026-03-02 10:00"), AtLocal(Started("K-1"), "2026-03-02 10:05"),
              AtLocal(Resolved("K-1"), "2026-03-02 10:10"), AtLocal(Reopened("K-1"), "2026-03-03 10:00"));
  EXPECT_THAT(Clocks(), ElementsAre("firm/ack#0 running due 03-02 11:00", "firm/resolve#0 met 03-02 10:10",
                                    "firm/work#0 met 03-02 10:10", "firm/again#0 running due 03-03 10:10",
                                    "firm/resolve#1 running due 03-03 12:00"));
  test_.Given(AtLocal(Started("K-1"), "2026-03-03 10:20"), AtLocal(Resolved("K-1"), "2026-03-03 10:30"));
  EXPECT_THAT(Clocks(), ElementsAre("firm/ack#0 running due 03-02 11:00", "firm/resolve#0 met 03-02 10:10",
                                    "firm/work#0 met 03-02 10:10", "firm/again#0 running due 03-03 10:10",
                                    "firm/resolve#1 met 03-03 10:30", "firm/work#1 met 03-03 10:30"));
}

TEST_F(ClockTest, AReclassifiedCaseDropsWhatDoesNotApplyAndStartsWhatDoes) {
  const auto of = [](std::string_view category) {
    return [category](auto& rule) { rule.mutable_condition()->add_categories(std::string(category)); };
  };
  test_.Given(Published(PackDraft("firm")
                            .Clock("fees", Minutes(60), {kResolved})
                            .With(of("fees"))
                            .Clock("advice", Minutes(90), {kResolved})
                            .With(of("advice"))
                            .Clock("advice.ack", Minutes(5), {kAcknowledged})
                            .With(of("advice"))),
              AtLocal(Opened("K-1", "fees"), "2026-03-02 10:00"), AtLocal(Acknowledged("K-1"), "2026-03-02 10:06"),
              AtLocal(Reclassified("K-1", events::v1::CASE_PRIORITY_UNSPECIFIED, "advice"), "2026-03-02 10:30"));
  // As of the reception; what stopped it since has stopped it.
  EXPECT_THAT(Clocks(), ElementsAre("firm/fees#0 dropped 03-02 10:30", "firm/advice#0 running due 03-02 11:30",
                                    "firm/advice.ack#0 met 03-02 10:06 late"));
  test_.Given(AtLocal(Reclassified("K-1", events::v1::CASE_PRIORITY_UNSPECIFIED, "fees"), "2026-03-02 10:40"));
  EXPECT_THAT(Clocks(), ElementsAre("firm/fees#0 dropped 03-02 10:30", "firm/advice#0 dropped 03-02 10:40",
                                    "firm/advice.ack#0 met 03-02 10:06 late", "firm/fees#1 running due 03-02 11:00"));
}

TEST_F(ClockTest, TheEarliestDateOfARegulatorBinds) {
  PackDraft pack =
      PackDraft("cn").Clock("answer", BusinessDays(3), {events::v1::CASE_MOMENT_FINAL_RESPONSE}).With([](auto& rule) {
        rule.mutable_due()->set_external_date_binds(true);
      });
  test_.Given(Published(pack), AtLocal(Complained("K-1"), "2026-03-02 10:00"));
  EXPECT_THAT(Clocks(), ElementsAre("cn/answer#0 running due 03-05 17:00"));
  test_.Given(AtLocal(Referred("K-1", External("cn.csrc.12386", "2026-03-12 18:00")), "2026-03-03 10:00"));
  EXPECT_THAT(Clocks(), ElementsAre("cn/answer#0 dropped 03-03 10:00", "cn/answer#1 running due 03-12 18:00"));
  EXPECT_EQ(LocalText(Row().clocks(1).started_at()), "03-02 10:00");
  test_.Given(AtLocal(Referred("K-1", External("cn.csrc.12386", "2026-03-15 18:00")), "2026-03-04 10:00"));
  EXPECT_THAT(Clocks(), SizeIs(2)) << "a later date moves nothing";
  test_.Given(AtLocal(Referred("K-1", External("cn.sac", "2026-03-10 18:00")), "2026-03-04 11:00"),
              AtLocal(Complained("K-2").With([](Event& event) {
                *event.mutable_complaint_received()->mutable_external() = External("cn.csrc.12386", "2026-03-06 12:00");
              }),
                      "2026-03-02 10:00"));
  EXPECT_THAT(Clocks(), ElementsAre("cn/answer#0 dropped 03-03 10:00", "cn/answer#1 dropped 03-04 11:00",
                                    "cn/answer#2 running due 03-10 18:00"));
  EXPECT_THAT(Clocks("K-2"), ElementsAre("cn/answer#0 running due 03-06 12:00"));
}

TEST_F(ClockTest, ANumberThatComesLaterStartsWhatIsForItsScheme) {
  PackDraft pack = PackDraft("cn")
                       .Clock("told", Minutes(60), {kContacted})
                       .StartsAt(events::v1::CASE_MOMENT_REFERRED)
                       .Clock("since", Minutes(60), {kContacted})
                       .With([](auto& rule) { rule.mutable_condition()->add_external_schemes("cn.csrc.12386"); });
  test_.Given(Published(pack), AtLocal(Complained("K-1"), "2026-03-02 10:00"),
              AtLocal(Referred("K-1", External("cn.csrc.12386")), "2026-03-02 10:20"),
              AtLocal(Complained("K-2").With([](Event& event) {
                *event.mutable_complaint_received()->mutable_external() = External("cn.csrc.12386");
              }),
                      "2026-03-02 10:00"));
  EXPECT_THAT(Clocks("K-1"), ElementsAre("cn/since#0 running due 03-02 11:00", "cn/told#0 running due 03-02 11:20"));
  EXPECT_THAT(Clocks("K-2"), ElementsAre("cn/since#0 running due 03-02 11:00", "cn/told#0 running due 03-02 11:00"));
}

TEST_F(ClockTest, OnlyTheFirmsOwnContactAboutTheCaseCounts) {
  test_.Given(Published(PackDraft("firm").Clock("call", Minutes(60), {kContacted})),
              AtLocal(Opened("K-1"), "2026-03-02 10:00"));
  ExpectNothingWritten(ContactAbout("K-1", events::v1::DIRECTION_INBOUND), ContactAbout("K-9"), ContactAbout(""),
                       ContactAbout("K-1").Client("C-2"));
  test_.Given(AtLocal(ContactAbout("K-1"), "2026-03-02 10:30"));
  EXPECT_THAT(Clocks(), ElementsAre("firm/call#0 met 03-02 10:30"));
  ExpectNothingWritten(ContactAbout("K-1"));
}

TEST_F(ClockTest, AMomentThatIsNotTheFirstStillStopsWhatStartedSince) {
  test_.Given(
      Published(PackDraft("firm").Clock("call", Minutes(60), {kContacted}).StartsAt(events::v1::CASE_MOMENT_ESCALATED)),
      AtLocal(Opened("K-1"), "2026-03-02 10:00"), AtLocal(ContactAbout("K-1"), "2026-03-02 10:10"),
      AtLocal(Escalated("K-1", "desk"), "2026-03-02 10:20"));
  EXPECT_THAT(Clocks(), ElementsAre("firm/call#0 running due 03-02 11:20"));
  test_.Given(AtLocal(ContactAbout("K-1"), "2026-03-02 10:30"));
  EXPECT_THAT(Clocks(), ElementsAre("firm/call#0 met 03-02 10:30"));
}

TEST_F(ClockTest, WhatChangesNothingForClocksWritesNothing) {
  test_.Given(Published(PackDraft("firm").Clock("resolve", Minutes(600), {kResolved})),
              AtLocal(Opened("K-1"), "2026-03-02 10:00"), Assigned("K-1", "S-1"), Started("K-1"),
              Escalated("K-1", "desk"));
  ExpectNothingWritten(NoteAdded("K-1", "n"), WorkRecorded("K-1", "call", events::v1::WORK_PHASE_COMPLETED),
                       TimelinessReported("K-1", true), Assigned("K-1", "S-2"), Started("K-1"),
                       Escalated("K-1", "desk"), Reclassified("K-1", events::v1::CASE_PRIORITY_UNSPECIFIED));
}

TEST_F(ClockTest, WhatWasImportedIsComputedButNeverTold) {
  const auto imported = [](Draft draft) { return draft.With([](Event& event) { event.set_imported(true); }); };
  test_.Given(Published(PackDraft("firm")
                            .Clock("resolve", Minutes(60), {kResolved})
                            .Restarts()
                            .Pauses({events::v1::WAITING_ON_CLIENT})),
              imported(AtLocal(Opened("K-1"), "2026-03-02 10:00")), AtLocal(WaitStarted("K-1"), "2026-03-02 10:10"),
              AtLocal(Resumed("K-1"), "2026-03-02 10:20"));
  EXPECT_THAT(Clocks(), ElementsAre("firm/resolve#0 running due 03-02 11:10"));
  EXPECT_THAT(test_.Entries<ClocksByDue>(), SizeIs(1));
  EXPECT_THAT(test_.Entries<ClockAlarms>(), IsEmpty());
  test_.Given(AtLocal(Resolved("K-1"), "2026-03-02 12:00"));
  EXPECT_THAT(Clocks(), ElementsAre("firm/resolve#0 met 03-02 12:00 late"));
  EXPECT_THAT(PendingIds(Row()), IsEmpty());
  // What begins here is no past any more.
  test_.Given(AtLocal(Reopened("K-1"), "2026-03-03 10:00"));
  EXPECT_THAT(PendingIds(Row()), ElementsAre("clock/started/K-1/firm/resolve/1"));
  EXPECT_THAT(test_.Entries<ClockAlarms>(), SizeIs(1));
}

TEST_F(ClockTest, ARowStaysBounded) {
  PackDraft pack("many");
  for (int i = 0; i < 32; ++i) pack.Clock(fmt::format("c{}", i), Minutes(600), {kContacted});
  test_.Given(
      Published(pack),
      Published(PackDraft("more").Clock("one", Minutes(600), {kContacted}).Pauses({events::v1::WAITING_ON_CLIENT})),
      Published(PackDraft("a.few").Clock("one", Minutes(600), {kContacted}).Pauses({events::v1::WAITING_ON_CLIENT})),
      AtLocal(Opened("K-1"), "2026-03-02 10:00"));
  EXPECT_THAT(Row().clocks(), SizeIs(kClocksKept));
  EXPECT_EQ(Row().clocks_left_out(), 2);
  for (int i = 0; i < 150; ++i) test_.Given(WaitStarted("K-1"), Resumed("K-1"));
  EXPECT_GE(Row().inputs_size(), kInputsKept - 1);
  EXPECT_LE(Row().inputs_size(), kInputsKept);
  EXPECT_GT(Row().inputs_left_out(), 0);
  EXPECT_EQ(Row().clocks(0).pauses(), kMostPauses);
  EXPECT_NE(Row().clocks(0).state(), query::v1::CLOCK_STATE_PAUSED);
}

TEST_F(ClockTest, AnEventOfACaseThatTheViewLostIsParked) {
  const Delivery resolved{Finish(Resolved("K-1"), 1), "", Offset(1), Beginning()};
  events::v1::Verdict applied;
  applied.set_outcome(events::v1::VERDICT_OUTCOME_APPLIED);
  ViewRun run(sdk::Describe<ClockView>());
  run.Fold(resolved, applied);
  EXPECT_EQ(run.parked().at("C-1").reason, "case_unknown");
}

}  // namespace
}  // namespace kefu::clock
