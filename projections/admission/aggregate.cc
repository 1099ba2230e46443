#include "projections/admission/aggregate.h"

namespace kefu::admission {

using events::v1::Event;

AggregateKind AggregateOf(Event::BodyCase body) {
  const int tag = static_cast<int>(body);
  if (tag >= 100 && tag < 200) return AggregateKind::kClient;
  if (tag >= 200 && tag < 300) return AggregateKind::kNone;
  if (tag >= 300 && tag < 400) return AggregateKind::kCase;
  return AggregateKind::kUnknown;
}

}  // namespace kefu::admission
