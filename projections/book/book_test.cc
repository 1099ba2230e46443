#include "projections/book/book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/testkit/golden.h"
#include "platform/testkit/projection_driver.h"
#include "projections/book/book_testing.h"

namespace kefu::book {
namespace {

using namespace testkit;
using testing::ElementsAre;
using testing::IsEmpty;

absl::Time Hour(int hour) { return testkit::Beginning() + absl::Hours(hour); }

class BookTest : public testing::Test {
 protected:
  // Three brokers, and two clients that nobody serves yet.
  BookTest() {
    test_.Given(UnitTold("B-1"));
    for (const char* staff : {"S-1", "S-2", "S-3"}) test_.Given(StaffTold(staff), Licensed(staff));
    for (const char* client : {"C-1", "C-2"}) test_.Given(Registered("王小明").Client(client).Branch("B-1").At(Hour(0)));
  }
  BookClient Client(const std::string& client_id = "C-1") {
    const auto* row = test_.Row<Clients>(client_id);
    return row == nullptr ? BookClient() : *row;
  }
  Workload Load(const std::string& staff_id) {
    const auto* row = test_.Row<Owners>(staff_id);
    return row == nullptr ? Workload() : *row;
  }
  BookItem Item(events::v1::WorkKind kind, const std::string& id) {
    const auto* row = test_.Row<Items>(static_cast<int32_t>(kind), id);
    return row == nullptr ? BookItem() : *row;
  }
  // "S-1 from 0 to 24", by hours, oldest first.
  std::vector<std::string> TenuresOf(const std::string& client_id) {
    std::vector<std::string> lines;
    for (const auto& [key, row] : test_.run().view().Rows(Tenures::kName)) {
      const auto& tenure = static_cast<const TenureRow&>(*row).tenure();
      if (tenure.client_id() != client_id) continue;
      const auto hour = [](const auto& time) { return absl::ToInt64Hours(FromProto(time) - testkit::Beginning()); };
      std::string line = fmt::format("{} from {}", tenure.staff_id(), hour(tenure.from()));
      if (tenure.has_until()) line += fmt::format(" to {}", hour(tenure.until()));
      if (tenure.role() != events::v1::BROKER_ROLE_PRIMARY) line += " as " + EnumName(tenure.role());
      lines.push_back(line);
    }
    return lines;
  }
  static std::string EnumName(events::v1::BrokerRole role) { return events::v1::BrokerRole_Name(role); }

