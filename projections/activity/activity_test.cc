#include "projections/activity/activity.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "platform/testkit/golden.h"
#include "platform/testkit/history.h"
#include "platform/testkit/projection_driver.h"
#include "projections/activity/activity_testing.h"
#include "projections/activity/months.h"

namespace kefu::activity {
namespace {

using namespace testkit;
using absl::CivilDay;
using events::v1::Event;
using testing::ElementsAre;

constexpr auto kIn = events::v1::DIRECTION_INBOUND;
constexpr auto kOut = events::v1::DIRECTION_OUTBOUND;

Draft Contact(CivilDay day, events::v1::Direction direction = kIn) {
  return Contacted(events::v1::CHANNEL_PHONE, direction).At(Noon(day));
}

class ActivityTest : public testing::Test {
 protected:
  const ClientActivity& Row(const std::string& client = "C-1") {
    const auto* row = test_.Row<Clients>(client);
    static const ClientActivity none;
    return row == nullptr ? none : *row;
  }
  ProjectionDriver<ActivityView> test_;
};

// A month's place against a map from month to number, which forgets what is too old.
TEST(Months, TheWindowIsTheNewestAndTwoYearsBeforeIt) {
  std::mt19937 random(11);
  for (int run = 0; run < 300; ++run) {
    SCOPED_TRACE(run);
    ClientActivity row;
    std::map<int32_t, int32_t> told;
    for (int i = 0; i < 60; ++i) {
      const int32_t month = 600 + static_cast<int32_t>(random() % (run % 3 == 0 ? 12 : 70));
      const bool kept = told.empty() || month > told.rbegin()->first - kMonthsKept;
      const auto slot = SlotOf(month, row);
      ASSERT_EQ(slot.has_value(), kept) << month;
      if (!kept) continue;
      row.set_trades(*slot, row.trades(*slot) + 1);
      row.set_assets(*slot, month);
      ++told[month];
      told.erase(told.begin(), told.lower_bound(told.rbegin()->first - kMonthsKept + 1));
      ASSERT_LE(row.trades_size(), kMonthsKept);
      for (const auto* list : {&row.contacts_in(), &row.contacts_out(), &row.complaints(), &row.requests(),
                               &row.rating_sum(), &row.ratings(), &row.breaches()})
        ASSERT_EQ(list->size(), row.trades_size());
      ASSERT_EQ(row.turnover_size(), row.trades_size());
      ASSERT_EQ(row.net_inflow_size(), row.trades_size());
      std::map<int32_t, int32_t> held;
      for (int slot = 0; slot < row.trades_size(); ++slot) {
        const int32_t at = row.first_month() + slot;
        if (row.trades(slot) > 0) held[at] = row.trades(slot);
        ASSERT_EQ(row.assets(slot), row.trades(slot) > 0 ? at : -1);
      }
      ASSERT_EQ(held, told);
    }
  }
}

TEST(Months, DaysAndMonthsAreCountedFrom1970) {
  EXPECT_EQ(MonthOf(CivilDay(1970, 1, 31)), 0);
  EXPECT_EQ(MonthOf(CivilDay(1969, 12, 31)), -1);
  EXPECT_EQ(MonthOf(CivilDay(2026, 3, 2)), 674);
  EXPECT_EQ(FirstDayOf(674), CivilDay(2026, 3, 1));
  EXPECT_EQ(NumberOf(CivilDay(1970, 1, 2)), 1);
  EXPECT_EQ(DayOf(20514), CivilDay(2026, 3, 2));
}

TEST_F(ActivityTest, CountsWhatHappenedInTheMonthItHappened) {
  test_.Given(Registered("王小明").At(Noon(CivilDay(2026, 1, 5))).Branch("0001"),
              Configured("gold").At(Noon(CivilDay(2026, 1, 6))), Contact(CivilDay(2026, 1, 31)),
              Contact(CivilDay(2026, 2, 1), kOut).Branch("0002"), Contact(CivilDay(2026, 2, 2)),
              Complained("K-1").At(Noon(CivilDay(2026, 2, 3))), Opened("K-2").At(Noon(CivilDay(2026, 3, 1))),
              Rated(5).At(Noon(CivilDay(2026, 3, 2))), Rated(2).At(Noon(CivilDay(2026, 3, 3))),
              Rated(9, events::v1::SATISFACTION_SCALE_NPS).At(Noon(CivilDay(2026, 3, 3))),
              Breached("K-1").At(Noon(CivilDay(2026, 3, 4))), Traded(CivilDay(2026, 1, 7), 3, 300),
              Valued(CivilDay(2026, 1, 7), 1000, 50));
  const ClientActivity& row = Row();
  EXPECT_EQ(row.first_month(), MonthOf(CivilDay(2026, 1, 1)));
  EXPECT_THAT(row.contacts_in(), ElementsAre(1, 1, 0));
  EXPECT_THAT(row.contacts_out(), ElementsAre(0, 1, 0));
  EXPECT_THAT(row.complaints(), ElementsAre(0, 1, 0));
  EXPECT_THAT(row.requests(), ElementsAre(0, 0, 1));
  EXPECT_THAT(row.rating_sum(), ElementsAre(0, 0, 7));
  EXPECT_THAT(row.ratings(), ElementsAre(0, 0, 2)) << "how likely it would recommend the firm is no satisfaction";
  EXPECT_THAT(row.breaches(), ElementsAre(0, 0, 1));
  EXPECT_THAT(row.trades(), ElementsAre(3, 0, 0));
  EXPECT_THAT(row.turnover(), ElementsAre(300, 0, 0));
  EXPECT_THAT(row.assets(), ElementsAre(1000, -1, -1));
  EXPECT_THAT(row.net_inflow(), ElementsAre(50, 0, 0));
  EXPECT_EQ(row.registered_day(), NumberOf(CivilDay(2026, 1, 5)));
  EXPECT_EQ(row.last_contact_day(), NumberOf(CivilDay(2026, 2, 2)));
  EXPECT_EQ(row.last_trade_day(), NumberOf(CivilDay(2026, 1, 7)));
  EXPECT_EQ(row.tier(), "gold");
  EXPECT_EQ(row.branch_id(), "0002") << "the last that dealt with the client";
  EXPECT_EQ(row.kind(), events::v1::CLIENT_KIND_PERSON);
  EXPECT_EQ(row.status(), events::v1::CLIENT_STATUS_ACTIVE);
  ExpectGolden("projections/activity/golden/first.txt", test_.Dump());
}

// A month begins at midnight of the branches' zone: 16:00 UTC the day before.
TEST_F(ActivityTest, MonthsAreThoseOfTheBranches) {
  const auto last = absl::FromCivil(absl::CivilSecond(2026, 1, 31, 15, 59, 59), absl::UTCTimeZone());
  test_.Given(Contacted(events::v1::CHANNEL_PHONE, kIn).At(last),
              Contacted(events::v1::CHANNEL_PHONE, kIn).At(last + absl::Seconds(1)));
  EXPECT_EQ(Row().first_month(), MonthOf(CivilDay(2026, 1, 1)));
  EXPECT_THAT(Row().contacts_in(), ElementsAre(1, 1));
}

TEST_F(ActivityTest, ADayToldAgainReplacesItselfIfItIsTheLast) {
  test_.Given(Traded(CivilDay(2026, 2, 3), 5, 500), Traded(CivilDay(2026, 2, 4), 7, 700),
              Traded(CivilDay(2026, 2, 4), 2, 200));
  EXPECT_THAT(Row().trades(), ElementsAre(7));
  EXPECT_THAT(Row().turnover(), ElementsAre(700));
  // The third is not known day by day any more: it counts once.
  test_.Given(Traded(CivilDay(2026, 2, 3), 50, 5000));
  EXPECT_THAT(Row().trades(), ElementsAre(7));
  // A month that has nothing yet takes it, late as it is, and once.
  test_.Given(Traded(CivilDay(2026, 1, 9), 1, 100), Traded(CivilDay(2026, 1, 8), 1, 100));
  EXPECT_THAT(Row().trades(), ElementsAre(1, 7));
  EXPECT_EQ(Row().last_trade_day(), NumberOf(CivilDay(2026, 2, 4)));
  EXPECT_EQ(Row().last_trading_day(), NumberOf(CivilDay(2026, 2, 4)));
  test_.Given(Traded(CivilDay(2026, 2, 4), 3, 300));
  EXPECT_THAT(Row().trades(), ElementsAre(1, 8)) << "late ones leave the last day what it was";
}

TEST_F(ActivityTest, AValuationToldAgainReplacesItselfIfItIsTheLast) {
  test_.Given(Valued(CivilDay(2026, 2, 3), 100, 10), Valued(CivilDay(2026, 2, 4), 200, 20),
              Valued(CivilDay(2026, 2, 4), 210, 30));
  EXPECT_THAT(Row().assets(), ElementsAre(210));
  EXPECT_THAT(Row().net_inflow(), ElementsAre(40));
  test_.Given(Valued(CivilDay(2026, 2, 3), 999, 99), Valued(CivilDay(2026, 1, 30), 90, 9),
              Valued(CivilDay(2026, 1, 29), 80, 8));
  EXPECT_THAT(Row().assets(), ElementsAre(90, 210));
  EXPECT_THAT(Row().net_inflow(), ElementsAre(9, 40));
  test_.Given(Valued(CivilDay(2026, 2, 5), -70, -280));
  EXPECT_THAT(Row().assets(), ElementsAre(90, 0)) << "debts are no assets";
}

TEST_F(ActivityTest, ADayThatIsNotOverYetAnywhereIsNotBelieved) {
  test_.Given(Contact(CivilDay(2026, 2, 3)));
  const std::string before = test_.Dump();
  test_.Given(Traded(CivilDay(2062, 2, 3), 5, 500).At(Noon(CivilDay(2026, 2, 4))),
              Valued(CivilDay(2026, 2, 6), 5).At(Noon(CivilDay(2026, 2, 4))));
  EXPECT_EQ(test_.Dump(), before);
  // East of the branches it is tomorrow already.
  test_.Given(Valued(CivilDay(2026, 2, 5), 5).At(Noon(CivilDay(2026, 2, 4))));
  EXPECT_THAT(Row().assets(), ElementsAre(5));
}

TEST_F(ActivityTest, AComplaintIsOpenUntilItIsSettledAndWhenItIsReopened) {
  const auto open = [&] { return Row().open_complaints(); };
  test_.Given(Complained("K-1"), Complained("K-2"), Opened("K-3"));
  EXPECT_EQ(open(), 2);
  test_.Given(Resolved("K-1"));
  EXPECT_EQ(open(), 1);
  test_.Given(Closed("K-1"));
  EXPECT_EQ(open(), 1) << "it was settled before";
  test_.Given(Reopened("K-1"));
  EXPECT_EQ(open(), 2);
  test_.Given(Withdrawn("K-2"), Resolved("K-3"));
  EXPECT_EQ(open(), 1) << "a request is no complaint";
}

TEST_F(ActivityTest, ClosingIsNotedWithItsDay) {
  test_.Given(Registered("王小明").At(Noon(CivilDay(2026, 1, 5))),
              StatusChanged(events::v1::CLIENT_STATUS_CLOSED).At(Noon(CivilDay(2026, 2, 5))));
  EXPECT_EQ(Row().closed_day(), NumberOf(CivilDay(2026, 2, 5)));
  EXPECT_EQ(Row().status(), events::v1::CLIENT_STATUS_CLOSED);
}

// What an event costs is a promise: what does not concern facts is not declared, what settles a request writes nothing.
TEST_F(ActivityTest, WhatDoesNotConcernFactsCostsNothing) {
  const auto& view = sdk::Describe<ActivityView>();
  for (const int tag : {Event::kCaseAcknowledged, Event::kCaseAssigned, Event::kCaseStarted, Event::kCaseWaitStarted,
                        Event::kCaseResumed, Event::kCaseEscalated, Event::kCaseReclassified, Event::kCaseNoteAdded,
                        Event::kCaseTimelinessReported, Event::kCaseWorkRecorded, Event::kCaseResolutionProposed,
                        Event::kOfferProgressed, Event::kClientProfileChanged, Event::kClientIdentifiersChanged,
                        Event::kClockStarted, Event::kClockMet, Event::kClientClassified})
    EXPECT_FALSE(view.Wants(tag)) << tag;
  test_.Given(Opened("K-1"), Acknowledged("K-1"));
  const std::string before = test_.Dump();
  test_.Given(Resolved("K-1"), Closed("K-1"));
  EXPECT_EQ(test_.Dump(), before);
}

// The driver plays it again in other ways: twice, restarted, one by one.
TEST_F(ActivityTest, RandomHistoriesFoldTheSameInEveryWay) {
  test_.Play(RandomHistory({.seed = 83, .clients = 12, .events = 1500}));
  int64_t open = 0, complaints_open = 0;
  for (const auto& [key, row] : test_.run().view().Rows("clients"))
    open += static_cast<const ClientActivity&>(*row).open_complaints();
  for (const auto& [key, row] : test_.run().view().Rows("complaints"))
    complaints_open += static_cast<const Complaint&>(*row).open();
  EXPECT_EQ(open, complaints_open);
  EXPECT_GT(open, 0);
}

}  // namespace
}  // namespace kefu::activity
