#include "projections/statistics/statistics.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "platform/testkit/projection_driver.h"
#include "platform/testkit/wide_history.h"
#include "projections/statistics/distinct.h"
#include "projections/statistics/durations.h"
#include "projections/statistics/recount_testing.h"
#include "projections/statistics/sums.h"

namespace kefu::statistics {
namespace {

using namespace testkit;
using events::v1::Event;
using testing::ElementsAre;
using testing::IsEmpty;

// A cell as text: "cases 2026-… [0001 opened complaint …] 3 events, 2 clients".
class StatisticsTest : public testing::Test {
 protected:
  std::vector<std::string> Lines() {
    std::vector<std::string> lines;
    for (const auto& [key, message] : test_.run().view().Rows("cells")) {
      const auto& cell = static_cast<const Cell&>(*message);
      const std::vector<std::string> parts = Cells::Key::Describe(key);
      std::vector<std::string> said;
      for (size_t i = 1; i < parts.size(); ++i)
        if (!parts[i].empty()) said.push_back(parts[i]);
      lines.push_back(fmt::format("{}: {} of {}", fmt::join(said, " "), cell.count(), cell.clients().hashes_size()));
    }
    return lines;
  }
  size_t PostingCount() { return test_.run().view().RawRows("postings").size(); }

  ProjectionDriver<StatisticsView> test_;
};

// 2026-03-02, the day of Beginning(), in days since 1970.
constexpr int32_t kMonday = 20514;

TEST(StatisticsDay, EndsAtMidnightOfTheBranchesZone) {
  EXPECT_EQ(DayOf(Beginning()), kMonday);
  EXPECT_EQ(DayOf(absl::FromUnixSeconds(0)), 0);
  EXPECT_EQ(DayOf(absl::FromUnixSeconds(-8 * 3600)), 0);
  EXPECT_EQ(DayOf(absl::FromUnixSeconds(-8 * 3600 - 1)), -1);
  EXPECT_EQ(DayOf(absl::FromUnixSeconds(16 * 3600 - 1)), 0);
  EXPECT_EQ(DayOf(absl::FromUnixSeconds(16 * 3600)), 1);
}

TEST(StatisticsCubes, AreWellFormed) {
  std::set<int32_t> ids;
  std::set<Family> families;
  for (const Cube& cube : kCubes) {
    EXPECT_TRUE(ids.insert(cube.id).second);
    EXPECT_TRUE(families.insert(cube.family).second) << "an event would be counted twice";
    EXPECT_EQ(FindCube(cube.name), &cube);
    std::set<std::string_view> names;
    for (size_t i = 0; i < cube.size(); ++i) EXPECT_TRUE(names.insert(cube.dimensions[i].name).second);
  }
  EXPECT_EQ(FindCube("no such"), nullptr);
}

TEST_F(StatisticsTest, ContactsCountByWhatTheySay) {
  test_.Given(Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND, "fee").Branch("0001"),
              Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND, "fee").Branch("0001"),
              Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND, "fee").Branch("0001").Client("C-2"),
              Contacted(events::v1::CHANNEL_APP, events::v1::DIRECTION_OUTBOUND));
  EXPECT_THAT(Lines(), ElementsAre("20514 app outbound: 1 of 1", "20514 0001 phone inbound fee: 3 of 2"));
  EXPECT_EQ(PostingCount(), 4u);
}

TEST_F(StatisticsTest, StepsOfACaseCountUnderWhatTheCaseIsThen) {
  test_.Given(Complained("K-1", "fees").Branch("0001"), Escalated("K-1", "desk").Branch("0009"),
              Reclassified("K-1", events::v1::CASE_PRIORITY_HIGH, "advice"),
              Resolved("K-1", events::v1::CASE_OUTCOME_DECLINED), Reopened("K-1"), Withdrawn("K-1"));
  EXPECT_THAT(Lines(), ElementsAre("20514 0001 escalated complaint phone fees: 1 of 1",
                                   "20514 0001 opened complaint phone fees: 1 of 1",
                                   "20514 0001 reopened complaint phone advice: 1 of 1",
                                   "20514 0001 resolved complaint phone advice declined: 1 of 1",
                                   "20514 0001 withdrawn complaint phone advice: 1 of 1"));
}