  ProjectionDriver<BookView> test_;
};

TEST_F(BookTest, WhoIsRegisteredIsServedByNobodyYet) {
  EXPECT_TRUE(Client().registered());
  EXPECT_EQ(Client().branch_id(), "B-1");
  EXPECT_THAT(test_.Entries<ClientsByBroker>(), ElementsAre(", C-1", ", C-2"));
  EXPECT_THAT(test_.Entries<ClientsByNeglect>(), IsEmpty());
  test_.Given(Configured("gold"));
  EXPECT_EQ(Client().tier(), "gold");
}

TEST_F(BookTest, AnAssignedClientIsInOneBookAndCounted) {
  test_.Given(GivenTo("C-1", "S-1").At(Hour(5)).Id("a-1"), GivenTo("C-2", "S-1").At(Hour(6)));
  EXPECT_EQ(Client().broker_id(), "S-1");
  EXPECT_EQ(FromProto(Client().since()), Hour(5));
  EXPECT_EQ(Client().assigned_by_event_id(), "a-1");
  EXPECT_EQ(Load("S-1").clients(), 2);
  test_.Given(GivenTo("C-1", "S-2").At(Hour(8)));
  EXPECT_EQ(Load("S-1").clients(), 1);
  EXPECT_EQ(Load("S-2").clients(), 1);
  EXPECT_THAT(test_.Entries<ClientsByBroker>(), ElementsAre("S-1, C-2", "S-2, C-1"));
  test_.Given(GivenTo("C-2", "S-2").At(Hour(9)));
  EXPECT_EQ(test_.Row<Owners>("S-1"), nullptr) << "who holds nothing has no row";
}

TEST_F(BookTest, WhoeverWasNotServedStandsSinceItWasAssigned) {
  test_.Given(GivenTo("C-1", "S-1").At(Hour(5)), GivenTo("C-2", "S-1").At(Hour(3)));
  EXPECT_EQ(FromProto(Client().last_served_at()), Hour(5));
  EXPECT_THAT(test_.Entries<ClientsByNeglect>(),
              ElementsAre("S-1, 2026-03-02T04:00:00Z, C-2", "S-1, 2026-03-02T06:00:00Z, C-1"));
  // Its next broker begins anew.
  test_.Given(GivenTo("C-1", "S-2").At(Hour(50)));
  EXPECT_EQ(FromProto(Client().last_served_at()), Hour(50));
  // A client that was served stays so, whoever has it.
  test_.Given(Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_OUTBOUND).Client("C-2").At(Hour(7)),
              GivenTo("C-2", "S-2").At(Hour(60)));
  EXPECT_EQ(FromProto(Client("C-2").last_served_at()), Hour(7));
  EXPECT_THAT(test_.Entries<ClientsByNeglect>(),
              ElementsAre("S-2, 2026-03-02T08:00:00Z, C-2", "S-2, 2026-03-04T03:00:00Z, C-1"));
}

TEST_F(BookTest, ServedIsWhomAPersonReached) {
  struct Case {
    events::v1::Channel channel;
    events::v1::Direction direction;
    bool served;
  };
  int hour = 10;
  test_.Given(GivenTo("C-1", "S-1").At(Hour(1)));
  for (const Case& each : {Case{events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND, true},
                           Case{events::v1::CHANNEL_IVR, events::v1::DIRECTION_INBOUND, false},
                           Case{events::v1::CHANNEL_SELF_SERVICE, events::v1::DIRECTION_INBOUND, false},
                           Case{events::v1::CHANNEL_WECHAT, events::v1::DIRECTION_INBOUND, true},
                           Case{events::v1::CHANNEL_LETTER, events::v1::DIRECTION_OUTBOUND, true},
                           Case{events::v1::CHANNEL_IVR, events::v1::DIRECTION_OUTBOUND, true}}) {
    SCOPED_TRACE(testing::Message() << events::v1::Channel_Name(each.channel) << " " << each.direction);
    const absl::Time before = FromProto(Client().last_served_at());
    test_.Given(Contacted(each.channel, each.direction).At(Hour(++hour)));
    EXPECT_EQ(FromProto(Client().last_served_at()), each.served ? Hour(hour) : before);
    const auto& told = each.direction == events::v1::DIRECTION_INBOUND ? Client().last_inbound_at()
                                                                        : Client().last_outbound_at();
    EXPECT_EQ(FromProto(told), Hour(hour));
  }
  // News of what is long past moves nothing back.
  test_.Given(Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_OUTBOUND).At(Hour(2)));
  EXPECT_EQ(FromProto(Client().last_served_at()), Hour(hour));
  EXPECT_EQ(FromProto(Client().last_outbound_at()), Hour(hour));
}

TEST_F(BookTest, OthersThanRegisteredClientsHaveNoRowUntilTheyAreAssigned) {
  test_.Given(Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_OUTBOUND).Client("C-9"));
  EXPECT_EQ(test_.Row<Clients>("C-9"), nullptr);
}

TEST_F(BookTest, TenuresFollowEachOther) {
  test_.Given(GivenTo("C-1", "S-1").At(Hour(0)), GivenTo("C-1", "S-2").At(Hour(24)),
              GivenTo("C-1", "S-3", Hour(100)).At(Hour(48)));
  EXPECT_THAT(TenuresOf("C-1"), ElementsAre("S-1 from 0 to 24", "S-2 from 24 to 100", "S-3 from 100"));
  EXPECT_THAT(test_.Entries<TenuresByBroker>().size(), 3u);
}

TEST_F(BookTest, AnAssignmentToldLateHoldsFromItsOwnDay) {
  test_.Given(GivenTo("C-1", "S-1", Hour(0)).At(Hour(0)), GivenTo("C-1", "S-2", Hour(50)).At(Hour(50)),
              GivenTo("C-1", "S-1", Hour(70)).At(Hour(70)), GivenTo("C-1", "S-3", Hour(20)).At(Hour(80)));
  EXPECT_THAT(TenuresOf("C-1"),
              ElementsAre("S-1 from 0 to 20", "S-3 from 20", "S-2 from 50 to 50", "S-1 from 70 to 70"))
      << "what would begin after it never held";
  EXPECT_EQ(Client().broker_id(), "S-3");
}

