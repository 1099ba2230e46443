#pragma once

// Who gets how much of a won lead. Pure.

#include <cstdint>
#include <vector>

#include "kefu/query/v1/lead.pb.h"

namespace kefu::lead {

// `minor_units` by the credits' shares of 10,000, in their order. Each is rounded towards zero; what is then left over
// goes to the first, so that all of them add up to the amount exactly, whatever the shares are. Empty if there are no
// credits.
std::vector<int64_t> SplitAmount(int64_t minor_units,
                                 const google::protobuf::RepeatedPtrField<events::v1::LeadCredit>& credits);

}  // namespace kefu::lead
