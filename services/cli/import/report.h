#pragma once

#include <string>

#include "services/cli/import/importer.h"
#include "services/cli/verb.h"

namespace kefu::cli {

// Prints what became of an import: a table for people, one JSON object for programs. `quarantine_path` is where rows
// and events went that were put aside; `dry_run`: nothing was sent.
void PrintSummary(const Tool& tool, const ImportSummary& summary, const std::string& quarantine_path, bool dry_run);

}  // namespace kefu::cli
