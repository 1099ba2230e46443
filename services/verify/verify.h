#pragma once

// Checks a bundle. Believes nothing that is in it but what the auditor's key signed.

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "services/verify/bundle.h"
#include "services/verify/note.h"
#include "services/verify/report.h"

namespace kefu::verify {

// A checkpoint that the auditor kept: over all partitions, or of one.
struct OwnCheckpoint {
  // What it is called in the report: the file it came from.
  std::string name;
  Checkpoint checkpoint;
};

struct Question {
  // Those that the auditor trusts, from elsewhere than the bundle. Notes may be signed by any of them, or by one that it was
  // changed to, if the one before signed that.
  std::vector<VerifierKey> keys;
  std::vector<OwnCheckpoint> since;
  // What the folder had that no bundle has.
  std::vector<FolderFault> faults;
  // Tests leave a check out to see that it is needed. Nothing else does.
  std::set<Check> left_out;
};

// Looks at all of `bundle`; costs some 5 hashes and one reading of JSON an event. Never fails on what is in it: that is
// what the report says. Memory: the lines of proofs.ndjson, once, beside the bundle.
Report Verify(const Bundle& bundle, const Question& question);

}  // namespace kefu::verify
