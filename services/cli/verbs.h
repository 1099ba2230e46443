#pragma once

// The list of all verbs of `kefu`. A new verb is a file of its own, a line here and a line in verbs.cc.

#include "services/cli/verb.h"

namespace kefu::cli {

// All of them, in the order of --help.
void AddAllVerbs(CLI::App& app, Tool& tool);

void AddPublishVerb(CLI::App& app, Tool& tool);
void AddClientGetVerb(CLI::App& group, Tool& tool);
void AddClientFindVerb(CLI::App& group, Tool& tool);
void AddClientListVerb(CLI::App& group, Tool& tool);
void AddClientTimelineVerb(CLI::App& group, Tool& tool);
void AddClientWatchVerb(CLI::App& group, Tool& tool);
void AddCaseGetVerb(CLI::App& group, Tool& tool);
void AddCaseListVerb(CLI::App& group, Tool& tool);
void AddCaseCountVerb(CLI::App& group, Tool& tool);
void AddCaseWatchVerb(CLI::App& group, Tool& tool);
void AddStatsShowVerb(CLI::App& group, Tool& tool);
void AddStatsEventsVerb(CLI::App& group, Tool& tool);
void AddViewListVerb(CLI::App& group, Tool& tool);
void AddViewGetVerb(CLI::App& group, Tool& tool);
void AddViewBrowseVerb(CLI::App& group, Tool& tool);
void AddViewDigestVerb(CLI::App& group, Tool& tool);
void AddViewRebuildVerb(CLI::App& group, Tool& tool);
void AddViewParkedVerb(CLI::App& group, Tool& tool);
void AddViewRetryVerb(CLI::App& group, Tool& tool);
void AddSearchVerb(CLI::App& app, Tool& tool);
void AddRejectionsVerb(CLI::App& app, Tool& tool);
void AddWatchVerb(CLI::App& app, Tool& tool);
void AddDoctorVerb(CLI::App& app, Tool& tool);
void AddCompletionVerb(CLI::App& app, Tool& tool);

}  // namespace kefu::cli
