#pragma once

// The clocks of a case as facts on the log have them.

#include <string>

#include "kefu/query/v1/case.pb.h"

namespace kefu::cases {

// Clocks kept in a row.
inline constexpr int kClocksKept = 16;

// Met or dropped: nothing is due any more.
bool IsSettled(query::v1::ClockState state);

// The run of a clock that a fact is about; a new one, without a state, if the row has none. `clocks` stays sorted by id
// and run.
query::v1::CaseClock& ClockOf(query::v1::Case& row, const std::string& clock_id, int32_t run);

// Makes room where there are more than kClocksKept: the one settled first goes, and if none is settled the one that is
// due last. Clocks with one time go by their order.
void BoundClocks(query::v1::Case& row);

}  // namespace kefu::cases
