#pragma once

// kefu promise list, kefu callback list.

#include <string>
#include <vector>

#include "kefu/query/v1/contact.pb.h"
#include "services/cli/verb.h"

namespace kefu::cli {

void AddUndertakingListVerb(CLI::App& group, Tool& tool, query::v1::UndertakingKind kind, const std::string& help,
                            const std::vector<std::string>& examples);

// The client whom a promise or a call-back was made to. kNotFound if no such one is known.
StatusOr<std::string> ClientOfUndertaking(Tool& tool, const std::string& id);

}  // namespace kefu::cli
