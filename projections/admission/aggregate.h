#pragma once

#include "kefu/events/v1/event.pb.h"

namespace kefu::admission {

// What an event's body belongs to, and so what its precondition and its life cycle are about. Only clients and cases
// have a revision.
enum class AggregateKind {
  kNone,  // what a client did, owned on a day, or said to what was proposed: facts without a life
  kClient,
  kCase,
  kContact,      // contacts, offers, ratings: facts that consents and bounds are held against
  kUndertaking,  // promises and call-backs: open until they are settled
  kRelation,     // about two clients; broadcast
  kReference,    // broadcast
  kStaff,        // who works for the firm, and handovers; broadcast
  kCatalogue,    // products, what is promised with them, and whom they suit; broadcast
  kBook,         // who serves a client and has its work in hand
  kLead,
  kSuitability,  // what a client can bear, and what was recommended to it
  kSubscription,
  kCorrection,   // what is said of another event
  kHold,         // what of a client must be kept
  kClock,        // what services conclude of a case; moves no revision
  kDerived,      // what they conclude of a client; likewise
  kLog,          // what they state of the log: of no client, in partition 0
  kUnknown,      // no body, or one that this build does not know
};

AggregateKind AggregateOf(events::v1::Event::BodyCase body);

}  // namespace kefu::admission
