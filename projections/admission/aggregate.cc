#include "projections/admission/aggregate.h"

namespace kefu::admission {

using events::v1::Event;

AggregateKind AggregateOf(Event::BodyCase body) {
  const int tag = static_cast<int>(body);
  switch (tag / 100) {
    case 1:
      if (tag < 108) return AggregateKind::kClient;
      if (tag >= 110 && tag < 120) return AggregateKind::kNone;
      return tag >= 120 && tag < 130 ? AggregateKind::kRelation : AggregateKind::kUnknown;
    case 2:
      if (tag < 202 || tag == 208) return AggregateKind::kContact;
      return tag < 208 ? AggregateKind::kUndertaking : AggregateKind::kUnknown;
    case 3:
      return AggregateKind::kCase;
    case 7:
      return tag < 720 ? AggregateKind::kReference : AggregateKind::kUnknown;
    case 8:
      if (tag < 850) return AggregateKind::kClock;
      return tag < 860 ? AggregateKind::kDerived : AggregateKind::kUnknown;
    default:
      return AggregateKind::kUnknown;
  }
}

}  // namespace kefu::admission
