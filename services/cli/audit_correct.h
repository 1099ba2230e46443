#pragma once

// How an event is told otherwise.

#include "kefu/events/v1/event.pb.h"
#include "platform/base/status.h"

namespace kefu::cli {

// Each field that `changes` has, of the event and of its body, takes the place of that in `event`, whole: lists and messages
// are not added to. kInvalidArgument: another kind, client or id.
Status TellOtherwise(const events::v1::Event& changes, events::v1::Event* event);

}  // namespace kefu::cli
