#include "projections/statistics/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/testkit/events.h"
#include "projections/statistics/statistics.h"

namespace kefu::statistics {
namespace {

using events::v1::Event;
using testing::IsEmpty;

TEST(Explain, EveryMeasureOfEveryCubeHasItsEvents) { EXPECT_THAT(UnexplainedMeasure(), IsEmpty()); }

TEST(Explain, WhatTheViewTakesIsExplainedOrOnlyRememberedForLater) {
  // Whatever is counted must be declared to the engine, or it would never be counted.
  const auto& projection = sdk::Describe<StatisticsView>();
  const auto* bodies = Event::descriptor()->FindOneofByName("body");
  int counted = 0;
  for (int i = 0; i < bodies->field_count(); ++i) {
    Event event;
    event.GetReflection()->MutableMessage(&event, bodies->field(i));
    if (!Explain(event, {}).has_value()) continue;
    ++counted;
    EXPECT_TRUE(projection.Wants(bodies->field(i)->number())) << bodies->field(i)->name();
  }
  EXPECT_GE(counted, 20);
}

Event ClockMet(int64_t at, bool late, bool retracts) {
  Event event;
  auto& met = *event.mutable_clock_met();
  met.set_case_id("K-1");
  met.set_clock_id("pack/answer");
  met.set_run(2);
  met.mutable_met_at()->set_seconds(at);
  met.set_late(late);
  met.set_retracts_breach(retracts);
  return event;
}

TEST(Explain, AClockRunsFromItsOwnStartAndIsTimedOnce) {
  CaseFacts facts;
  facts.set_case_kind("complaint");
  facts.set_tier("gold");
  for (const int run : {1, 2}) {
    auto& start = *facts.add_clocks();
    start.set_clock_id("pack/answer");
    start.set_run(run);
    start.set_started_at(run * 1000);
  }
  const auto met = Explain(ClockMet(10, false, false), {.of_case = &facts});
  EXPECT_EQ((*met)[Fact::kStep], "met");
  EXPECT_EQ((*met)[Fact::kKind], "complaint");
  EXPECT_EQ((*met)[Fact::kTier], "gold");
  EXPECT_EQ(met->milliseconds, 8000);
  EXPECT_EQ((*Explain(ClockMet(10, true, false), {.of_case = &facts}))[Fact::kStep], "met_late");
  const auto retracted = Explain(ClockMet(10, false, true), {.of_case = &facts});
  EXPECT_EQ((*retracted)[Fact::kStep], "retracted");
  EXPECT_FALSE(retracted->milliseconds.has_value());
}

TEST(Explain, TurnoverThatCannotBeSubtractedIsTakenBackWhole) {
  Event event;
  event.mutable_trading_day_summarised()->mutable_turnover()->set_currency("CNY");
  event.mutable_trading_day_summarised()->mutable_turnover()->set_minor_units(INT64_MAX);
  DayTold told;
  told.set_currency("CNY");
  told.set_turnover(INT64_MIN);
  const auto explained = Explain(event, {.told = &told});
  ASSERT_EQ(explained->sums.size(), 2u);
  EXPECT_EQ(explained->sums[0].value, INT64_MAX);
  EXPECT_EQ(explained->sums[1].value, INT64_MAX);
}

}  // namespace
}  // namespace kefu::statistics
