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
  // Verifier keys of who signed them, by partition, and the one over all; nothing where nobody did who is trusted.
  std::optional<std::string> signer;
  std::map<int64_t, std::string> signers;
};

// What is known of a bundle while it is looked at.
struct Known {
  const Bundle& bundle;
  const Question& question;
  Manifest manifest;
  // By the number in the file's name.
  std::map<int64_t, KeyChange> changes;
  // The auditor's keys, and those that they were changed to.
  std::vector<VerifierKey> trusted;
  Moment newest;
  // By the number in the file's name.
  std::map<int64_t, Moment> since;
  std::vector<ConsistencyLine> consistency;
};

// Names, sizes and hashes of the files.
void CheckFiles(const Known& known, Report& report);

// Reads the changes of the key into `known`; which keys are trusted by them.
void CheckKeys(Known& known, Report& report);
// That no key which was laid down signed this checkpoint over all partitions after that.
void CheckInForce(const Known& known, const std::string& signer, int64_t size, const Place& place, Report& report);

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
