#pragma once

// The life cycles, as tables: state × event → the next state, or the rule that forbids it. golden/lifecycle.txt has
// them in full.

#include "kefu/events/v1/case.pb.h"
#include "kefu/events/v1/client.pb.h"
#include "kefu/events/v1/event.pb.h"
#include "projections/admission/rules.h"
#include "projections/admission/state.pb.h"

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

// Whether `body` is about one handover: opened, named, cancelled, settled, completed.
bool IsAboutHandover(events::v1::Event::BodyCase body);
// UNSPECIFIED, here and below, means there is none yet. kBodyUnknown for a body that is about something else.
Move<HandoverStatus> MoveHandover(events::v1::Event::BodyCase body, HandoverStatus now);
// `body` is a lead event (500 to 505, 860).
Move<LeadStatus> MoveLead(events::v1::Event::BodyCase body, LeadStatus now);
// Neither declined, won nor lost.
bool IsOpen(LeadStatus status);
// `result` is what a RecommendationFollowedUp tells.
Move<RecommendationStatus> MoveRecommendation(events::v1::Event::BodyCase body, RecommendationStatus now,
                                              events::v1::RecommendationResult result);
// `body` is a subscription event (610 to 612).
Move<SubscriptionStatus> MoveSubscription(events::v1::Event::BodyCase body, SubscriptionStatus now);

}  // namespace kefu::admission
