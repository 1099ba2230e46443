// How a book passes on: what counts as moved, who has to be told, when orders are done; and no client without a broker,
// whatever happens.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "platform/base/hash.h"
#include "platform/testkit/projection_driver.h"
#include "projections/book/book.h"
#include "projections/book/book_testing.h"

namespace kefu::book {
namespace {

using namespace testkit;
using testing::ElementsAre;
using testing::IsEmpty;

absl::Time Hour(int hour) { return testkit::Beginning() + absl::Hours(hour); }

class HandoverTest : public testing::Test {
 protected:
  // S-1 serves C-1 and C-2 and has a promise to C-3, whom S-3 serves.
  HandoverTest() {
    test_.Given(UnitTold("B-1"));
    for (const char* staff : {"S-1", "S-2", "S-3"}) test_.Given(StaffTold(staff), Licensed(staff));
    for (const char* client : {"C-1", "C-2", "C-3"}) test_.Given(Registered("王小明").Client(client).At(Hour(0)));
    test_.Given(GivenTo("C-1", "S-1").At(Hour(1)), GivenTo("C-2", "S-1").At(Hour(1)), GivenTo("C-3", "S-3").At(Hour(1)),
                Promised("P-3", Hour(90), "S-1").Client("C-3"));
  }
  query::v1::Handover Share(const std::string& id = "H-1") {
    const auto* row = test_.Row<Handovers>(id);
    return row == nullptr ? query::v1::Handover() : *row;
  }
  HandoverItem ItemOf(const std::string& id, int32_t kind = kClientKind, const std::string& handover = "H-1") {
    const auto* row = test_.Row<HandoverItems>(handover, kind, id);
    return row == nullptr ? HandoverItem() : *row;
  }
  BookClient Client(const std::string& id) {
    const auto* row = test_.Row<Clients>(id);
    return row == nullptr ? BookClient() : *row;
  }
  size_t OpenOrders() { return test_.run().view().Rows(Orders::kName).size(); }