TEST_F(StatisticsTest, ADurationRunsFromTheOpening) {
  test_.Given(Opened("K-1").AtMinute(0), Resolved("K-1").AtMinute(90), Closed("K-1").AtMinute(-5));
  std::vector<int64_t> sums;
  for (const auto& [key, message] : test_.run().view().Rows("cells"))
    sums.push_back(static_cast<const Cell&>(*message).durations().sum_milliseconds());
  std::sort(sums.begin(), sums.end());
  EXPECT_THAT(sums, ElementsAre(0, 0, 90 * 60 * 1000)) << "of what ended before it began there is none";
}

TEST_F(StatisticsTest, AContactsLengthMayBeAnything) {
  const auto lasting = [](int64_t seconds) {
    return Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND).With([=](Event& event) {
      event.mutable_contact_recorded()->mutable_duration()->set_seconds(seconds);
    });
  };
  test_.Given(lasting(60), lasting(315'576'000'000), lasting(-7));
  const auto cell = test_.run().view().Rows("cells");
  ASSERT_EQ(cell.size(), 1u);
  const auto& durations = static_cast<const Cell&>(*cell.front().second).durations();
  EXPECT_EQ(CountOf(durations), 2);
  EXPECT_EQ(durations.sum_milliseconds(), 60'000 + kLongestMilliseconds);
}

TEST_F(StatisticsTest, WhatIsRefusedOrDuplicateDoesNotCount) {
  test_.Given(Opened("K-1").Id("one").AtMinute(0))
      .When(Opened("K-1"), Opened("K-1").Id("one").AtMinute(0), Closed("K-9"))
      .Then(Refused("case_exists"), Duplicate(), Refused("case_unknown"));
  EXPECT_EQ(PostingCount(), 1u);
}

TEST_F(StatisticsTest, LongAndEverNewValuesCountAsOther) {
  const auto about = [](const std::string& topic) {
    return Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND, topic);
  };
  test_.Given(about(std::string(kMostValueBytes + 1, 'x')), about(std::string(kMostValueBytes, 'y')));
  EXPECT_THAT(Lines(), ElementsAre("20514 phone inbound other: 1 of 1",
                                   "20514 phone inbound " + std::string(kMostValueBytes, 'y') + ": 1 of 1"));
  ProjectionDriver<StatisticsView> many;
  for (int i = 0; i < kMostValues + 20; ++i) many.Given(about(fmt::format("t{}", i)).AtMinute(1));
  many.Given(about("t3").AtMinute(1).Id("known"));
  int64_t other = 0, all = 0, known = 0;
  for (const auto& [key, message] : many.run().view().Rows("cells")) {
    const int64_t count = static_cast<const Cell&>(*message).count();
    const std::string topic = Cells::Key::Describe(key)[5];
    all += count;
    if (topic == kOther) other += count;
    if (topic == "t3") known += count;
  }
  EXPECT_EQ(all, kMostValues + 21);
  EXPECT_EQ(other, 20);
  EXPECT_EQ(known, 2);
}

TEST_F(StatisticsTest, ATierIsTheClassifiedOneElseTheStatedOneAtThatMoment) {
  const auto classified = [](std::string_view segment) {
    return Draft().With([=](Event& event) {
      event.mutable_client_classified()->set_scheme("asset_tier");
      event.mutable_client_classified()->set_segment(std::string(segment));
    });
  };
  const auto called = [] { return Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND); };
  test_.Given(called(), Registered("Wang"), Configured("gold"), called(), Opened("K-1"), classified("platinum"),
              called(), Resolved("K-1"), classified(""), called(), Configured(""), called());
  EXPECT_THAT(Lines(), ElementsAre("20514 phone inbound: 2 of 1", "20514 phone inbound gold: 2 of 1",
                                   "20514 phone inbound platinum: 1 of 1",
                                   "20514 opened request phone gold: 1 of 1",
                                   "20514 resolved request phone fulfilled gold: 1 of 1"));
  EXPECT_THAT(test_.run().view().Rows("client_tiers"), IsEmpty()) << "without a tier there is no row";
}

