#include "services/cli/verbs.h"

namespace kefu::cli {

void AddAllVerbs(CLI::App& app, Tool& tool) {
  AddPublishVerb(app, tool);
  AddImportVerb(app, tool);
  AddGenerateVerb(app, tool);

  CLI::App& client = AddGroup(app, "client", "Clients: one, all, found, over time");
  AddClientGetVerb(client, tool);
  AddClientFindVerb(client, tool);
  AddClientListVerb(client, tool);
  AddClientTimelineVerb(client, tool);
  AddClientWatchVerb(client, tool);

  CLI::App& cases = AddGroup(app, "case", "Complaints and service requests");
  AddCaseGetVerb(cases, tool);
  AddCaseListVerb(cases, tool);
  AddCaseCountVerb(cases, tool);
  AddCaseWatchVerb(cases, tool);

  CLI::App& stats = AddGroup(app, "stats", "Statistics: counts, distinct clients, durations");
  AddStatsShowVerb(stats, tool);
  AddStatsEventsVerb(stats, tool);

  CLI::App& view = AddGroup(app, "view", "Views: progress, rows, rebuild, parked events");
  AddViewListVerb(view, tool);
  AddViewGetVerb(view, tool);
  AddViewBrowseVerb(view, tool);
  AddViewDigestVerb(view, tool);
  AddViewRebuildVerb(view, tool);
  AddViewParkedVerb(view, tool);
  AddViewRetryVerb(view, tool);

  AddSearchVerb(app, tool);
  AddWatchVerb(app, tool);
  AddRejectionsVerb(app, tool);
  AddDoctorVerb(app, tool);
  AddCompletionVerb(app, tool);
}

}  // namespace kefu::cli
