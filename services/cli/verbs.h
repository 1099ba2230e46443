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
void AddClientCountVerb(CLI::App& group, Tool& tool);
void AddClientTimelineVerb(CLI::App& group, Tool& tool);
void AddClientWatchVerb(CLI::App& group, Tool& tool);
void AddClientRelationsVerb(CLI::App& group, Tool& tool);
void AddClientGroupVerb(CLI::App& group, Tool& tool);
void AddClientMergesVerb(CLI::App& group, Tool& tool);
void AddClientMergeVerb(CLI::App& group, Tool& tool);
void AddClientSplitVerb(CLI::App& group, Tool& tool);
void AddClientRelateVerb(CLI::App& group, Tool& tool);
void AddClientMayContactVerb(CLI::App& group, Tool& tool);
void AddCaseGetVerb(CLI::App& group, Tool& tool);
void AddCaseListVerb(CLI::App& group, Tool& tool);
void AddCaseCountVerb(CLI::App& group, Tool& tool);
void AddCaseWatchVerb(CLI::App& group, Tool& tool);
// What can be done with a case: kefu case acknowledge … matter.
void AddCaseMoveVerbs(CLI::App& group, Tool& tool);
// Whole groups: kefu promise …, kefu callback ….
void AddPromiseVerbs(CLI::App& app, Tool& tool);
void AddCallBackVerbs(CLI::App& app, Tool& tool);
void AddBrokerVerbs(CLI::App& app, Tool& tool);
void AddHandoverVerbs(CLI::App& app, Tool& tool);
void AddStaffVerbs(CLI::App& app, Tool& tool);
void AddLeadVerbs(CLI::App& app, Tool& tool);
void AddNextActionVerbs(CLI::App& app, Tool& tool);
// kefu product …, kefu bundle …; kefu service ….
void AddProductVerbs(CLI::App& app, Tool& tool);
void AddServiceVerbs(CLI::App& app, Tool& tool);
void AddClockListVerb(CLI::App& group, Tool& tool);
void AddClockExplainVerb(CLI::App& group, Tool& tool);
void AddPolicySimulateVerb(CLI::App& group, Tool& tool);
void AddStatsShowVerb(CLI::App& group, Tool& tool);
void AddStatsEventsVerb(CLI::App& group, Tool& tool);
void AddReferenceListVerb(CLI::App& group, Tool& tool);
void AddReferenceShowVerb(CLI::App& group, Tool& tool);
void AddRulesAdoptVerb(CLI::App& group, Tool& tool);
// publish, list; calendars, packs and codes also show.
void AddUnitVerbs(CLI::App& group, Tool& tool);
void AddCalendarVerbs(CLI::App& group, Tool& tool);
void AddPolicyVerbs(CLI::App& group, Tool& tool);
void AddCodesVerbs(CLI::App& group, Tool& tool);
void AddDutyListVerb(CLI::App& group, Tool& tool);
void AddSegmentListVerb(CLI::App& group, Tool& tool);
void AddSegmentMembersVerb(CLI::App& group, Tool& tool);
void AddSegmentWhyVerb(CLI::App& group, Tool& tool);
void AddSegmentTryVerb(CLI::App& group, Tool& tool);
void AddSegmentPublishVerb(CLI::App& group, Tool& tool);
void AddChurnTrainVerb(CLI::App& group, Tool& tool);
void AddClassifyVerb(CLI::App& app, Tool& tool);
void AddViewListVerb(CLI::App& group, Tool& tool);
void AddViewGetVerb(CLI::App& group, Tool& tool);
void AddViewBrowseVerb(CLI::App& group, Tool& tool);
void AddViewDigestVerb(CLI::App& group, Tool& tool);
void AddViewRebuildVerb(CLI::App& group, Tool& tool);
void AddViewCompareVerb(CLI::App& group, Tool& tool);
void AddViewSwitchVerb(CLI::App& group, Tool& tool);
void AddViewParkedVerb(CLI::App& group, Tool& tool);
void AddViewRetryVerb(CLI::App& group, Tool& tool);
void AddSearchVerb(CLI::App& app, Tool& tool);
void AddRejectionsVerb(CLI::App& app, Tool& tool);
// Of the group `kefu audit`: correct and annul, retention.
void AddCorrectVerbs(CLI::App& group, Tool& tool);
void AddWatchVerb(CLI::App& app, Tool& tool);
void AddDoctorVerb(CLI::App& app, Tool& tool);
void AddCompletionVerb(CLI::App& app, Tool& tool);

}  // namespace kefu::cli
