#pragma once

// Watching, for `kefu client watch`, `kefu case watch` and their short form `kefu watch`.

#include <string>

#include "services/cli/case_filter.h"
#include "services/cli/verb.h"

namespace kefu::cli {

// Prints the client as it is, then again whenever it changes, until Ctrl-C.
Status WatchClient(Tool& tool, const std::string& client, const std::string& after);

// The same for the cases that `filter` takes.
Status WatchCases(Tool& tool, const CaseFilter& filter, const std::string& after, bool personal);

}  // namespace kefu::cli