  ProjectionDriver<BookView> test_;
};

TEST_F(HandoverTest, ItBeginsWithWhatThereIs) {
  test_.Given(HandoverOpened("H-1", "S-1", 2).At(Hour(2)));
  EXPECT_EQ(Share().state(), query::v1::HANDOVER_STATE_OPEN);
  EXPECT_EQ(Share().opened_with().clients(), 2);
  EXPECT_EQ(Share().opened_with().promises(), 1);
  EXPECT_EQ(Share().last_day().day(), 30);
  const StaffMember leaver = *test_.Row<Staff>("S-1");
  EXPECT_EQ(leaver.status(), query::v1::STAFF_STATUS_LEAVING);
  EXPECT_EQ(leaver.handover_id(), "H-1");
  test_.Given(StaffTold("S-1", "B-1"));
  EXPECT_EQ(test_.Row<Staff>("S-1")->status(), query::v1::STAFF_STATUS_LEAVING) << "the record says nothing of leaving";
}

TEST_F(HandoverTest, WhatFindsOtherHandsIsOnTheChecklist) {
  test_.Given(HandoverOpened("H-1", "S-1", 2), GivenTo("C-1", "S-2").At(Hour(5)).Id("a-1"),
              Reassigned(events::v1::WORK_KIND_PROMISE, "P-3", "S-3").Client("C-3").At(Hour(6)));
  EXPECT_EQ(Share().moved().clients(), 1);
  EXPECT_EQ(Share().moved().promises(), 1);
  EXPECT_EQ(ItemOf("C-1").to_staff_id(), "S-2");
  EXPECT_EQ(ItemOf("C-1").moved_by_event_id(), "a-1");
  EXPECT_EQ(FromProto(ItemOf("C-1").moved_at()), Hour(5));
  EXPECT_EQ(ItemOf("P-3", events::v1::WORK_KIND_PROMISE).to_staff_id(), "S-3");
  EXPECT_EQ(ItemOf("P-3", events::v1::WORK_KIND_PROMISE).client_id(), "C-3");
  EXPECT_EQ(Client("C-1").handover_id(), "H-1");
  EXPECT_EQ(ItemOf("C-2").client_id(), "") << "it is still with the leaver";
  // What others do among themselves is none of it.
  test_.Given(GivenTo("C-3", "S-2").At(Hour(7)));
  EXPECT_EQ(Share().moved().clients(), 1);
  EXPECT_EQ(Client("C-3").handover_id(), "");
}

TEST_F(HandoverTest, TheLeaversPlaceBesideAnotherGoesToTheSuccessor) {
  const auto backup = [](const char* staff, const char* handover) {
    return GivenTo("C-3", staff, {}, events::v1::BROKER_ROLE_BACKUP).With([=](Event& event) {
      event.mutable_client_assigned_to_broker()->set_handover_id(handover);
    });
  };
  test_.Given(backup("S-1", ""), HandoverOpened("H-1", "S-1", 2));
  EXPECT_THAT(Client("C-3").backups(), ElementsAre("S-1"));
  test_.Given(backup("S-2", "H-1"));
  EXPECT_THAT(Client("C-3").backups(), ElementsAre("S-2"));
  EXPECT_EQ(Share().moved().clients(), 0) << "it was in no book of the leaver";
}

TEST_F(HandoverTest, WorkThatEndsIsNoLongerHeldAndNotMoved) {
  test_.Given(HandoverOpened("H-1", "S-1", 2), PromiseKept("P-3").Client("C-3"));
  EXPECT_EQ(Share().moved().promises(), 0);
  EXPECT_EQ(test_.Row<Owners>("S-1")->promises(), 0);
}

TEST_F(HandoverTest, ACaseDoesNotComeBackToWhoLeaves) {
  test_.Given(Opened("K-1"), Assigned("K-1", "S-1"), Resolved("K-1"), HandoverOpened("H-1", "S-1", 2),
              Reopened("K-1"));
  EXPECT_EQ(test_.Row<Items>(static_cast<int32_t>(events::v1::WORK_KIND_CASE), "K-1")->owner_id(), "");
  EXPECT_EQ(test_.Row<Owners>("S-1")->cases(), 0);
}

TEST_F(HandoverTest, OrdersWaitUntilTheLeaverHoldsNothing) {
  test_.Given(HandoverOpened("H-1", "S-1", 2), SuccessorNamed("H-1", "S-2", {"C-1"}).Id("o-1"),
              SuccessorNamed("H-1", "S-3"));
  ASSERT_EQ(OpenOrders(), 2u);
  const auto rows = test_.run().view().Rows(Orders::kName);
  const auto& first = static_cast<const Order&>(*rows[0].second);
  EXPECT_EQ(first.event_id(), "o-1");
  EXPECT_EQ(first.from_staff_id(), "S-1");
  EXPECT_EQ(first.to_staff_id(), "S-2");
  EXPECT_THAT(first.client_ids(), ElementsAre("C-1"));
  EXPECT_THAT(static_cast<const Order&>(*rows[1].second).client_ids(), IsEmpty());
  test_.Given(GivenTo("C-1", "S-2"), GivenTo("C-2", "S-3"));
  EXPECT_EQ(OpenOrders(), 2u) << "there is still a promise";
  test_.Given(Reassigned(events::v1::WORK_KIND_PROMISE, "P-3", "S-3").Client("C-3"));
  EXPECT_EQ(OpenOrders(), 0u);
  EXPECT_EQ(test_.Row<OrderLists>("H-1"), nullptr);
  test_.Given(SuccessorNamed("H-1", "S-3"));
  EXPECT_EQ(OpenOrders(), 0u) << "nothing is left to move here";
}

TEST_F(HandoverTest, ACancelledOneLeavesWhatHasMovedWhereItIs) {
  test_.Given(HandoverOpened("H-1", "S-1", 2), SuccessorNamed("H-1", "S-2"), GivenTo("C-1", "S-2"),
              HandoverCancelled("H-1").At(Hour(9)));
  EXPECT_EQ(Share().state(), query::v1::HANDOVER_STATE_CANCELLED);
  EXPECT_EQ(OpenOrders(), 0u);
  EXPECT_EQ(test_.Row<Staff>("S-1")->status(), query::v1::STAFF_STATUS_ACTIVE);
  EXPECT_FALSE(test_.Row<Staff>("S-1")->has_last_day());
  EXPECT_EQ(Client("C-1").broker_id(), "S-2");
  EXPECT_EQ(Client("C-2").broker_id(), "S-1");
  // It can leave another time, and that is another handover.
  test_.Given(HandoverOpened("H-2", "S-1", 1), GivenTo("C-2", "S-3"));
  EXPECT_EQ(Share("H-1").moved().clients(), 1);
  EXPECT_EQ(Share("H-2").moved().clients(), 1);
}

TEST_F(HandoverTest, EachClientThatMovedHasToBeTold) {
  test_.Given(HandoverOpened("H-1", "S-1", 2), GivenTo("C-1", "S-2"));
  EXPECT_EQ(Share().not_informed(), 1);
  test_.Given(Informed("C-1", "H-1", events::v1::HANDOVER_CHOICE_UNDECIDED).At(Hour(9)));
  EXPECT_EQ(Share().not_informed(), 0);
  EXPECT_EQ(Share().moved().informed(), 1);
  EXPECT_EQ(Share().moved().undecided(), 1);
  EXPECT_EQ(FromProto(Client("C-1").informed_at()), Hour(9));
  // It made up its mind: told twice, counted once.
  test_.Given(Informed("C-1", "H-1", events::v1::HANDOVER_CHOICE_OTHER_BROKER).At(Hour(10)));
  EXPECT_EQ(Share().moved().informed(), 1);
  EXPECT_EQ(Share().moved().undecided(), 0);
  EXPECT_EQ(Share().moved().other_broker(), 1);
  EXPECT_EQ(Client("C-1").choice(), events::v1::HANDOVER_CHOICE_OTHER_BROKER);
  EXPECT_EQ(Share().not_informed(), 0);
}

TEST_F(HandoverTest, WhoWasToldBeforeItMovedNeedsNotBeToldAgain) {
  test_.Given(HandoverOpened("H-1", "S-1", 2), Informed("C-1", "H-1"));
  EXPECT_EQ(Share().not_informed(), 0);
  EXPECT_FALSE(ItemOf("C-1").has_moved_at());
  test_.Given(GivenTo("C-1", "S-2"));
  EXPECT_EQ(Share().not_informed(), 0);
  EXPECT_TRUE(ItemOf("C-1").has_moved_at());
  EXPECT_TRUE(Client("C-1").has_informed_at());
}

TEST_F(HandoverTest, WhoPassesOnAgainIsToldByTheHandoverThatMovedItLast) {
  test_.Given(HandoverOpened("H-1", "S-1", 2), GivenTo("C-1", "S-2"), HandoverOpened("H-2", "S-2", 1),
              GivenTo("C-1", "S-3"));
  EXPECT_EQ(Share("H-1").not_informed(), 0);
  EXPECT_EQ(Share("H-2").not_informed(), 1);
  EXPECT_EQ(Client("C-1").handover_id(), "H-2");
  test_.Given(Informed("C-1", "H-1"));
  EXPECT_EQ(Share("H-1").not_informed(), 0) << "told late of what is over";
  EXPECT_EQ(Share("H-2").not_informed(), 1);
  test_.Given(Informed("C-1", "H-2"));
  EXPECT_EQ(Share("H-2").not_informed(), 0);
}

TEST_F(HandoverTest, WhoWasNotToldYetStaysSoWhoeverTakesItNext) {
  test_.Given(HandoverOpened("H-1", "S-1", 2), GivenTo("C-1", "S-2"), GivenTo("C-1", "S-3"));
  EXPECT_EQ(Client("C-1").handover_id(), "H-1");
  EXPECT_EQ(Share().not_informed(), 1);
  test_.Given(Informed("C-1", "H-1"), GivenTo("C-1", "S-2"));
  EXPECT_EQ(Client("C-1").handover_id(), "") << "it came by no handover";
  EXPECT_EQ(Share().not_informed(), 0);
}

TEST_F(HandoverTest, WhoLeavesTheFirmFirstIsCountedAsClosed) {
  test_.Given(HandoverOpened("H-1", "S-1", 2), SuccessorNamed("H-1", "S-2"),
              StatusChanged(events::v1::CLIENT_STATUS_CLOSED).Client("C-1"));
  EXPECT_EQ(Share().moved().closed(), 1);
  EXPECT_TRUE(ItemOf("C-1").closed());
  EXPECT_EQ(Share().moved().clients(), 0);
  EXPECT_EQ(test_.Row<Owners>("S-1")->clients(), 1);
  // One that moved and closes before it was told needs not be told.
  test_.Given(GivenTo("C-2", "S-2"), StatusChanged(events::v1::CLIENT_STATUS_CLOSED).Client("C-2"));
  EXPECT_EQ(Share().not_informed(), 0);
  EXPECT_EQ(Share().moved().closed(), 1);
  EXPECT_TRUE(ItemOf("C-2").closed());
}

TEST_F(HandoverTest, TheCertificateEndsItAndTheLeaverIsGone) {
  test_.Given(HandoverOpened("H-1", "S-1", 2), GivenTo("C-1", "S-2"), GivenTo("C-2", "S-2"), Informed("C-1", "H-1"),
              Informed("C-2", "H-1"), Reassigned(events::v1::WORK_KIND_PROMISE, "P-3", "S-3").Client("C-3"),
              ShareSettled("H-1", 0));
  EXPECT_THAT(Share().settled_partitions(), ElementsAre(0));
  test_.Given(HandoverCompleted("H-1", "S-1").At(Hour(40)).Id("done"));
  EXPECT_EQ(Share().state(), query::v1::HANDOVER_STATE_COMPLETED);
  EXPECT_EQ(FromProto(Share().ended_at()), Hour(40));
  EXPECT_EQ(Share().completed_by_event_id(), "done");
  EXPECT_EQ(Share().digest(), std::string(32, 'D'));
  EXPECT_EQ(test_.Row<Staff>("S-1")->status(), query::v1::STAFF_STATUS_LEFT);
  EXPECT_EQ(test_.Row<Owners>("S-1"), nullptr);
}

TEST(HandoverPartition, EachKeepsItsOwnClientsOnly) {
  // Of two partitions, the one that C-1 does not live in.
  const Partition elsewhere(1 - PartitionForKey("C-1", 2));
  ProjectionDriver<BookView> test(elsewhere);
  const auto copy = [&](Draft draft) {
    return draft.With([](Event& event) { event.mutable_broadcast()->set_partitions(2); });
  };
  std::string here;
  for (int i = 2; here.empty(); ++i)
    if (PartitionForKey(fmt::format("C-{}", i), 2) == elsewhere.value()) here = fmt::format("C-{}", i);
  test.Given(copy(UnitTold("B-1")), copy(StaffTold("S-1")), copy(Licensed("S-1")), copy(StaffTold("S-2")),
             copy(Licensed("S-2")), Registered("王").Client(here), GivenTo(here, "S-1"),
             copy(HandoverOpened("H-1", "S-1", 2)), copy(SuccessorNamed("H-1", "S-2", {"C-1"})));
  EXPECT_THAT(test.run().view().Rows(Orders::kName), IsEmpty()) << "none of its clients";
  test.Given(copy(SuccessorNamed("H-1", "S-2", {"C-1", here})));
  const auto orders = test.run().view().Rows(Orders::kName);
  ASSERT_EQ(orders.size(), 1u);
  EXPECT_THAT(static_cast<const Order&>(*orders[0].second).client_ids(), ElementsAre(here));
}

// Hires, assignments, work, leaving, closing, late news, in any order; admission decides what counts.
class Histories {
 public:
  explicit Histories(uint64_t seed) : random_(seed) {}

