#include "services/cli/audit/access.h"

#include <CLI/CLI.hpp>
#include <cstdlib>

namespace kefu::cli {
namespace {

std::string UserOfShell() {
  for (const char* name : {"USER", "LOGNAME"})
    if (const char* user = std::getenv(name); user != nullptr && *user != '\0') return user;
  return {};
}

}  // namespace

void AddAccessFlags(CLI::App& verb, AccessFlags& flags) {
  verb.add_option("--reason", flags.reason, "Why, in up to 500 characters; it is recorded")->required();
  verb.add_option("--actor", flags.actor, "Who asks; it is recorded. The user of this shell if not given")
      ->envname("KEFU_ACTOR");
}

StatusOr<audit::v1::Access> AccessOf(const AccessFlags& flags) {
  audit::v1::Access access;
  access.set_reason(flags.reason);
  access.set_actor_id(flags.actor.empty() ? UserOfShell() : flags.actor);
  if (access.actor_id().empty())
    return InvalidArgument("--actor: say who asks; this shell has no user's name (KEFU_ACTOR, USER)");
  return access;
}

}  // namespace kefu::cli
