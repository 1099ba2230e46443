#pragma once

// Lines of JSON that files of evidence are made of; services/verify/README.md has them as their reader checks them.

#include <string>

#include "kefu/audit/v1/audit.pb.h"

namespace kefu::cli {

// What is said of bytes that JSON would not say whole.
enum class Undecodable {
  kNamed,      // that they are such: they lie beside, as recorded
  kWithBytes,  // and "record", the bytes in base64
};

// A recorded event, without the newline: partition, offset, leaf_index, verdict {outcome, rule}, and the event by the proto's
// field names; or "undecodable": true, where that would say less than the record, such as a field that this program does
// not know.
std::string EventLine(const audit::v1::RecordedEvent& recorded, Undecodable undecodable);

// A proof: partition, offset, leaf_index, tree_size, and leaf_hash and path in base64.
std::string ProofLine(const audit::v1::InclusionProof& proof);

}  // namespace kefu::cli