  Event Next(int number) {
    Draft draft = Any();
    draft.At(Hour(number) - absl::Hours(Below(10) == 0 ? static_cast<int>(random_() % 50) : 0));
    return Finish(draft, number);
  }
  static std::vector<Event> Cast(int clients, int staff) {
    std::vector<Draft> drafts{UnitTold("B-1")};
    for (int i = 0; i < staff; ++i) {
      drafts.push_back(StaffTold(fmt::format("S-{}", i)));
      drafts.push_back(Licensed(fmt::format("S-{}", i)));
    }
    for (int i = 0; i < clients; ++i) drafts.push_back(Registered("王小明").Client(fmt::format("C-{}", i)));
    std::vector<Event> events;
    for (const Draft& draft : drafts) events.push_back(Finish(draft, static_cast<int64_t>(events.size())));
    return events;
  }

 private:
  uint64_t Below(uint64_t bound) { return random_() % bound; }
  std::string Client() { return fmt::format("C-{}", Below(12)); }
  std::string Staff() { return fmt::format("S-{}", Below(5)); }
  std::string Handover() { return fmt::format("H-{}", Below(12)); }
  // Ids belong to one client, so that some events fit.
  std::string Id(const char* what, std::string* client) {
    const uint64_t number = Below(40);
    *client = fmt::format("C-{}", number % 12);
    return fmt::format("{}-{}", what, number);
  }

