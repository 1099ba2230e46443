#pragma once

// Moments of the past, as people write them.

#include <string>
#include <string_view>

#include "kefu/audit/v1/audit.pb.h"
#include "platform/base/status.h"

namespace kefu::cli {

// A moment for the audit's service: RFC 3339, or a day ("2026-03-01", to its end in the branches' zone, UTC+8), is what was
// known then; "occurred:" before it, what was so then; "position:TOKEN", exactly there. kInvalidArgument with what there is.
StatusOr<audit::v1::AsOf> ReadMoment(std::string_view text);

// The same, or "moments/ID", as the metadata `kefu-as-of` has it.
StatusOr<std::string> MomentOf(std::string_view text);

}  // namespace kefu::cli
