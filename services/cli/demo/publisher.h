#pragma once

// A sample into a server, as channel systems would send it.

#include <map>
#include <string>

#include "services/cli/demo/branch.h"
#include "services/cli/import/importer.h"
#include "services/cli/verb.h"

namespace kefu::cli {

struct Published {
  ImportSummary summary;
  // By rule: how often it refused, and how often it was meant to.
  std::map<std::string, int64_t> refused;
  std::map<std::string, int64_t> meant;

  // Every refusal was one of those that are in the sample to be seen. Attempts that were refused before are duplicates.
  bool AsMeant() const;
};

// Sends the reference data, waits until every partition has it, then sends the rest, all over StreamEvents; after what is
// awaited (IsAwaited) it waits again, so that no client's event comes before what it is judged by. Ends early,
// with `interrupted` set, at Ctrl-C.
StatusOr<Published> PublishBranch(Tool& tool, Branch branch);

}  // namespace kefu::cli
