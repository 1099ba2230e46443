#include "projections/activity/facts.h"

#include <algorithm>

#include "projections/activity/months.h"

namespace kefu::activity {
namespace {

using google::protobuf::RepeatedField;
using query::v1::ClientActivity;

constexpr int32_t kYear = 12;
constexpr int32_t kQuarter = 3;

// Months from one to another, both included.
struct Span {
  int32_t from, to;
};

class Months {
 public:
  explicit Months(const ClientActivity& row) : row_(row) {}

  template <class Number>
  int64_t Sum(const RepeatedField<Number>& list, Span span) const {
    int64_t sum = 0;
    const auto [first, last] = Slots(span);
    for (int i = first; i <= last; ++i) sum = rules::AddSaturating(sum, list.Get(i));
    return sum;
  }

  // Of the newest month that was valued.
  int64_t Assets(Span span) const {
    const auto [first, last] = Slots(span);
    for (int i = last; i >= first; --i)
      if (row_.assets(i) >= 0) return row_.assets(i);
    return 0;
  }

  int64_t MostAssets(Span span) const {
    int64_t most = 0;
    const auto [first, last] = Slots(span);
    for (int i = first; i <= last; ++i) most = std::max(most, row_.assets(i));
    return most;
  }

  // The newest month in which something was counted in one of the lists.
  std::optional<int32_t> Newest(Span span, const RepeatedField<int32_t>& one,
                                const RepeatedField<int32_t>& other) const {
    const auto [first, last] = Slots(span);
    for (int i = last; i >= first; --i)
      if (one.Get(i) != 0 || other.Get(i) != 0) return row_.first_month() + i;
    return std::nullopt;
  }

 private:
  std::pair<int, int> Slots(Span span) const {
    return {std::max(0, span.from - row_.first_month()),
            std::min(row_.contacts_in_size() - 1, span.to - row_.first_month())};
  }