TEST_F(BookTest, BackupsAndSpecialistsStandBeside) {
  test_.Given(GivenTo("C-1", "S-1").At(Hour(1)),
              GivenTo("C-1", "S-2", {}, events::v1::BROKER_ROLE_BACKUP).At(Hour(2)),
              GivenTo("C-1", "S-3", {}, events::v1::BROKER_ROLE_SPECIALIST).At(Hour(3)));
  EXPECT_EQ(Client().broker_id(), "S-1");
  EXPECT_THAT(Client().backups(), ElementsAre("S-2"));
  EXPECT_THAT(Client().specialists(), ElementsAre("S-3"));
  EXPECT_EQ(Load("S-2").clients(), 0);
  EXPECT_THAT(TenuresOf("C-1"), ElementsAre("S-1 from 1", "S-2 from 2 as BROKER_ROLE_BACKUP",
                                            "S-3 from 3 as BROKER_ROLE_SPECIALIST"));
  test_.Given(GivenTo("C-1", "S-2").At(Hour(4)));
  EXPECT_THAT(Client().backups(), IsEmpty()) << "it is in charge now";
}

TEST_F(BookTest, AClosedClientIsInNoBook) {
  test_.Given(GivenTo("C-1", "S-1").At(Hour(1)), StatusChanged(events::v1::CLIENT_STATUS_SUSPENDED).At(Hour(2)));
  EXPECT_EQ(Load("S-1").clients(), 1) << "suspended clients are served";
  test_.Given(StatusChanged(events::v1::CLIENT_STATUS_CLOSED).At(Hour(3)),
              StatusChanged(events::v1::CLIENT_STATUS_CLOSED).Client("C-2"));
  EXPECT_EQ(Load("S-1").clients(), 0);
  EXPECT_TRUE(Client().closed());
  EXPECT_EQ(Client().broker_id(), "S-1") << "who served it last stays known";
  EXPECT_THAT(TenuresOf("C-1"), ElementsAre("S-1 from 1 to 3"));
  EXPECT_THAT(test_.Entries<ClientsByBroker>(), IsEmpty());
  EXPECT_THAT(test_.Entries<ClientsByNeglect>(), IsEmpty());
}

TEST_F(BookTest, AMergeChangesNothing) {
  test_.Given(GivenTo("C-1", "S-1"), GivenTo("C-2", "S-2"));
  const std::string before = test_.Dump();
  test_.Given(Merged("C-1", "C-2").Id("m-1"));
  EXPECT_EQ(test_.Dump(), before);
  test_.Given(Split("m-1"));
  EXPECT_EQ(test_.Dump(), before);
}

TEST_F(BookTest, OpenWorkIsListedByOwnerKindAndDate) {
  test_.Given(Promised("P-1", Hour(9), "S-1"), Promised("P-2", Hour(2), "S-1"), Promised("P-3", {}, "S-1"),
              Promised("P-4", Hour(1)), CallBackPlanned("B-1", Hour(3), "S-1"), LeadTold("L-1", "S-1", Hour(5)),
              Opened("K-1"), Assigned("K-1", "S-1"));
  EXPECT_THAT(test_.Entries<ItemsByOwner>(),
              ElementsAre("S-1, 1, 294247-01-10T04:00:54.775807Z, K-1", "S-1, 2, 2026-03-02T03:00:00Z, P-2",
                          "S-1, 2, 2026-03-02T10:00:00Z, P-1", "S-1, 2, 294247-01-10T04:00:54.775807Z, P-3",
                          "S-1, 3, 2026-03-02T04:00:00Z, B-1", "S-1, 4, 2026-03-02T06:00:00Z, L-1"));
  EXPECT_EQ(Load("S-1").promises(), 3);
  EXPECT_EQ(Load("S-1").call_backs(), 1);
  EXPECT_EQ(Load("S-1").leads(), 1);
  EXPECT_EQ(Load("S-1").cases(), 1);
  test_.Given(PromiseKept("P-1"), PromiseReleased("P-2"), PromiseKept("P-3"), CallBackDone("B-1"));
  EXPECT_EQ(Load("S-1").promises(), 0);
  EXPECT_EQ(Load("S-1").call_backs(), 0);
  EXPECT_EQ(Item(events::v1::WORK_KIND_PROMISE, "P-1").work_id(), "") << "what cannot come back leaves no row";
  EXPECT_THAT(test_.Entries<ItemsByOwner>(),
              ElementsAre("S-1, 1, 294247-01-10T04:00:54.775807Z, K-1", "S-1, 4, 2026-03-02T06:00:00Z, L-1"));
}

