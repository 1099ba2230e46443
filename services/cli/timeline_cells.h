#pragma once

// How entries of a timeline look in tables.

#include <string>
#include <vector>

#include "kefu/query/v1/client.pb.h"

namespace kefu::cli {

// "corrected by e-9", "annulled by e-9"; empty where the event stands as it was said.
std::string AmendmentText(const query::v1::TimelineEntry& entry);

extern const std::vector<std::string> kTimelineHeadings;
std::vector<std::string> TimelineCells(const query::v1::TimelineEntry& entry);

}  // namespace kefu::cli
