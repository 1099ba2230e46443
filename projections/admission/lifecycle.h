#pragma once

// The life cycles, as tables: state × event → the next state, or the rule that forbids it. golden/lifecycle.txt has
// them in full.

#include "kefu/events/v1/case.pb.h"
#include "kefu/events/v1/client.pb.h"
#include "kefu/events/v1/event.pb.h"
#include "projections/admission/rules.h"

namespace kefu::admission {

// What a table says: `refusal`, or, if that is kNone, the `next` state.
template <class Status>
struct Move {
  Rule refusal = Rule::kNone;
  Status next{};
};

// `body` is a case event (tags 300 to 399), `now` the case's status; UNSPECIFIED means there is no such case.
// kBodyUnknown for a body that the table does not have.
Move<events::v1::CaseStatus> MoveCase(events::v1::Event::BodyCase body, events::v1::CaseStatus now);

// `body` is a client event (tags 100 to 107); `wanted` is the status that a ClientStatusChanged asks for.
Move<events::v1::ClientStatus> MoveClient(events::v1::Event::BodyCase body, events::v1::ClientStatus now,
                                          events::v1::ClientStatus wanted);

}  // namespace kefu::admission