TEST_F(BookTest, ACaseKeepsItsDateForWhoeverGetsIt) {
  const auto due = [](int hour) {
    return [hour](Event& event) {
      *event.mutable_complaint_received()->mutable_opening()->mutable_due_at() = ToProto(Hour(hour));
    };
  };
  test_.Given(Complained("K-1").With(due(40)), Opened("K-2"));
  EXPECT_EQ(Load("S-1").cases(), 0);
  test_.Given(Assigned("K-1", "S-1").At(Hour(3)), Assigned("K-2", "", "T-1"));
  EXPECT_EQ(FromProto(Item(events::v1::WORK_KIND_CASE, "K-1").due_at()), Hour(40));
  EXPECT_EQ(FromProto(Item(events::v1::WORK_KIND_CASE, "K-1").since()), Hour(3));
  EXPECT_EQ(test_.Row<Items>(static_cast<int32_t>(events::v1::WORK_KIND_CASE), "K-2"), nullptr) << "nobody has it";
  // A regulator wants it sooner, then later than the firm itself.
  test_.Given(Referred("K-1", "cn.csrc.12386", "7", Hour(30)));
  EXPECT_EQ(FromProto(Item(events::v1::WORK_KIND_CASE, "K-1").due_at()), Hour(30));
  test_.Given(Referred("K-1", "cn.sse", "8", Hour(90)));
  EXPECT_EQ(FromProto(Item(events::v1::WORK_KIND_CASE, "K-1").due_at()), Hour(30));
  test_.Given(Reclassified("K-1", events::v1::CASE_PRIORITY_HIGH).With([](Event& event) {
    *event.mutable_case_reclassified()->mutable_due_at() = ToProto(Hour(20));
  }));
  EXPECT_EQ(FromProto(Item(events::v1::WORK_KIND_CASE, "K-1").due_at()), Hour(20));
  test_.Given(Assigned("K-1", "S-2"), Assigned("K-1", "", "T-9"));
  EXPECT_EQ(Load("S-1").cases(), 0);
  EXPECT_EQ(Load("S-2").cases(), 1) << "a team does not take it away";
}

TEST_F(BookTest, ACaseThatIsReopenedComesBackToWhoHadIt) {
  test_.Given(Opened("K-1"), Assigned("K-1", "S-1"), Resolved("K-1"));
  EXPECT_EQ(Load("S-1").cases(), 0);
  EXPECT_THAT(test_.Entries<ItemsByOwner>(), IsEmpty());
  test_.Given(Closed("K-1"));
  EXPECT_EQ(Load("S-1").cases(), 0) << "it ends once";
  test_.Given(Reopened("K-1"));
  EXPECT_EQ(Load("S-1").cases(), 1);
  test_.Given(Withdrawn("K-1"));
  EXPECT_EQ(Load("S-1").cases(), 0);
}

TEST_F(BookTest, AnAcceptedLeadIsWhosAcceptedItWithTheNewDate) {
  test_.Given(LeadTold("L-1", "S-1", Hour(5)), LeadTaken("L-1", "S-2", Hour(50)));
  EXPECT_EQ(Load("S-1").leads(), 0);
  EXPECT_EQ(Load("S-2").leads(), 1);
  EXPECT_EQ(FromProto(Item(events::v1::WORK_KIND_LEAD, "L-1").due_at()), Hour(50));
  test_.Given(LeadEnded("L-1", "lost"), LeadTold("L-2", "S-1", Hour(5)), LeadEnded("L-2", "declined"),
              LeadTold("L-3", "S-1", Hour(5)), LeadTaken("L-3", "S-1"));
  EXPECT_FALSE(Item(events::v1::WORK_KIND_LEAD, "L-3").has_due_at()) << "nobody named a date of its end";
  EXPECT_EQ(Load("S-2").leads(), 0);
  EXPECT_EQ(Load("S-1").leads(), 1);
}

TEST_F(BookTest, ARecommendationIsOpenUntilTheClientAnswered) {
  test_.Given(FundTold(), SuitabilityTold(), RiskTold(), Recommended("R-1", "S-1"), Recommended("R-2", "S-1"));
  EXPECT_EQ(Load("S-1").recommendations(), 2);
  test_.Given(FollowedUp("R-1", events::v1::RECOMMENDATION_RESULT_REVIEWED));
  EXPECT_EQ(Load("S-1").recommendations(), 2);
  test_.Given(FollowedUp("R-1", events::v1::RECOMMENDATION_RESULT_TAKEN),
              FollowedUp("R-2", events::v1::RECOMMENDATION_RESULT_WITHDRAWN));
  EXPECT_EQ(Load("S-1").recommendations(), 0);
}

