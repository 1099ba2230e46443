#pragma once

#include <string>
#include <vector>

#include "kefu/audit/v1/audit.pb.h"

namespace kefu::cli {

// A recorded event as a line of JSON: partition, offset, leaf_index, verdict {outcome, rule}, and the event by the proto's
// field names; or "undecodable": true and the bytes as "record" in base64, where JSON would not say all that they do.
std::string ReplayLine(const audit::v1::RecordedEvent& recorded);

// For eyes: when it was recorded, where, what, about whom, by whom, the verdict unless it was applied, its id.
extern const std::vector<std::string> kReplayHeadings;
std::vector<std::string> ReplayCells(const audit::v1::RecordedEvent& recorded);

}  // namespace kefu::cli
