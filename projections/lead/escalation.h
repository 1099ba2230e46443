#pragma once

// What the lead duty states.

#include <string>

#include "kefu/events/v1/event.pb.h"
#include "kefu/query/v1/lead.pb.h"

namespace kefu::lead {

// That the present due time of an open lead has passed. Depends on nothing but the row: whoever states it says the same
// words under the same id.
events::v1::Event EscalationOf(const query::v1::Lead& row);

// "lead/escalated/{lead}/{due time in microseconds}": once a due time. A lead id that no event id may hold, for its
// length or its characters, is in it as a hash. At most 128 bytes.
std::string EscalationIdOf(const query::v1::Lead& row);

}  // namespace kefu::lead