  const ClientActivity& row_;
};

int64_t DaysBetween(absl::CivilDay from, absl::CivilDay to, int64_t longest) {
  return std::clamp<int64_t>(to - from, 0, longest);
}

// From the end of the newest month with something, within a year.
int64_t DaysSinceMonth(std::optional<int32_t> newest, int32_t month) {
  if (!newest.has_value()) return kLongestDaysOfMonths;
  return DaysBetween(FirstDayOf(*newest + 1), FirstDayOf(month), kLongestDaysOfMonths);
}

int64_t DaysSince(bool known, int32_t day, absl::CivilDay as_of) {
  return known ? DaysBetween(DayOf(day), as_of, kLongestDays) : kLongestDays;
}

}  // namespace

Facts FactsOf(const ClientActivity& row, absl::CivilDay as_of, Resolution resolution) {
  using namespace events::v1;  // NOLINT: facts by their names
  const int32_t month = MonthOf(as_of);
  const bool whole = resolution == Resolution::kMonth;
  const auto last = [&](int32_t months) { return Span{month - months, whole ? month - 1 : month}; };
  const Months months(row);
  Facts facts{};
  // Who was valued last long ago still has that much, but in whole months a year is all that can be seen.
  facts[CLIENT_FACT_ASSETS] = months.Assets(last(whole ? kYear : kMonthsKept));
  facts[CLIENT_FACT_ASSETS_PEAK_12M] = months.MostAssets(last(kYear));
  facts[CLIENT_FACT_TRADES_1M] = months.Sum(row.trades(), last(1));
  facts[CLIENT_FACT_TRADES_3M] = months.Sum(row.trades(), last(kQuarter));
  facts[CLIENT_FACT_TRADES_12M] = months.Sum(row.trades(), last(kYear));
  facts[CLIENT_FACT_TURNOVER_3M] = months.Sum(row.turnover(), last(kQuarter));
  facts[CLIENT_FACT_TURNOVER_12M] = months.Sum(row.turnover(), last(kYear));
  facts[CLIENT_FACT_CONTACTS_IN_3M] = months.Sum(row.contacts_in(), last(kQuarter));
  facts[CLIENT_FACT_CONTACTS_OUT_3M] = months.Sum(row.contacts_out(), last(kQuarter));
  facts[CLIENT_FACT_COMPLAINTS_12M] = months.Sum(row.complaints(), last(kYear));
  facts[CLIENT_FACT_REQUESTS_12M] = months.Sum(row.requests(), last(kYear));
  facts[CLIENT_FACT_RATINGS_12M] = months.Sum(row.ratings(), last(kYear));
  if (facts[CLIENT_FACT_RATINGS_12M] > 0)
    facts[CLIENT_FACT_SATISFACTION_12M] =
        months.Sum(row.rating_sum(), last(kYear)) * 1000 / facts[CLIENT_FACT_RATINGS_12M];
  facts[CLIENT_FACT_NET_INFLOW_3M] = months.Sum(row.net_inflow(), last(kQuarter));
  facts[CLIENT_FACT_CLOCK_BREACHES_12M] = months.Sum(row.breaches(), last(kYear));
  facts[CLIENT_FACT_KIND] = row.kind();
  const absl::CivilDay at = whole ? FirstDayOf(month) : as_of;
  if (row.has_registered_day())
    facts[CLIENT_FACT_DAYS_SINCE_REGISTRATION] = DaysBetween(DayOf(row.registered_day()), at, kLongestDays);
  if (whole) {
    facts[CLIENT_FACT_DAYS_SINCE_TRADE] = DaysSinceMonth(months.Newest(last(kYear), row.trades(), row.trades()), month);
    facts[CLIENT_FACT_DAYS_SINCE_CONTACT] =
        DaysSinceMonth(months.Newest(last(kYear), row.contacts_in(), row.contacts_out()), month);
  } else {
    facts[CLIENT_FACT_DAYS_SINCE_TRADE] = DaysSince(row.has_last_trade_day(), row.last_trade_day(), at);
    facts[CLIENT_FACT_DAYS_SINCE_CONTACT] = DaysSince(row.has_last_contact_day(), row.last_contact_day(), at);
    facts[CLIENT_FACT_OPEN_COMPLAINTS] = row.open_complaints();
    facts[CLIENT_FACT_STATUS] = row.status();
  }
  return facts;
}

std::optional<query::v1::ClientFacts> FactsOfMonth(const ClientActivity& row, int32_t month, int32_t horizon_months,
                                                   int32_t assets_left_bp) {
  const absl::CivilDay begin = FirstDayOf(month);
  const absl::CivilDay end = FirstDayOf(month + horizon_months);
  if (!row.has_registered_day() || DayOf(row.registered_day()) >= begin) return std::nullopt;
  if (row.has_closed_day() && DayOf(row.closed_day()) < begin) return std::nullopt;
  const int32_t newest = row.first_month() + row.contacts_in_size() - 1;
  if (newest - kMonthsKept + 1 > month - kYear) return std::nullopt;
  const Months months(row);
  const Span before{month - kQuarter, month - 1};
  if (months.MostAssets(before) <= 0 && months.Sum(row.trades(), before) == 0) return std::nullopt;

  const Span after{month, month + horizon_months - 1};
  const int64_t had = months.Assets({month - kYear, month - 1});
  const int64_t has = months.Assets({month - kYear, after.to});
  __extension__ typedef __int128 Wide;
  const bool left = Wide{has} * 10'000 <= Wide{had} * assets_left_bp;
  const bool closed = row.has_closed_day() && DayOf(row.closed_day()) < end;

  query::v1::ClientFacts told;
  told.set_client_id(row.client_id());
  told.set_month(month);
  const Facts facts = FactsOf(row, begin, Resolution::kMonth);
  told.mutable_values()->Add(facts.begin(), facts.end());
  told.set_churned(closed || (months.Sum(row.trades(), after) == 0 && left));
  return told;
}

}  // namespace kefu::activity