  Draft Any() {
    std::string client;
    switch (Below(20)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return GivenTo(Client(), Staff());
      case 4: {
        const std::string id = Id("P", &client);
        return Promised(id, Hour(static_cast<int>(Below(500))), Staff()).Client(client);
      }
      case 5: {
        const std::string id = Id("P", &client);
        return Draft(PromiseKept(id)).Client(client);
      }
      case 6: {
        const std::string id = Id("K", &client);
        return Draft(Opened(id)).Client(client);
      }
      case 7: {
        const std::string id = Id("K", &client);
        return Draft(Assigned(id, Staff())).Client(client);
      }
      case 8: {
        const std::string id = Id("K", &client);
        return Draft(Resolved(id)).Client(client);
      }
      case 9: {
        const std::string id = Id("K", &client);
        return Draft(Reopened(id)).Client(client);
      }
      case 10: {
        const std::string id = Id("L", &client);
        return Draft(LeadTold(id, Staff(), Hour(9))).Client(client);
      }
      case 11: {
        const std::string id = Id("L", &client);
        return Draft(LeadTaken(id, Staff())).Client(client);
      }
      case 12: {
        const std::string id = Id("L", &client);
        return Draft(LeadEnded(id, Below(2) == 0 ? "won" : "lost")).Client(client);
      }
      case 13: {
        const bool promise = Below(2) == 0;
        const std::string id = Id(promise ? "P" : "K", &client);
        return Reassigned(promise ? events::v1::WORK_KIND_PROMISE : events::v1::WORK_KIND_CASE, id, Staff())
            .Client(client);
      }
      case 14:
        return HandoverOpened(Handover(), Staff(), 1);
      case 15:
        return SuccessorNamed(Handover(), Staff());
      case 16:
        return Below(3) == 0 ? HandoverCancelled(Handover()) : ShareSettled(Handover(), 0);
      case 17:
        return Informed(Client(), Handover(), static_cast<events::v1::HandoverChoice>(1 + Below(4)));
      case 18:
        return Below(6) == 0 ? StatusChanged(events::v1::CLIENT_STATUS_CLOSED).Client(Client())
                             : Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_OUTBOUND).Client(Client());
      default:
        return Below(2) == 0 ? Merged(Client(), Client()) : Configured("gold").Client(Client());
    }
  }

