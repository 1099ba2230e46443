#pragma once

// A checkpoint as files that an auditor keeps.

#include <string>

#include "kefu/audit/v1/audit.pb.h"
#include "platform/base/status.h"

namespace kefu::cli {

// Writes the notes of `checkpoint` into `directory`, which is made if need be: checkpoint-<size>.note, and for each
// partition checkpoint-<size>-<partition>.note. Files that are there already with the same bytes stay. Returns whether any
// was new. kDataLoss: a file is there that says something else of a log of the same size: the log was changed, or the folder
// is another log's; nothing is written over. kFailedPrecondition: it cannot be written.
StatusOr<bool> WriteNotes(const audit::v1::Checkpoint& checkpoint, const std::string& directory);

}  // namespace kefu::cli