TEST_F(BookTest, WorkPassesFromHandToHand) {
  test_.Given(Promised("P-1", Hour(9), "S-1"), Reassigned(events::v1::WORK_KIND_PROMISE, "P-1", "S-2").At(Hour(2)),
              Opened("K-1"), Assigned("K-1", "S-1"), Reassigned(events::v1::WORK_KIND_CASE, "K-1", "S-3"));
  EXPECT_EQ(Item(events::v1::WORK_KIND_PROMISE, "P-1").owner_id(), "S-2");
  EXPECT_EQ(FromProto(Item(events::v1::WORK_KIND_PROMISE, "P-1").since()), Hour(2));
  EXPECT_EQ(FromProto(Item(events::v1::WORK_KIND_PROMISE, "P-1").due_at()), Hour(9));
  EXPECT_EQ(test_.Row<Owners>("S-1"), nullptr);
  EXPECT_EQ(Load("S-3").cases(), 1);
}

TEST_F(BookTest, StaffIsAsPublishedLastWithItsQualificationsAndTraining) {
  test_.Given(Qualified("S-1", "investment_adviser", Day(2026, 1, 1), Day(2026, 12, 31),
                        {events::v1::STAFF_ACT_ASSESS}),
              Qualified("S-1", "investment_adviser", Day(2026, 1, 1), Day(2027, 12, 31),
                        {events::v1::STAFF_ACT_ASSESS, events::v1::STAFF_ACT_RECOMMEND}),
              Trained("S-1", 2026, 90, 30), Trained("S-1", 2025, 60, 0), Trained("S-1", 2026, 30, 30));
  const StaffMember member = *test_.Row<Staff>("S-1");
  EXPECT_EQ(member.name(), "王小明");
  EXPECT_EQ(member.status(), query::v1::STAFF_STATUS_ACTIVE);
  ASSERT_EQ(member.qualifications_size(), 2) << "a later record of one kind takes the place of the earlier one";
  EXPECT_EQ(member.qualifications(1).valid_until().year(), 2027);
  ASSERT_EQ(member.training_size(), 2);
  EXPECT_EQ(member.training(0).year(), 2025);
  EXPECT_EQ(member.training(1).minutes(), 120);
  EXPECT_EQ(member.training(1).law_and_ethics_minutes(), 60);
  for (int year = 2010; year < 2025; ++year) test_.Given(Trained("S-1", year, 1, 0));
  ASSERT_EQ(test_.Row<Staff>("S-1")->training_size(), kTrainingYearsKept);
  EXPECT_EQ(test_.Row<Staff>("S-1")->training(0).year(), 2017);
}

TEST_F(BookTest, WhatTheViewLostIsParked) {
  for (const Draft& draft : {PromiseKept("P-1"), Reassigned(events::v1::WORK_KIND_LEAD, "L-1", "S-1"),
                             Informed("C-1", "H-1"), LeadTaken("L-1", "S-1"), LeadEnded("L-1", "won")}) {
    const Delivery lost{Finish(draft, 1), "", Offset(1), testkit::Beginning()};
    events::v1::Verdict applied;
    applied.set_outcome(events::v1::VERDICT_OUTCOME_APPLIED);
    ViewRun run(sdk::Describe<BookView>());
    run.Fold(lost, applied);
    EXPECT_EQ(run.parked().count("C-1"), 1u) << lost.event.ShortDebugString();
    EXPECT_THAT(run.view().Rows(Items::kName), IsEmpty());
  }
}

TEST_F(BookTest, GoldenDump) {
  test_.Given(GivenTo("C-1", "S-1").At(Hour(1)), Configured("gold"), GivenTo("C-2", "S-1").At(Hour(2)),
              Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_OUTBOUND).At(Hour(3)),
              Promised("P-1", Hour(9), "S-1"), Opened("K-1"), Assigned("K-1", "S-1"), HandoverOpened("H-1", "S-1", 2),
              SuccessorNamed("H-1", "S-2"), GivenTo("C-1", "S-2").At(Hour(30)), Informed("C-1", "H-1"),
              Reassigned(events::v1::WORK_KIND_CASE, "K-1", "S-2"), Trained("S-3", 2026, 60, 20));
  ExpectGolden("projections/book/golden/book.txt", test_.Dump());
}

}  // namespace
}  // namespace kefu::book
