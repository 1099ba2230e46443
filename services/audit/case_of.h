#pragma once

// Which case an event is about, for whoever wants all that became of one: more than the case's own events.

#include <string>

#include "kefu/events/v1/event.pb.h"
#include "platform/base/status.h"
#include "projections/engine/engine.h"

namespace kefu::audit {

// The case that the event's body names: a case event, a clock's, but a contact, a promise or a legal hold, too. Of a
// correction: that of the event as corrected. Empty: none.
std::string CaseOf(const events::v1::Event& event);

// The same for what names only an event or a hold that names the case: annulments and lifted holds. Looks through the
// client's journal for it, so it costs as much as the client has events. kUnavailable (JOURNAL_BEHIND): the journal does not
// have all that the log has.
StatusOr<std::string> CaseOfReferred(const engine::Engine& engine, const events::v1::Event& event);

// May the answer of CaseOfReferred be a case, by the bytes alone? Never no where it would.
bool MayRefer(std::string_view recorded_bytes);

}  // namespace kefu::audit
