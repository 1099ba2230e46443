#pragma once

// A checkpoint as files that an auditor keeps.

#include <string>
#include <vector>

#include "kefu/audit/v1/audit.pb.h"
#include "platform/base/status.h"
#include "services/cli/audit/key_changes.h"

namespace kefu::cli {

// Writes the notes of `checkpoint` into `directory`, which is made if need be: checkpoint-<size>.note, and for each
// partition checkpoint-<size>-<partition>.note. Files that are there already with the same bytes stay. Returns whether any
// was new. kDataLoss: a file is there that says something else of a log of the same size: the log was changed, or the folder
// is another log's; nothing is written over. kFailedPrecondition: it cannot be written.
StatusOr<bool> WriteNotes(const audit::v1::Checkpoint& checkpoint, const std::string& directory);

// Writes what was said of the log's changes of its key, oldest first, as key-change-<number>.note (from 0);
// how many were not there. The same errors.
StatusOr<int> WriteKeyChanges(const KeyChanges& changes, const std::string& directory);

}  // namespace kefu::cli
