#pragma once

// The reason in one word that goes with an error, as AIP-193 asks: programs compare it, people read the message.

#include <string>
#include <string_view>

#include "platform/base/status.h"

namespace kefu {

// `status` with its reason ("EVENT_ID_MISSING": upper snake case, at most 63 characters) and the field it is about
// ("event.client_id"; empty if none). Travels with the status, also through gRPC (platform/rpc).
Status WithReason(Status status, std::string_view reason, std::string_view field = {});

// Empty if none was given.
std::string ReasonOf(const Status& status);
std::string FieldOf(const Status& status);

}  // namespace kefu