  std::mt19937_64 random_;
};

// What the indexes of a view ought to say, counted from its rows.
void ExpectCountsFit(const MemoryStage& view) {
  std::map<std::string, Workload> counted;
  for (const auto& [key, row] : view.Rows(Clients::kName)) {
    const auto& client = static_cast<const BookClient&>(*row);
    if (!client.closed() && !client.broker_id().empty())
      counted[client.broker_id()].set_clients(counted[client.broker_id()].clients() + 1);
  }
  for (const auto& [key, row] : view.Rows(Items::kName)) {
    const auto& item = static_cast<const BookItem&>(*row);
    if (item.ended() || item.owner_id().empty()) continue;
    Workload& load = counted[item.owner_id()];
    if (item.kind() == events::v1::WORK_KIND_CASE) load.set_cases(load.cases() + 1);
    if (item.kind() == events::v1::WORK_KIND_PROMISE) load.set_promises(load.promises() + 1);
    if (item.kind() == events::v1::WORK_KIND_LEAD) load.set_leads(load.leads() + 1);
  }
  std::map<std::string, std::string> told, expected;
  for (const auto& [key, row] : view.Rows(Owners::kName)) {
    std::string_view rest = key;
    std::string staff;
    ASSERT_TRUE(codec::TakePart(rest, &staff));
    told[staff] = row->ShortDebugString();
  }
  for (const auto& [staff, load] : counted) expected[staff] = load.ShortDebugString();
  EXPECT_EQ(told, expected);
}

// At each moment exactly one primary tenure of a served client lasts, and no two hold at once.
void ExpectTenuresFit(const MemoryStage& view) {
  std::map<std::string, std::vector<std::pair<absl::Time, absl::Time>>> spans;
  for (const auto& [key, row] : view.Rows(Tenures::kName)) {
    const auto& tenure = static_cast<const TenureRow&>(*row).tenure();
    const absl::Time from = FromProto(tenure.from());
    const absl::Time until = tenure.has_until() ? FromProto(tenure.until()) : absl::InfiniteFuture();
    EXPECT_LE(from, until);
    if (from < until) spans[tenure.client_id()].emplace_back(from, until);
  }
  for (const auto& [key, row] : view.Rows(Clients::kName)) {
    const auto& client = static_cast<const BookClient&>(*row);
    auto& all = spans[client.client_id()];
    std::sort(all.begin(), all.end());
    int lasting = 0;
    for (size_t i = 0; i < all.size(); ++i) {
      lasting += all[i].second == absl::InfiniteFuture();
      if (i == 0) continue;
      EXPECT_LE(all[i - 1].second, all[i].first) << client.client_id() << " is served by two at once";
    }
    EXPECT_EQ(lasting, client.broker_id().empty() || client.closed() ? 0 : 1) << client.client_id();
  }
}

// Who is waited for in open handovers, counted from the rows of clients.
void ExpectWaitingFits(const MemoryStage& view) {
  std::map<std::string, int64_t> waiting;
  for (const auto& [key, row] : view.Rows(Clients::kName)) {
    const auto& client = static_cast<const BookClient&>(*row);
    if (!client.closed() && !client.handover_id().empty() && !client.has_informed_at()) ++waiting[client.handover_id()];
  }
  for (const auto& [key, row] : view.Rows(Handovers::kName)) {
    const auto& handover = static_cast<const query::v1::Handover&>(*row);
    if (handover.state() != query::v1::HANDOVER_STATE_OPEN) continue;
    EXPECT_EQ(handover.not_informed(), waiting[handover.handover_id()]) << handover.handover_id();
  }
}

TEST(BookProperty, CountsTenuresAndWaitingAreWhatTheRowsSay) {
  const char* given = std::getenv("KEFU_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  size_t opened = 0, moved = 0;
  for (uint64_t run = 0; run < 8; ++run) {
    ProjectionDriver<BookView> test;
    test.Play(Histories::Cast(12, 5));
    Histories histories(seed + run);
    for (int step = 0; step < 12; ++step) {
      std::vector<Event> events;
      for (int i = 0; i < 50; ++i) events.push_back(histories.Next(100 + step * 50 + i));
      test.Play(events);
      ASSERT_THAT(test.run().parked(), IsEmpty());
      ExpectCountsFit(test.run().view());
      ExpectTenuresFit(test.run().view());
      ExpectWaitingFits(test.run().view());
      if (testing::Test::HasFailure()) return;
    }
    opened += test.run().view().Rows(Handovers::kName).size();
    moved += test.run().view().Rows(HandoverItems::kName).size();
  }
  EXPECT_GT(opened, 4u) << "the histories are too tame";
  EXPECT_GT(moved, 10u);
}

}  // namespace
}  // namespace kefu::book
