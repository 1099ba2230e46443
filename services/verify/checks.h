#pragma once

// The parts of Verify, in the order they are called. Each says in the report what holds or fails.

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "services/verify/format.h"
#include "services/verify/verify.h"

namespace kefu::verify {

// The notes of one moment: over all partitions, and each partition's. What could not be read is not there.
struct Moment {
  std::optional<Checkpoint> all;
  std::map<int64_t, Checkpoint> partitions;
};

// What is known of a bundle while it is looked at.
struct Known {
  const Bundle& bundle;
  const Question& question;
  Manifest manifest;
  Moment newest;
  // By the number in the file's name.
  std::map<int64_t, Moment> since;
  std::vector<ConsistencyLine> consistency;
};

// Names, sizes and hashes of the files.
void CheckFiles(const Known& known, Report& report);

// Reads the notes into `known`; who signed them, of which log they are, and whether each over all partitions is made of
// the partitions' ones.
void CheckNotes(Known& known, Report& report);

// Events, records and proofs, against the newest notes.
void CheckEvents(const Known& known, Report& report);

// Ranges that are said to be whole. `events` in the order of the file.
struct EventPlace {
  int64_t partition = 0;
  int64_t offset = 0;
  int64_t leaf_index = 0;
};
void CheckRanges(const Known& known, const std::vector<EventPlace>& events, Report& report);

// Reads checkpoints/consistency.ndjson into `known`; that the log only grew since the older checkpoints in the bundle.
void CheckConsistency(Known& known, Report& report);

// That it only grew since those that the auditor kept.
void CheckOwn(const Known& known, Report& report);

}  // namespace kefu::verify
