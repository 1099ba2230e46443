#pragma once

// What tests of activity share: terse events about trades, assets, ratings and clocks.

#include <absl/time/civil_time.h>

#include <string_view>

#include "platform/base/time.h"
#include "platform/testkit/events.h"
#include "projections/sdk/branch_time.h"

namespace kefu::activity {

// Noon of the branches' day.
inline absl::Time Noon(absl::CivilDay day) {
  return absl::FromCivil(absl::CivilSecond(day) + 12 * 3600, absl::UTCTimeZone()) -
         absl::Seconds(sdk::kBranchOffsetSeconds);
}

inline void SetDay(absl::CivilDay day, events::v1::CalendarDate* date) {
  date->set_year(static_cast<int32_t>(day.year()));
  date->set_month(day.month());
  date->set_day(day.day());
}

// Told in the evening of the day.
inline testkit::Draft Traded(absl::CivilDay day, int32_t trades, int64_t turnover) {
  return testkit::Draft().At(Noon(day) + absl::Hours(6)).With([&](events::v1::Event& event) {
    auto& body = *event.mutable_trading_day_summarised();
    SetDay(day, body.mutable_day());
    body.set_trades(trades);
    body.mutable_turnover()->set_minor_units(turnover);
    body.mutable_turnover()->set_currency("CNY");
  });
}

inline testkit::Draft Valued(absl::CivilDay day, int64_t assets, int64_t net_inflow = 0) {
  return testkit::Draft().At(Noon(day) + absl::Hours(6)).With([&](events::v1::Event& event) {
    auto& body = *event.mutable_assets_valued();
    SetDay(day, body.mutable_day());
    body.mutable_assets()->set_minor_units(assets);
    body.mutable_assets()->set_currency("CNY");
    body.mutable_net_inflow()->set_minor_units(net_inflow);
    body.mutable_net_inflow()->set_currency("CNY");
  });
}

inline testkit::Draft Rated(int32_t score, events::v1::SatisfactionScale scale = events::v1::SATISFACTION_SCALE_CSAT) {
  return testkit::Draft().With([&](events::v1::Event& event) {
    event.mutable_satisfaction_rated()->set_scale(scale);
    event.mutable_satisfaction_rated()->set_score(score);
  });
}

inline testkit::Draft Breached(std::string_view case_id, std::string_view clock_id = "pack/clock") {
  return testkit::Draft().With([&](events::v1::Event& event) {
    event.mutable_clock_breached()->set_case_id(std::string(case_id));
    event.mutable_clock_breached()->set_clock_id(std::string(clock_id));
  });
}

}  // namespace kefu::activity
