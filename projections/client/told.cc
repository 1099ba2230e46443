#include "projections/client/told.h"

#include <absl/time/civil_time.h>

#include <algorithm>
#include <limits>
#include <tuple>

namespace kefu::client {

using query::v1::Client;
using query::v1::LinkedIdentity;
using query::v1::SegmentEntry;

namespace {

// Days since 1970; years that are none end up at the ends.
int32_t DayNumber(const events::v1::CalendarDate& date) {
  const int64_t days = absl::CivilDay(date.year(), date.month(), date.day()) - absl::CivilDay(1970, 1, 1);
  return static_cast<int32_t>(std::clamp<int64_t>(days, std::numeric_limits<int32_t>::min(),
                                                  std::numeric_limits<int32_t>::max()));
}

// The place of `wanted` in a list that is sorted by `key`, and whether it is taken by it.
template <class List, class Value, class Key>
std::pair<int, bool> PlaceIn(const List& list, const Value& wanted, Key key) {
  const auto place = std::lower_bound(list.begin(), list.end(), wanted,
                                      [&](const auto& item, const Value& value) { return key(item) < value; });
  return {static_cast<int>(place - list.begin()), place != list.end() && key(*place) == wanted};
}

// A new last item goes to `place`.
template <class List>
void MoveLastTo(int place, List& list) {
  for (int i = list.size() - 1; i > place; --i) list.SwapElements(i, i - 1);
}

auto IdentityKey(const LinkedIdentity& linked) {
  return std::tuple<int, std::string_view>(linked.identity().channel(), linked.identity().handle());
}

std::string_view SchemeOf(const SegmentEntry& entry) { return entry.scheme(); }

// Puts the day into the list of those told, or its trades in the place of those told before.
void CountDay(int32_t day, int32_t trades, query::v1::TradingSummary& trading) {
  auto& days = *trading.mutable_days();
  auto& counts = *trading.mutable_trades();
  const auto [place, is_told] = PlaceIn(days, day, [](int32_t each) { return each; });
  if (!is_told) {
    // Older than all thirty.
    if (place == 0 && days.size() == kTradingDaysKept) return;
    days.Add(day);
    counts.Add(0);
    MoveLastTo(place, days);
    MoveLastTo(place, counts);
  }
  counts.Set(place, trades);
  if (days.size() > kTradingDaysKept) {
    days.erase(days.begin());
    counts.erase(counts.begin());
  }
}

// Over the 30 days up to and with the newest.
int32_t TradesOfThirtyDays(const query::v1::TradingSummary& trading) {
  int64_t trades = 0;
  const int64_t newest = trading.days(trading.days_size() - 1);
  for (int i = 0; i < trading.days_size(); ++i)
    if (trading.days(i) > newest - 30) trades += trading.trades(i);
  return static_cast<int32_t>(std::min<int64_t>(trades, std::numeric_limits<int32_t>::max()));
}

}  // namespace

void TakeIdentity(const sdk::Recorded<events::v1::ChannelIdentityLinked>& linked, Client& tail) {
  auto& list = *tail.mutable_identities();
  const auto& identity = linked.body.identity();
  const std::tuple<int, std::string_view> key(identity.channel(), identity.handle());
  const auto [place, is_linked] = PlaceIn(list, key, IdentityKey);
  if (!is_linked) {
    if (list.size() == kIdentitiesKept) return;
    list.Add();
    MoveLastTo(place, list);
  }
  LinkedIdentity& entry = *list.Mutable(place);
  *entry.mutable_identity() = identity;
  entry.set_event_id(linked.event().event_id());
  *entry.mutable_linked_at() = linked.event().occurred_at();
}

void DropIdentity(const events::v1::ChannelIdentityUnlinked& unlinked, Client& tail) {
  auto& list = *tail.mutable_identities();
  const std::tuple<int, std::string_view> key(unlinked.channel(), unlinked.handle());
  const auto [place, is_linked] = PlaceIn(list, key, IdentityKey);
  if (is_linked) list.DeleteSubrange(place, 1);
}

void TakeTrading(const sdk::Recorded<events::v1::TradingDaySummarised>& told, Client& tail) {
  auto& trading = *tail.mutable_trading();
  const int32_t day = DayNumber(told.body.day());
  const bool is_newest = trading.days_size() == 0 || day >= trading.days(trading.days_size() - 1);
  CountDay(day, told.body.trades(), trading);
  trading.set_trades_30d(TradesOfThirtyDays(trading));
  if (!is_newest) return;
  *trading.mutable_day() = told.body;
  trading.set_event_id(told.event().event_id());
}

void TakeAssets(const sdk::Recorded<events::v1::AssetsValued>& told, Client& tail) {
  if (tail.has_assets() && DayNumber(told.body.day()) < DayNumber(tail.assets().day().day())) return;
  *tail.mutable_assets()->mutable_day() = told.body;
  tail.mutable_assets()->set_event_id(told.event().event_id());
}

void TakeSegment(const sdk::Recorded<events::v1::ClientClassified>& classified, Client& tail) {
  auto& list = *tail.mutable_segments();
  const auto& body = classified.body;
  const auto [place, is_there] = PlaceIn(list, std::string_view(body.scheme()), SchemeOf);
  if (body.segment().empty()) {
    if (is_there) list.DeleteSubrange(place, 1);
    return;
  }
  if (!is_there) {
    if (list.size() == kSegmentsKept) return;
    list.Add();
    MoveLastTo(place, list);
  }
  SegmentEntry& entry = *list.Mutable(place);
  entry.set_scheme(body.scheme());
  entry.set_segment(body.segment());
  *entry.mutable_since() = body.has_as_of() ? body.as_of() : classified.event().occurred_at();
  entry.set_event_id(classified.event().event_id());
}

void TakeConfiguration(const sdk::Recorded<events::v1::ServiceConfigurationChanged>& changed,
                       events::v1::ServiceConfiguration& configuration) {
  configuration = changed.body.configuration();
  for (events::v1::Consent& consent : *configuration.mutable_consents())
    if (!consent.has_since()) *consent.mutable_since() = changed.event().occurred_at();
}

}  // namespace kefu::client
