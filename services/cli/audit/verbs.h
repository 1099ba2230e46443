#pragma once

// The verbs of `kefu audit`. A new one is a file of its own, a line here and a line in verbs.cc.

#include "services/cli/verb.h"

namespace kefu::cli {

// The whole group: kefu audit ….
void AddAuditVerbs(CLI::App& app, Tool& tool);

void AddAuditReplayVerb(CLI::App& group, Tool& tool);
void AddAuditProveVerb(CLI::App& group, Tool& tool);
void AddAuditKeyVerb(CLI::App& group, Tool& tool);
void AddAuditCheckpointsVerb(CLI::App& group, Tool& tool);
void AddAuditExportVerb(CLI::App& group, Tool& tool);
void AddAuditAcceptLossVerb(CLI::App& group, Tool& tool);
void AddAuditReturnVerbs(CLI::App& group, Tool& tool);
void AddAuditVerifyViewsVerb(CLI::App& group, Tool& tool);
void AddAuditMomentVerb(CLI::App& group, Tool& tool);
void AddAuditCloseMomentVerb(CLI::App& group, Tool& tool);
void AddAuditDiffVerb(CLI::App& group, Tool& tool);
void AddAuditRetentionVerb(CLI::App& group, Tool& tool);

}  // namespace kefu::cli
