#pragma once

// The verbs about suitability and recommendations.

#include <string>

#include "kefu/query/v1/suitability.pb.h"
#include "services/cli/reference.h"
#include "services/cli/verb.h"

namespace kefu::cli {

extern const ReferenceNoun kSuitabilityNoun;

// Whole groups: kefu suitability …, kefu recommend ….
void AddSuitabilityVerbs(CLI::App& app, Tool& tool);
void AddRecommendVerbs(CLI::App& app, Tool& tool);
// kefu suitability publish, show, list: packs.
void AddSuitabilityPackVerbs(CLI::App& group, Tool& tool);

// "c1, lowest, professional"; "never assessed".
std::string ClassText(const query::v1::InvestorMoment& moment);

}  // namespace kefu::cli
