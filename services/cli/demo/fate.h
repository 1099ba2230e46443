#pragma once

// What will become of a client, decided when it is made up: the rest of its story follows from it. Clients that leave
// announce it: less trade, money going out, complaints, poor ratings. So churn can be learned from the log.

#include <absl/time/civil_time.h>

#include <cstdint>

#include "services/cli/demo/random.h"

namespace kefu::cli {

struct Fate {
  // The last day; far away for clients that stay.
  absl::CivilDay leaves = absl::CivilDay(9999, 12, 31);
  // Days before leaving in which it can be seen; 0: it comes out of the blue.
  int64_t fades_over = 0;
  // Some only take a break, and look for a while as if they were to leave.
  absl::CivilDay break_from = absl::CivilDay(9999, 12, 31);
  int64_t break_days = 0;
  // Days in a thousand on which it trades, and how its trades are.
  int64_t trading_days_per_mille = 0;
  int64_t trades_at_most = 1;
  // Of its accounts at the beginning, in minor units.
  int64_t assets = 0;

  // Per mille of its usual activity: 1000, less while it fades or rests, 0 once it left.
  int64_t VigourAt(absl::CivilDay day) const;
  bool FadesAt(absl::CivilDay day) const;
  bool HasLeft(absl::CivilDay day) const { return day > leaves; }
};

Fate MakeFate(DemoRandom& random, bool organisation, absl::CivilDay from, int64_t days);

}  // namespace kefu::cli
