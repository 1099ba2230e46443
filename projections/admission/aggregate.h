#pragma once

#include "kefu/events/v1/event.pb.h"

namespace kefu::admission {

// What an event's body belongs to, and so what its precondition and its life cycle are about.
enum class AggregateKind {
  kNone,  // contacts and offers: facts without a life
  kClient,
  kCase,
  kUnknown,  // no body, or one that this build does not know
};

AggregateKind AggregateOf(events::v1::Event::BodyCase body);

}  // namespace kefu::admission
