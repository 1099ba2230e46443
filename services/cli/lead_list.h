#pragma once

// kefu lead list, kefu lead credits.

#include <string>

#include "services/cli/verb.h"

namespace kefu::cli {

void AddLeadListVerb(CLI::App& group, Tool& tool);
void AddLeadCreditsVerb(CLI::App& group, Tool& tool);

// The client whom a lead is about. kNotFound if no such lead is known.
StatusOr<std::string> ClientOfLead(Tool& tool, const std::string& lead_id);

}  // namespace kefu::cli