TEST_F(StatisticsTest, ResolutionsTellCauseAndRedressByCurrency) {
  const auto resolved = [](std::string_view case_id, int64_t minor_units, const char* currency) {
    return Resolved(case_id).With([=](Event& event) {
      event.mutable_case_resolved()->mutable_root_cause()->set_value("system");
      event.mutable_case_resolved()->mutable_redress()->set_minor_units(minor_units);
      event.mutable_case_resolved()->mutable_redress()->set_currency(currency);
    });
  };
  test_.Given(Complained("K-1"), Complained("K-2"), Complained("K-3"), resolved("K-1", 500, "CNY"),
              resolved("K-2", 700, "CNY"), resolved("K-3", 9, "USD"));
  std::vector<std::string> sums;
  for (const auto& [key, message] : test_.run().view().Rows("cells"))
    for (const Sum& sum : static_cast<const Cell&>(*message).sums())
      sums.push_back(fmt::format("{} {} {}", Cells::Key::Describe(key)[9], sum.name(), sum.value()));
  EXPECT_THAT(sums, ElementsAre("system redress.CNY 1200", "system redress.USD 9"));
}

TEST_F(StatisticsTest, TheThirtyThirdCurrencyIsOther) {
  const auto trading = [](int n, const std::string& currency) {
    return Draft().Client(fmt::format("C-{}", n)).With([=](Event& event) {
      event.mutable_trading_day_summarised()->mutable_turnover()->set_currency(currency);
      event.mutable_trading_day_summarised()->mutable_turnover()->set_minor_units(1);
    });
  };
  for (int i = 0; i < kMostCurrencies + 3; ++i)
    test_.Given(trading(i, fmt::format("A{}{}", static_cast<char>('A' + i / 26), static_cast<char>('A' + i % 26)))
                    .AtMinute(1));
  const auto cells = test_.run().view().Rows("cells");
  ASSERT_EQ(cells.size(), 1u);
  const auto& cell = static_cast<const Cell&>(*cells.front().second);
  EXPECT_EQ(cell.sums_size(), kMostCurrencies + 1);
  EXPECT_EQ(SumNamed(cell, "turnover.other"), 3);
}

Draft Told(int day, int trades, int64_t turnover, const char* currency = "CNY") {
  return Draft().With([=](Event& event) {
    auto& summary = *event.mutable_trading_day_summarised();
    summary.mutable_day()->set_year(2026);
    summary.mutable_day()->set_month(2);
    summary.mutable_day()->set_day(day);
    summary.set_trades(trades);
    summary.mutable_turnover()->set_minor_units(turnover);
    summary.mutable_turnover()->set_currency(currency);
  });
}

TEST_F(StatisticsTest, ADayToldAgainAddsTheDifferenceWhereTheFirstWasCounted) {
  test_.Given(Registered("Wang"), Told(27, 3, 900).Branch("0001"), Configured("gold"), Told(27, 5, 400).Branch("0002"),
              Told(27, 5, 30, "USD"), Told(28, 1, 10));
  // By the day it is about, 2026-02-27; branch and tier of the first. As many postings as it counts.
  EXPECT_THAT(Lines(), ElementsAre("20511 0001: 3 of 1", "20512 gold: 1 of 1"));
  EXPECT_EQ(PostingCount(), 4u);
  const auto cells = test_.run().view().Rows("cells");
  const auto& cell = static_cast<const Cell&>(*cells.front().second);
  EXPECT_EQ(SumNamed(cell, "trades"), 5);
  EXPECT_EQ(SumNamed(cell, "turnover.CNY"), 0);
  EXPECT_EQ(SumNamed(cell, "turnover.USD"), 30);
}

TEST_F(StatisticsTest, ADayThatIsNoneIsTheEventsOwn) {
  test_.Given(Told(31, 1, 1));
  EXPECT_THAT(Lines(), ElementsAre("20514: 1 of 1"));
}

