#pragma once

// Who has a case, what has to be done next in it, and until when. The rule of the house: an open case is never without
// an owner, an aim and a date; what nobody set follows from the rest of its row. A settled case has none of the three.

#include "kefu/query/v1/case.pb.h"

namespace kefu::cases {

// The scheme of next actions.
inline constexpr char kActionScheme[] = "kefu.action";

// Makes `owner`, `next_action`, `next_action_owner_id` and `next_action_due_at` what the rest of `row` says:
//   owner     the assignee, else the team, else "branch:<branch>", else "source:<source>"
//   action    as set, else by status: acknowledge, start, resolve, follow_up, confirm
//   its owner as set, else `owner`
//   its date  as set; else of a case that waits, how long it may; else the first due time of a clock that is not
//             settled; else `due_at`; else since when the case is in its status: where nobody named a date, it is due
//             at once, which no constant can be wrong about and nobody can overlook
// The last line of every fold.
void CompleteNextAction(query::v1::Case& row);

// Takes back what CaseNextActionSet said: it was about a status that is over.
void ForgetSetAction(query::v1::Case& row);

}  // namespace kefu::cases
