#pragma once

#include <string>
#include <vector>

#include "kefu/audit/v1/audit.pb.h"

namespace kefu::cli {

// For eyes: when it was recorded, where, what, about whom, by whom, the verdict unless it was applied, its id.
extern const std::vector<std::string> kReplayHeadings;
std::vector<std::string> ReplayCells(const audit::v1::RecordedEvent& recorded);

}  // namespace kefu::cli
