#pragma once

#include <absl/time/time.h>

#include "kefu/query/v1/contact.pb.h"
#include "platform/base/status.h"
#include "projections/engine/engine.h"

namespace kefu::query {

// Would the client's limits refuse an outbound contact? By the rule that admission judges with
// (projections/sdk/contact_rules.h). Where records are merged, the limits of each of them refuse. `now` is what the
// request means if it names no time. Local time is that of the client's branch, as its calendar has it.
//
// kInvalidArgument (NAME_INVALID, CHANNEL_MISSING, TIME_INVALID); kNotFound (CLIENT_NOT_FOUND).
// Cost: a row a record, and, with quiet hours, the branch's units and calendar.
StatusOr<query::v1::CheckContactResponse> CheckContact(const engine::Engine& engine,
                                                       const query::v1::CheckContactRequest& request, absl::Time now);

}  // namespace kefu::query
