#include "projections/activity/facts.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>

#include "platform/testkit/view_run.h"
#include "projections/activity/activity.h"
#include "projections/activity/activity_testing.h"
#include "projections/activity/months.h"

namespace kefu::activity {
namespace {

using namespace events::v1;  // NOLINT: facts by their names
using namespace testkit;
using absl::CivilDay;

uint64_t Seed() {
  const char* given = std::getenv("KEFU_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 20260401;
}

// --- a recount, straight from the applied events ---

// Days of summaries that count, as the README says it: the last told again replaces itself, late ones count once a
// month.
class Summaries {
 public:
  struct Told {
    int64_t number = 0, amount = 0;
  };
  // False: it counts nowhere.
  bool Tell(CivilDay day, Told told) {
    const bool late = !days_.empty() && day < last_;
    if (late) {
      for (const auto& [other, known] : days_)
        if (absl::CivilMonth(other) == absl::CivilMonth(day) && (known.number != 0 || known.amount != 0)) return false;
    }
    days_[day] = told;
    if (!late) last_ = day;
    return true;
  }
  const std::map<CivilDay, Told>& days() const { return days_; }

 private:
  std::map<CivilDay, Told> days_;
  CivilDay last_;
};

struct Recount {
  std::map<int, std::vector<CivilDay>> days;  // by body tag; inbound contacts as 1, outbound as 2
  std::vector<std::pair<CivilDay, int>> ratings;
  Summaries trading, inflow;
  std::map<CivilDay, int64_t> assets;
  std::optional<CivilDay> registered, traded, contacted, closed;
  std::map<std::string, bool> complaints;
  ClientStatus status = CLIENT_STATUS_UNSPECIFIED;
  int32_t newest = std::numeric_limits<int32_t>::min();

  // Is the month within what is kept?
  bool Keeps(CivilDay day) {
    const int32_t month = MonthOf(day);
    if (newest != std::numeric_limits<int32_t>::min() && month <= newest - kMonthsKept) return false;
    newest = std::max(newest, month);
    return true;
  }

  void Take(const Event& event) {
    const CivilDay day = sdk::BranchDayOf(FromProto(event.occurred_at()));
    switch (event.body_case()) {
      case Event::kClientRegistered:
        registered = day;
        status = CLIENT_STATUS_ACTIVE;
        break;
      case Event::kClientStatusChanged:
        status = event.client_status_changed().status();
        closed = status == CLIENT_STATUS_CLOSED ? std::optional(day) : std::nullopt;
        break;
      case Event::kContactRecorded:
        if (Keeps(day)) days[event.contact_recorded().direction() == DIRECTION_OUTBOUND ? 2 : 1].push_back(day);
        contacted = std::max(contacted.value_or(day), day);
        break;
      case Event::kComplaintReceived:
        complaints[event.complaint_received().case_id()] = true;
        if (Keeps(day)) days[event.body_case()].push_back(day);
        break;
      case Event::kServiceRequestOpened:
      case Event::kClockBreached:
        if (Keeps(day)) days[event.body_case()].push_back(day);
        break;
      case Event::kCaseResolved:
        if (complaints.contains(event.case_resolved().case_id())) complaints[event.case_resolved().case_id()] = false;
        break;
      case Event::kCaseReopened:
        if (complaints.contains(event.case_reopened().case_id())) complaints[event.case_reopened().case_id()] = true;
        break;
      case Event::kSatisfactionRated:
        if (event.satisfaction_rated().scale() == SATISFACTION_SCALE_CSAT && Keeps(day))
          ratings.emplace_back(day, event.satisfaction_rated().score());
        break;
      case Event::kTradingDaySummarised: {
        const auto& body = event.trading_day_summarised();
        const CivilDay of(body.day().year(), body.day().month(), body.day().day());
        if (Keeps(of) && trading.Tell(of, {body.trades(), body.turnover().minor_units()}) && body.trades() > 0)
          traded = std::max(traded.value_or(of), of);
        break;
      }
      case Event::kAssetsValued: {
        const auto& body = event.assets_valued();
        const CivilDay of(body.day().year(), body.day().month(), body.day().day());
        // Something was valued, whatever flowed: 1.
        if (Keeps(of) && inflow.Tell(of, {1, body.net_inflow().minor_units()}))
          assets[of] = std::max<int64_t>(body.assets().minor_units(), 0);
        break;
      }
      default:
        break;
    }
  }

  Facts At(CivilDay as_of, Resolution resolution) const {
    const bool whole = resolution == Resolution::kMonth;
    const absl::CivilMonth month(as_of);
    const auto within = [&](CivilDay day, int months) {
      const absl::CivilMonth of(day);
      return of >= month - months && (whole ? of < month : of <= month);
    };
    const auto count = [&](int tag, int months) {
      int64_t number = 0;
      if (days.contains(tag))
        for (const CivilDay day : days.at(tag)) number += within(day, months);
      return number;
    };
    Facts facts{};
    // Month's end by month.
    std::map<absl::CivilMonth, int64_t> ends;
    for (const auto& [day, amount] : assets)
      if (MonthOf(day) > newest - kMonthsKept) ends[absl::CivilMonth(day)] = amount;
    for (const auto& [of, amount] : ends) {
      if (within(CivilDay(of), whole ? 12 : 25)) facts[CLIENT_FACT_ASSETS] = amount;
      if (within(CivilDay(of), 12))
        facts[CLIENT_FACT_ASSETS_PEAK_12M] = std::max(facts[CLIENT_FACT_ASSETS_PEAK_12M], amount);
    }
    std::optional<absl::CivilMonth> traded_in, contacted_in;
    for (const auto& [day, told] : trading.days()) {
      facts[CLIENT_FACT_TRADES_1M] += within(day, 1) ? told.number : 0;
      facts[CLIENT_FACT_TRADES_3M] += within(day, 3) ? told.number : 0;
      facts[CLIENT_FACT_TRADES_12M] += within(day, 12) ? told.number : 0;
      facts[CLIENT_FACT_TURNOVER_3M] += within(day, 3) ? told.amount : 0;
      facts[CLIENT_FACT_TURNOVER_12M] += within(day, 12) ? told.amount : 0;
      if (within(day, 12) && told.number > 0) traded_in = absl::CivilMonth(day);
    }
    for (const auto& [day, told] : inflow.days()) facts[CLIENT_FACT_NET_INFLOW_3M] += within(day, 3) ? told.amount : 0;
    int64_t sum = 0;
    for (const auto& [day, score] : ratings) {
      if (!within(day, 12)) continue;
      ++facts[CLIENT_FACT_RATINGS_12M];
      sum += score;
    }
    if (facts[CLIENT_FACT_RATINGS_12M] > 0)
      facts[CLIENT_FACT_SATISFACTION_12M] = 1000 * sum / facts[CLIENT_FACT_RATINGS_12M];
    facts[CLIENT_FACT_CONTACTS_IN_3M] = count(1, 3);
    facts[CLIENT_FACT_CONTACTS_OUT_3M] = count(2, 3);
    facts[CLIENT_FACT_COMPLAINTS_12M] = count(Event::kComplaintReceived, 12);
    facts[CLIENT_FACT_REQUESTS_12M] = count(Event::kServiceRequestOpened, 12);
    facts[CLIENT_FACT_CLOCK_BREACHES_12M] = count(Event::kClockBreached, 12);
    facts[CLIENT_FACT_KIND] = registered ? CLIENT_KIND_PERSON : CLIENT_KIND_UNSPECIFIED;
    const CivilDay at = whole ? CivilDay(month) : as_of;
    const auto since = [&](std::optional<CivilDay> day) {
      return day ? std::min<int64_t>(std::max<int64_t>(at - *day, 0), kLongestDays) : kLongestDays;
    };
    facts[CLIENT_FACT_DAYS_SINCE_REGISTRATION] = registered ? since(registered) : 0;
    if (!whole) {
      facts[CLIENT_FACT_DAYS_SINCE_TRADE] = since(traded);
      facts[CLIENT_FACT_DAYS_SINCE_CONTACT] = since(contacted);
      for (const auto& [id, open] : complaints) facts[CLIENT_FACT_OPEN_COMPLAINTS] += open;
      facts[CLIENT_FACT_STATUS] = status;
      return facts;
    }
    for (const int tag : {1, 2})
      if (days.contains(tag))
        for (const CivilDay day : days.at(tag))
          if (within(day, 12))
            contacted_in = std::max(contacted_in.value_or(absl::CivilMonth(day)), absl::CivilMonth(day));
    const auto since_end = [&](std::optional<absl::CivilMonth> of) {
      return of ? CivilDay(month) - CivilDay(*of + 1) : kLongestDaysOfMonths;
    };
    facts[CLIENT_FACT_DAYS_SINCE_TRADE] = since_end(traded_in);
    facts[CLIENT_FACT_DAYS_SINCE_CONTACT] = since_end(contacted_in);
    return facts;
  }
};

// Three clients' last three years, mostly in order.
class Years {
 public:
  explicit Years(uint64_t seed) : random_(seed) {}

  std::vector<Event> Write() {
    std::vector<Event> events;
    CivilDay day(2023, 2, 1);
    for (int i = 0; i < 220; ++i) {
      day += static_cast<int>(Below(9));
      // Some of it comes late, by days or by years.
      const CivilDay at = Below(12) == 0 ? day - static_cast<int>(Below(Below(4) == 0 ? 900 : 40)) : day;
      Draft draft = Next(at, i);
      draft.Client("C-" + std::to_string(Below(3)));
      events.push_back(Finish(draft, i));
    }
    last_ = day;
    return events;
  }
  CivilDay last() const { return last_; }
  uint64_t Below(uint64_t bound) { return random_() % bound; }

 private:
  Draft Next(CivilDay day, int i) {
    const std::string some_case = "K-" + std::to_string(i == 0 ? 0 : Below(static_cast<uint64_t>(i)));
    switch (Below(12)) {
      case 0:
        return Registered("王小明").At(Noon(day));
      case 1:
        return StatusChanged(static_cast<ClientStatus>(1 + Below(3))).At(Noon(day));
      case 2:
        return Complained("K-" + std::to_string(i)).At(Noon(day));
      case 3:
        return Opened("K-" + std::to_string(i)).At(Noon(day));
      case 4:
        return Resolved(some_case).At(Noon(day));
      case 5:
        return Reopened(some_case).At(Noon(day));
      case 6:
        return Rated(1 + static_cast<int32_t>(Below(5)),
                     Below(4) == 0 ? SATISFACTION_SCALE_NPS : SATISFACTION_SCALE_CSAT)
            .At(Noon(day));
      case 7:
        return Breached(some_case).At(Noon(day));
      case 8:
      case 9:
        return Traded(day, static_cast<int32_t>(Below(4)), static_cast<int64_t>(Below(5000)));
      case 10:
        return Valued(day, static_cast<int64_t>(Below(100'000)) - 2000, static_cast<int64_t>(Below(2000)) - 1000);
      default:
        return Contacted(CHANNEL_PHONE, Below(2) == 0 ? DIRECTION_INBOUND : DIRECTION_OUTBOUND).At(Noon(day));
    }
  }

  std::mt19937_64 random_;
  CivilDay last_;
};

std::string Text(const Facts& facts) {
  std::string text;
  for (size_t i = 1; i < facts.size(); ++i)
    text += fmt::format("{} {}\n", ClientFact_Name(static_cast<ClientFact>(i)), facts[i]);
  return text;
}

TEST(Facts, AreThoseOfARecountOfTheLog) {
  const uint64_t seed = Seed();
  int compared = 0, applied = 0;
  std::array<int, rules::kFacts> seen{};
  for (uint64_t run = 0; run < 300; ++run) {
    SCOPED_TRACE(fmt::format("KEFU_SEED={} run {}", seed, run));
    Years years(seed + run);
    ViewRun fold(sdk::Describe<ActivityView>());
    std::map<std::string, Recount> recounts;
    int64_t offset = 0;
    for (const Event& event : years.Write()) {
      Delivery delivery{event, {}, Offset(offset++), Beginning()};
      delivery.bytes = Recorded(event, delivery.recorded_at);
      if (fold.Deliver(delivery).outcome() != VERDICT_OUTCOME_APPLIED) continue;
      ++applied;
      recounts[event.client_id()].Take(event);
    }
    ASSERT_TRUE(fold.parked().empty());
    const CivilDay as_of = years.last() + static_cast<int>(years.Below(150));
    for (const auto& [key, message] : fold.view().Rows("clients")) {
      const auto& row = static_cast<const ClientActivity&>(*message);
      for (const Resolution resolution : {Resolution::kDay, Resolution::kMonth}) {
        const Facts facts = FactsOf(row, as_of, resolution);
        ASSERT_EQ(Text(facts), Text(recounts[row.client_id()].At(as_of, resolution))) << row.client_id();
        for (size_t i = 0; i < facts.size(); ++i) seen[i] += facts[i] != 0;
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 1700);
  EXPECT_GT(applied, 300 * 120);
  for (size_t i = 1; i < seen.size(); ++i)
    if (i != CLIENT_FACT_CHURN_SCORE) {
      EXPECT_GT(seen[i], 30) << ClientFact_Name(static_cast<ClientFact>(i));
    }
}

// Control: were the retold days counted twice, the recount would see it.
TEST(Facts, TheRecountTellsSummariesThatCountTwice) {
  Recount once, twice;
  const Event told = Finish(Traded(CivilDay(2026, 2, 3), 3, 300), 1);
  once.Take(told);
  twice.Take(told);
  twice.Take(Finish(Traded(CivilDay(2026, 2, 4), 3, 300), 2));
  EXPECT_NE(once.At(CivilDay(2026, 3, 1), Resolution::kDay), twice.At(CivilDay(2026, 3, 1), Resolution::kDay));
  once.Take(told);
  EXPECT_EQ(once.At(CivilDay(2026, 3, 1), Resolution::kDay)[CLIENT_FACT_TRADES_3M], 3);
}

// What a model is trained on is what it will be given: a month looks the same from later, up to a year.
TEST(Facts, AMonthSaysTheSameLater) {
  const uint64_t seed = Seed() + 1000;
  int compared = 0;
  for (uint64_t run = 0; run < 30; ++run) {
    SCOPED_TRACE(fmt::format("KEFU_SEED={} run {}", seed, run));
    // In order this time: what comes late may change the past.
    std::mt19937_64 random(seed + run);
    ViewRun fold(sdk::Describe<ActivityView>());
    std::map<int32_t, Facts> then;
    CivilDay day(2024, 1, 1);
    int64_t offset = 0;
    const auto deliver = [&](Draft draft) {
      Delivery delivery{Finish(draft, offset), {}, Offset(offset), Beginning()};
      delivery.bytes = Recorded(delivery.event, delivery.recorded_at);
      ++offset;
      fold.Deliver(delivery);
    };
    const auto row = [&] {
      const auto rows = fold.view().Rows("clients");
      return static_cast<const ClientActivity&>(*rows.at(0).second);
    };
    deliver(Registered("王小明").At(Noon(day)));
    int32_t month = MonthOf(day);
    while (offset < 300) {
      day += static_cast<int>(random() % 4);
      if (MonthOf(day) != month) {
        month = MonthOf(day);
        then[month] = FactsOf(row(), FirstDayOf(month), Resolution::kMonth);
        for (const auto& [past, facts] : then) {
          if (past < month - 12) continue;
          ASSERT_EQ(Text(FactsOf(row(), FirstDayOf(past), Resolution::kMonth)), Text(facts))
              << past << " from " << month;
          ++compared;
        }
      }
      switch (random() % 4) {
        case 0:
          deliver(Traded(day, static_cast<int32_t>(random() % 4), 100));
          break;
        case 1:
          deliver(Valued(day, static_cast<int64_t>(random() % 9999), 5));
          break;
        case 2:
          deliver(Rated(3).At(Noon(day)));
          break;
        default:
          deliver(Contacted(CHANNEL_APP, DIRECTION_INBOUND).At(Noon(day)));
      }
    }
  }
  EXPECT_GT(compared, 1000);
}

// --- what became of clients ---

class Became : public testing::Test {
 protected:
  // January to December 2025 as assets and trades by month, -1 where nobody valued.
  static ClientActivity Row(const std::vector<int64_t>& assets, const std::vector<int32_t>& trades) {
    ClientActivity row;
    row.set_client_id("C-1");
    row.set_registered_day(NumberOf(CivilDay(2020, 1, 1)));
    for (int i = 0; i < 12; ++i) {
      const auto slot = SlotOf(MonthOf(CivilDay(2025, 1, 1)) + i, row);
      row.set_assets(*slot, i < static_cast<int>(assets.size()) ? assets[static_cast<size_t>(i)] : -1);
      row.set_trades(*slot, i < static_cast<int>(trades.size()) ? trades[static_cast<size_t>(i)] : 0);
    }
    return row;
  }
  // As of July, over three months, with a tenth left.
  static std::string July(const ClientActivity& row) {
    const auto told = FactsOfMonth(row, MonthOf(CivilDay(2025, 7, 1)), 3, 1000);
    return !told.has_value() ? "left out" : told->churned() ? "churned" : "stayed";
  }
};

TEST_F(Became, ByTradesAndWhatIsLeft) {
  const std::vector<int32_t> until_june = {1, 1, 1, 1, 1, 1};
  EXPECT_EQ(July(Row({500, 500, 500, 500, 500, 1000, 1000, 500, 100}, until_june)), "churned");
  EXPECT_EQ(July(Row({500, 500, 500, 500, 500, 1000, 1000, 500, 101}, until_june)), "stayed")
      << "more than a tenth left";
  EXPECT_EQ(July(Row({500, 500, 500, 500, 500, 1000, 0, 0, 0}, {1, 1, 1, 1, 1, 1, 0, 0, 1})), "stayed") << "traded";
  EXPECT_EQ(July(Row({500, 500, 500, 500, 500, 1000, 0, 0, 0}, {1, 1, 1, 1, 1, 1, 0, 0, 0, 9})), "churned")
      << "what came after three months is another matter";
  EXPECT_EQ(July(Row({500, 500, 500, 500, 500, 1000}, until_june)), "stayed") << "nobody valued: it has what it had";
}

TEST_F(Became, WhoWasNoClientIsLeftOut) {
  const std::vector<int64_t> assets = {500, 500, 500, 500, 500, 500, 500, 500, 500};
  EXPECT_EQ(July(Row(assets, {})), "stayed");
  EXPECT_EQ(July(Row({500, 500, 500, 0, 0, 0, 500}, {1, 1, 1, 0, 0, 0, 1})), "left out") << "nothing in three months";
  EXPECT_EQ(July(Row({}, {0, 0, 0, 1})), "churned") << "traded in April, then never";
  ClientActivity row = Row(assets, {});
  row.set_closed_day(NumberOf(CivilDay(2025, 9, 30)));
  EXPECT_EQ(July(row), "churned");
  row.set_closed_day(NumberOf(CivilDay(2025, 10, 1)));
  EXPECT_EQ(July(row), "stayed");
  row.set_closed_day(NumberOf(CivilDay(2025, 6, 30)));
  EXPECT_EQ(July(row), "left out");
  row = Row(assets, {});
  row.set_registered_day(NumberOf(CivilDay(2025, 7, 1)));
  EXPECT_EQ(July(row), "left out") << "registered in the month itself";
  row = Row(assets, {});
  ASSERT_TRUE(SlotOf(MonthOf(CivilDay(2026, 7, 1)), row).has_value());
  EXPECT_EQ(July(row), "stayed");
  ASSERT_TRUE(SlotOf(MonthOf(CivilDay(2026, 8, 1)), row).has_value());
  EXPECT_EQ(July(row), "left out") << "a year before July is no longer kept whole";
}

}  // namespace
}  // namespace kefu::activity
