#pragma once

// What a client answered to proposed actions, one entry an action.

#include <absl/time/time.h>

#include <string_view>

#include "kefu/events/v1/lead.pb.h"
#include "projections/lead/rows.pb.h"
#include "projections/sdk/projection.h"

namespace kefu::lead {

// Actions kept of one client. Rules have far fewer; this bounds the row whatever is sent.
inline constexpr int kActionsKept = 64;

// Puts the answer in. One that was given before the newest known one is only counted.
void TakeAnswer(const sdk::Recorded<events::v1::NextActionAnswered>& answered, AnsweredActions& row);

// Null if it was never answered.
const AnsweredAction* FindAnswer(const AnsweredActions& row, std::string_view action_id);

// Does an action rest at `as_of`? So it does from its newest answer on for `rests_days` times 24 hours; not at their
// end, and not before the answer.
bool Rests(const AnsweredActions& row, std::string_view action_id, int32_t rests_days, absl::Time as_of);

}  // namespace kefu::lead
