#include "services/cli/demo/fate.h"

#include <algorithm>

namespace kefu::cli {

namespace {

struct Style {
  int64_t days_per_mille;
  int64_t trades;
};

constexpr std::array<Weighted<Style>, 4> kStyles = {{{40, {22, 2}}, {35, {110, 3}}, {19, {340, 6}}, {6, {900, 20}}}};

struct Wealth {
  int64_t least;
  int64_t most;
};

// In thousands of the currency.
constexpr std::array<Weighted<Wealth>, 4> kWealth = {
    {{58, {150, 2'000}}, {29, {2'000, 10'000}}, {11, {10'000, 60'000}}, {2, {60'000, 400'000}}}};

}  // namespace

int64_t Fate::VigourAt(absl::CivilDay day) const {
  if (day > leaves) return 0;
  if (FadesAt(day)) return std::max<int64_t>((leaves - day) * (leaves - day) * 700 / (fades_over * fades_over), 10);
  if (day >= break_from && day < break_from + break_days) return 120;
  return 1000;
}

bool Fate::FadesAt(absl::CivilDay day) const { return fades_over > 0 && day <= leaves && leaves - day < fades_over; }

Fate MakeFate(DemoRandom& random, bool organisation, absl::CivilDay from, int64_t days) {
  Fate fate;
  const Style style = Draw(random, kStyles);
  fate.trading_days_per_mille = style.days_per_mille;
  fate.trades_at_most = style.trades;
  const Wealth wealth = Draw(random, kWealth);
  fate.assets = random.Between(wealth.least, wealth.most) * 100'000 * (organisation ? 8 : 1);
  // Some 16 in a hundred leave in a year; none in the first days, or nothing would be known of them.
  const bool leaves = random.Chance(std::min<int64_t>(days * 160 / 365 + 10, 400));
  const int64_t leaves_after = random.Between(std::min<int64_t>(20, days - 1), days - 1);
  const bool seen_coming = random.Chance(880);
  const int64_t fades_over = random.Between(70, 130);
  if (leaves) {
    fate.leaves = from + leaves_after;
    fate.fades_over = seen_coming ? fades_over : 0;
  }
  const bool rests = random.Chance(70);
  const int64_t rests_after = random.Below(days);
  const int64_t rests_for = random.Between(30, 60);
  if (rests && !leaves) {
    fate.break_from = from + rests_after;
    fate.break_days = rests_for;
  }
  return fate;
}

}  // namespace kefu::cli
