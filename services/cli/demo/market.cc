#include "services/cli/demo/market.h"

#include <algorithm>
#include <array>

namespace kefu::cli {

namespace {

constexpr std::array<std::string_view, 4> kInstruments = {"equity", "etf", "fund", "bond"};

void AddTrades(DemoRandom& random, History& history, absl::CivilDay day, int64_t assets) {
  const int64_t trades = random.Between(1, history.fate.trades_at_most);
  // One to six hundredths of what there is, each time.
  const int64_t turnover = std::max<int64_t>(assets * random.Between(1, 6) / 100 * trades, 100'000);
  const int64_t discount = random.Between(28, 60);
  const auto main = static_cast<size_t>(random.Below(static_cast<int64_t>(kInstruments.size())));
  const int64_t share = random.Between(50, 100) * 100;
  auto& summary = *history.AddBySystem(AtBranch(day, 930), "trading").mutable_trading_day_summarised();
  SetDate(day, summary.mutable_day());
  summary.set_trades(static_cast<int32_t>(trades));
  SetMoney(history, turnover, summary.mutable_turnover());
  // 0.1425 % less a discount.
  SetMoney(history, turnover / 10'000 * 1'425 / 1'000 * discount / 100, summary.mutable_commission());
  auto& first = *summary.add_instruments();
  first.set_instrument(std::string(kInstruments[main]));
  first.set_share_bp(static_cast<int32_t>(share));
  if (share == 10'000) return;
  auto& second = *summary.add_instruments();
  second.set_instrument(std::string(kInstruments[(main + 1) % kInstruments.size()]));
  second.set_share_bp(static_cast<int32_t>(10'000 - share));
}

// Is it the last day on which the exchange trades in its week or month?
bool EndsWeekOrMonth(const Workdays& workdays, absl::CivilDay day) {
  absl::CivilDay next = day + 1;
  while (!workdays.IsTradingDay(next)) ++next;
  return absl::PrevWeekday(next, absl::Weekday::sunday) >= day || absl::CivilMonth(next) != absl::CivilMonth(day);
}

}  // namespace

void AddMarket(DemoRandom& random, History& history, absl::CivilDay since, absl::CivilDay until) {
  const Workdays& workdays = history.office().workdays;
  const Fate& fate = history.fate;
  int64_t assets = fate.assets;
  int64_t inflow = 0;
  for (absl::CivilDay day = since; day < until && !fate.HasLeft(day); ++day) {
    // Drawn on each day, so that what is drawn later does not hang on holidays.
    const bool trades = random.Chance(fate.trading_days_per_mille * fate.VigourAt(day) / 1000);
    const int64_t change = random.Between(-120, 130);
    const bool pays_in = random.Chance(12);
    const int64_t payment = random.Between(-40, 60);
    if (!workdays.IsTradingDay(day)) continue;
    if (trades) AddTrades(random, history, day, assets);
    assets += assets / 10'000 * change;
    if (fate.FadesAt(day)) {
      const int64_t taken = assets / 100 * 4;
      assets -= taken;
      inflow -= taken;
    } else if (pays_in) {
      const int64_t paid = fate.assets / 1'000 * payment;
      assets += std::max(paid, -assets / 2);
      inflow += std::max(paid, -assets / 2);
    }
    if (!EndsWeekOrMonth(workdays, day)) continue;
    auto& valued = *history.AddBySystem(AtBranch(day, 1'080), "accounts").mutable_assets_valued();
    SetDate(day, valued.mutable_day());
    SetMoney(history, assets, valued.mutable_assets());
    SetMoney(history, assets / 100 * random.Between(2, 30), valued.mutable_cash());
    if (inflow != 0) SetMoney(history, inflow, valued.mutable_net_inflow());
    inflow = 0;
  }
}

}  // namespace kefu::cli
