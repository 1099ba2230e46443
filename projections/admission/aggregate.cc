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
    case 4:
      return tag < 403 ? AggregateKind::kBook : AggregateKind::kUnknown;
    case 5:
      if (tag < 506) return AggregateKind::kLead;
      return tag == 510 ? AggregateKind::kNone : AggregateKind::kUnknown;
    case 6:
      if (tag < 605) return AggregateKind::kSuitability;
      return tag >= 610 && tag < 613 ? AggregateKind::kSubscription : AggregateKind::kUnknown;
    case 7:
      if (tag < 720 || tag == 740) return AggregateKind::kReference;
      if (tag < 726 || tag == 790 || tag == 791) return AggregateKind::kStaff;
      return tag >= 730 && tag < 737 ? AggregateKind::kCatalogue : AggregateKind::kUnknown;
    case 8:
      if (tag < 850) return AggregateKind::kClock;
      if (tag < 860) return AggregateKind::kDerived;
      if (tag >= 880 && tag < 886) return AggregateKind::kLog;
      return tag == 860 ? AggregateKind::kLead : AggregateKind::kUnknown;
    case 9:
      if (tag < 902) return AggregateKind::kCorrection;
      return tag < 904 ? AggregateKind::kHold : AggregateKind::kUnknown;
    default:
      return AggregateKind::kUnknown;
  }
}

}  // namespace kefu::admission
