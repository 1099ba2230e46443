#include "services/cli/verbs.h"

#include <CLI/CLI.hpp>

#include "services/cli/audit/verbs.h"
#include "services/cli/recommend.h"

namespace kefu::cli {

void AddAllVerbs(CLI::App& app, Tool& tool) {
  AddPublishVerb(app, tool);
  AddImportVerb(app, tool);
  AddDemoVerb(app, tool);

  CLI::App& client = AddGroup(app, "client", "Clients: one, all, found, over time");
  AddClientGetVerb(client, tool);
  AddClientFindVerb(client, tool);
  AddClientListVerb(client, tool);
  AddClientCountVerb(client, tool);
  AddClientTimelineVerb(client, tool);
  AddClientWatchVerb(client, tool);
  AddClientRelationsVerb(client, tool);
  AddClientGroupVerb(client, tool);
  AddClientMergesVerb(client, tool);
  AddClientMergeVerb(client, tool);
  AddClientSplitVerb(client, tool);
  AddClientRelateVerb(client, tool);
  AddClientMayContactVerb(client, tool);

  CLI::App& cases = AddGroup(app, "case", "Complaints and service requests");
  AddCaseGetVerb(cases, tool);
  AddCaseListVerb(cases, tool);
  AddCaseCountVerb(cases, tool);
  AddCaseWatchVerb(cases, tool);
  AddCaseMoveVerbs(cases, tool);

  AddPromiseVerbs(app, tool);
  AddCallBackVerbs(app, tool);
  AddBrokerVerbs(app, tool);
  AddHandoverVerbs(app, tool);
  AddStaffVerbs(app, tool);
  AddLeadVerbs(app, tool);
  AddNextActionVerbs(app, tool);
  AddProductVerbs(app, tool);
  AddServiceVerbs(app, tool);

  AddSuitabilityVerbs(app, tool);
  AddRecommendVerbs(app, tool);

  CLI::App& clock = AddGroup(app, "clock", "Clocks of cases: what is due, and why then");
  AddClockListVerb(clock, tool);
  AddClockExplainVerb(clock, tool);

  CLI::App& policy = AddGroup(app, "policy", "Policy packs: which clocks run on which cases");
  AddPolicyVerbs(policy, tool);
  AddPolicySimulateVerb(policy, tool);

  CLI::App& stats = AddGroup(app, "stats", "Statistics: counts, distinct clients, durations");
  AddStatsShowVerb(stats, tool);
  AddStatsEventsVerb(stats, tool);
  AddReportVerbs(app, tool);

  CLI::App& reference = AddGroup(app, "reference", "Reference data: what is in force, and where it has come to");
  AddReferenceListVerb(reference, tool);
  AddReferenceShowVerb(reference, tool);
  CLI::App& rules = AddGroup(app, "rules", "The rules that admission judges by");
  AddRulesAdoptVerb(rules, tool);
  CLI::App& unit = AddGroup(app, "unit", "Units of the firm: regions, branches, teams");
  AddUnitVerbs(unit, tool);
  CLI::App& calendar = AddGroup(app, "calendar", "Calendars: working days, trading days, hours, zones");
  AddCalendarVerbs(calendar, tool);
  CLI::App& codes = AddGroup(app, "codes", "Code sets, by edition");
  AddCodesVerbs(codes, tool);

  CLI::App& duty = AddGroup(app, "duty", "What the server does by itself");
  AddDutyListVerb(duty, tool);

  CLI::App& segment = AddGroup(app, "segment", "Segments of clients: how many, who, why, and the rules");
  AddSegmentListVerb(segment, tool);
  AddSegmentMembersVerb(segment, tool);
  AddSegmentWhyVerb(segment, tool);
  AddSegmentTryVerb(segment, tool);
  AddSegmentPublishVerb(segment, tool);
  AddClassifyVerb(app, tool);
  CLI::App& churn = AddGroup(app, "churn", "The model of which clients leave");
  AddChurnTrainVerb(churn, tool);

  CLI::App& view = AddGroup(app, "view", "Views: progress, rows, rebuild, parked events");
  AddViewListVerb(view, tool);
  AddViewGetVerb(view, tool);
  AddViewBrowseVerb(view, tool);
  AddViewDigestVerb(view, tool);
  AddViewRebuildVerb(view, tool);
  AddViewCompareVerb(view, tool);
  AddViewSwitchVerb(view, tool);
  AddViewParkedVerb(view, tool);
  AddViewRetryVerb(view, tool);

  AddAuditVerbs(app, tool);
  AddCorrectVerbs(*app.get_subcommand("audit"), tool);

  AddSearchVerb(app, tool);
  AddWatchVerb(app, tool);
  AddRejectionsVerb(app, tool);
  AddDoctorVerb(app, tool);
  AddCompletionVerb(app, tool);
}

}  // namespace kefu::cli
