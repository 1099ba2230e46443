#pragma once

// Which keys signed the log, one after the other, as the server's view `checkpoints` has it.

#include <cstdint>
#include <string>
#include <vector>

#include "services/cli/verb.h"

namespace kefu::cli {

struct KeyChange {
  // Where it is recorded, in partition 0.
  int64_t offset = 0;
  // Verifier keys.
  std::string old_key;
  std::string new_key;
  // A note by the key before (platform/note/key_change.h).
  std::string statement;
};

// All changes, oldest first. What the server answers wrong is kDataLoss.
StatusOr<std::vector<KeyChange>> KeyChangesOf(Tool& tool);
// A row of the table `key_changes` as ViewService shows it.
StatusOr<KeyChange> KeyChangeOf(const std::string& json);

// Of `changes` those that lead, without a gap, to the newest one; none, if the key that signed `note` is not among their
// keys: then the log went on without being told how (an accepted loss).
std::vector<KeyChange> ChainTo(const std::string& note, const std::vector<KeyChange>& changes);

}  // namespace kefu::cli