TEST_F(StatisticsTest, UndertakingsCountWhenMadeAndWhenSettledInTimeOrLate) {
  const auto promised = [](std::string_view id, int due_minute) {
    return Draft().Branch("0001").With([=](Event& event) {
      event.mutable_promise_made()->set_promise_id(std::string(id));
      const int64_t due = absl::ToUnixSeconds(Beginning()) + due_minute * 60;
      event.mutable_promise_made()->mutable_due_at()->set_seconds(due);
    });
  };
  const auto kept = [](std::string_view id) {
    return Draft().With([=](Event& event) { event.mutable_promise_kept()->set_promise_id(std::string(id)); });
  };
  const auto planned = [](std::string_view id) {
    return Draft().With([=](Event& event) { event.mutable_call_back_planned()->set_call_back_id(std::string(id)); });
  };
  const auto cancelled = [](std::string_view id) {
    return Draft().With([=](Event& event) { event.mutable_call_back_cancelled()->set_call_back_id(std::string(id)); });
  };
  // Kept at the very minute it was due is in time.
  test_.Given(promised("P-1", 20).AtMinute(1), promised("P-2", 20).AtMinute(2), planned("B-1").AtMinute(3),
              kept("P-1").AtMinute(20), kept("P-2").AtMinute(21), cancelled("B-1").AtMinute(500));
  EXPECT_THAT(Lines(), ElementsAre("20514 cancelled call_back: 1 of 1", "20514 planned call_back: 1 of 1",
                                   "20514 0001 kept promise: 1 of 1", "20514 0001 kept_late promise: 1 of 1",
                                   "20514 0001 made promise: 2 of 1"));
  EXPECT_THAT(test_.run().view().Rows("undertaking_facts"), IsEmpty());
}

TEST_F(StatisticsTest, RatingsCountUnderTheirCaseElseUnderTheEvent) {
  const auto rated = [](events::v1::SatisfactionScale scale, int score, std::string_view case_id) {
    return Draft().Branch("0009").With([=](Event& event) {
      event.mutable_satisfaction_rated()->set_scale(scale);
      event.mutable_satisfaction_rated()->set_score(score);
      event.mutable_satisfaction_rated()->set_case_id(std::string(case_id));
    });
  };
  test_.Given(Complained("K-1").Branch("0001"), rated(events::v1::SATISFACTION_SCALE_CSAT, 4, "K-1"),
              rated(events::v1::SATISFACTION_SCALE_CSAT, 5, "no such case"),
              rated(events::v1::SATISFACTION_SCALE_NPS, 10, ""));
  EXPECT_THAT(Lines(), ElementsAre("20514 0001 opened complaint phone: 1 of 1", "20514 0001 phone csat 4: 1 of 1",
                                   "20514 0009 csat 5: 1 of 1", "20514 0009 nps 10: 1 of 1"));
}

// The one told comes before the one of the case; the one who had a case last is judged by it.
TEST_F(StatisticsTest, RatingsCountForTheBrokerAndTheProductToldElseThoseOfTheCase) {
  const auto rated = [](std::string_view case_id, std::string_view staff, std::string_view product) {
    return Draft().With([=](Event& event) {
      auto& body = *event.mutable_satisfaction_rated();
      body.set_scale(events::v1::SATISFACTION_SCALE_CSAT);
      body.set_score(4);
      body.set_case_id(std::string(case_id));
      body.set_staff_id(std::string(staff));
      body.set_product_id(std::string(product));
    });
  };
  const auto opened = Complained("K-1").With(
      [](Event& event) { event.mutable_complaint_received()->mutable_opening()->set_product_id("fund"); });
  const auto unassigned = Assigned("K-1", "S-2").With(
      [](Event& event) { event.mutable_case_assigned()->clear_assignee_id(); });
  test_.Given(opened, rated("K-1", "", ""), Assigned("K-1", "S-1"), rated("K-1", "", ""), rated("K-1", "S-9", "bond"),
              Assigned("K-1", "S-2"), unassigned, rated("K-1", "", ""), rated("", "S-9", "bond"), rated("", "", ""));
  EXPECT_THAT(Lines(),
              ElementsAre("20514 opened complaint phone fund: 1 of 1", "20514 csat 4: 1 of 1",
                          "20514 csat 4 S-9 bond: 1 of 1", "20514 phone csat 4 fund: 1 of 1",
                          "20514 phone csat 4 S-1 fund: 1 of 1", "20514 phone csat 4 S-2 fund: 1 of 1",
                          "20514 phone csat 4 S-9 bond: 1 of 1"));
}

