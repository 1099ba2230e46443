#include "services/cli/audit/verbs.h"

namespace kefu::cli {

void AddAuditVerbs(CLI::App& app, Tool& tool) {
  CLI::App& group = AddGroup(app, "audit", "For auditors: what was signed, what was recorded, and proofs of it");
  AddAuditReplayVerb(group, tool);
  AddAuditProveVerb(group, tool);
  AddAuditKeyVerb(group, tool);
  AddAuditCheckpointsVerb(group, tool);
  AddAuditExportVerb(group, tool);
  AddAuditAcceptLossVerb(group, tool);
  AddAuditReturnVerbs(group, tool);
  AddAuditVerifyViewsVerb(group, tool);
  AddAuditMomentVerb(group, tool);
  AddAuditCloseMomentVerb(group, tool);
  AddAuditDiffVerb(group, tool);
  AddAuditRetentionVerb(group, tool);
}

}  // namespace kefu::cli
