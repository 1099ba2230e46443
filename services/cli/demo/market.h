#pragma once

#include <absl/time/civil_time.h>

#include "services/cli/demo/history.h"
#include "services/cli/demo/random.h"

namespace kefu::cli {

// What the client traded and owned, as the trading and account systems sum it up: a summary for each day with trades,
// a valuation for the last trading day of each week and month. Who fades takes its money along.
void AddMarket(DemoRandom& random, History& history, absl::CivilDay since, absl::CivilDay until);

}  // namespace kefu::cli
