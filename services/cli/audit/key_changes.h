#pragma once

// Which keys signed the log, one after the other.

#include <string>
#include <vector>

#include "kefu/audit/v1/audit.pb.h"

namespace kefu::cli {

using audit::v1::KeyChange;
// Oldest first.
using KeyChanges = google::protobuf::RepeatedPtrField<KeyChange>;

// Of `changes` those that lead, without a gap, to the newest one; none, if the key that signed `note` is not among their
// keys: then the log went on without being told how (an accepted loss).
std::vector<KeyChange> ChainTo(const std::string& note, const KeyChanges& changes);

}  // namespace kefu::cli
