#pragma once

// Who asks, and why: every call of the audit's service needs both, and records them.

#include <string>

#include "kefu/audit/v1/audit.pb.h"
#include "services/cli/verb.h"

namespace kefu::cli {

struct AccessFlags {
  std::string reason;
  std::string actor;
};

// --reason, which is required, and --actor.
void AddAccessFlags(CLI::App& verb, AccessFlags& flags);

// The actor is --actor (or KEFU_ACTOR), else the user of this shell. kInvalidArgument: it is not said.
StatusOr<audit::v1::Access> AccessOf(const AccessFlags& flags);

}  // namespace kefu::cli