TEST(StatisticsProperty, CellsAreWhatCountingByHandGivesAndPostingsAddUp) {
  for (const uint64_t seed : {41, 42, 43}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    ProjectionDriver<StatisticsView> test;
    const auto history = WideHistory({.seed = seed, .clients = 60, .events = 3500});
    const auto verdicts = test.Play(history);
    Recount recount;
    for (size_t i = 0; i < history.size(); ++i)
      if (verdicts[i].outcome() == events::v1::VERDICT_OUTCOME_APPLIED) recount.Fold(history[i]);
    EXPECT_THAT(test.run().parked(), IsEmpty());
    struct Wanted {
      int64_t count = 0;
      std::set<std::string> clients;
      std::vector<int64_t> milliseconds;
      std::map<std::string, int64_t> sums;
    };
    std::map<std::vector<std::string>, Wanted> wanted;
    std::set<std::string> cubes;
    for (const Recount::Line& line : recount.lines()) {
      const Cube& cube = *FindCube(line.cube);
      cubes.insert(line.cube);
      std::vector<std::string> key{std::to_string(cube.id), std::to_string(line.day)};
      for (size_t i = 0; i < cube.size(); ++i) key.push_back(line.Value(std::string(cube.dimensions[i].name)));
      key.resize(2 + kMostDimensions);
      Wanted& cell = wanted[key];
      ++cell.count;
      cell.clients.insert(line.client);
      if (line.milliseconds >= 0) cell.milliseconds.push_back(line.milliseconds);
      for (const auto& [name, value] : line.sums) cell.sums[name] += value;
    }
    EXPECT_EQ(cubes.size(), std::size(kCubes)) << "the history must have events for every cube";
    std::map<std::vector<std::string>, int64_t> postings;
    for (const auto& [key, client] : test.run().view().RawRows("postings")) {
      std::vector<std::string> parts = Postings::Key::Describe(key);
      parts.pop_back();
      ++postings[parts];
    }
    const auto rows = test.run().view().Rows("cells");
    ASSERT_EQ(rows.size(), wanted.size());
    ASSERT_EQ(rows.size(), postings.size());
    for (const auto& [key, message] : rows) {
      const std::vector<std::string> parts = Cells::Key::Describe(key);
      SCOPED_TRACE(fmt::format("{}", fmt::join(parts, " ")));
      const auto& cell = static_cast<const Cell&>(*message);
      ASSERT_TRUE(wanted.contains(parts));
      Wanted& one = wanted.at(parts);
      EXPECT_EQ(cell.count(), one.count);
      EXPECT_EQ(cell.count(), postings[parts]);
      ASSERT_LE(one.clients.size(), static_cast<size_t>(kExactClients));
      EXPECT_EQ(cell.clients().hashes_size(), static_cast<int>(one.clients.size()));
      EXPECT_EQ(CountOf(cell.durations()), static_cast<int64_t>(one.milliseconds.size()));
      for (const auto& [name, value] : one.sums) EXPECT_EQ(SumNamed(cell, name), value) << name;
      for (const Sum& sum : cell.sums()) EXPECT_EQ(one.sums[sum.name()], sum.value()) << sum.name();
      if (one.milliseconds.empty()) continue;
      std::sort(one.milliseconds.begin(), one.milliseconds.end());
      const auto median = static_cast<double>(one.milliseconds[(one.milliseconds.size() - 1) / 2]);
      EXPECT_NEAR(static_cast<double>(QuantileMilliseconds(cell.durations(), 500)), median,
                  median * kDurationsErrorPerMille / 1000);
    }
  }
}

}  // namespace
}  // namespace kefu::statistics
