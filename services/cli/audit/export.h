#pragma once

// kefu audit export: from a server to a folder.

#include <string>
#include <vector>

#include "kefu/audit/v1/audit.pb.h"
#include "services/cli/verb.h"

namespace kefu::cli {

struct ExportOptions {
  audit::v1::Access access;
  // The folder to make.
  std::string out;
  // What: a client, a case, or a range.
  std::string client, case_id, from, until, from_position, until_position;
  int32_t partition = -1;
  // Files with notes of older checkpoints.
  std::vector<std::string> since;
  // Answers to take along; empty: the usual ones.
  std::vector<std::string> views;
  // What they are of: "checkpoint" or "now"; empty: what --moment says, or else the checkpoint.
  std::string views_of;
  // Leave out what is not signed yet.
  bool unsigned_tail = false;
  std::string program_version;

  bool is_range() const { return client.empty() && case_id.empty(); }
};

// Asks, writes the bundle, and says what it holds. kInvalidArgument: what is asked for makes no sense; kCancelled: it broke
// off (Ctrl-C, too); else what the server and BundleWriter say. After an error there is no folder.
Status ExportBundle(Tool& tool, const ExportOptions& options);

}  // namespace kefu::cli
