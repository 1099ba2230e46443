#include <CLI/CLI.hpp>

#include "services/cli/audit/access.h"
#include "services/cli/audit/answers.h"
#include "services/cli/audit/export.h"
#include "services/cli/audit/verbs.h"

namespace kefu::cli {

void AddAuditExportVerb(CLI::App& group, Tool& tool) {
  struct ExportFlags : ExportOptions {
    AccessFlags who;
  };
  auto flags = std::make_shared<ExportFlags>();
  CLI::App& verb = AddVerb(
      group, "export", "Writes an evidence bundle: records, proofs, checkpoints, a page for people; kefu-verify checks it",
      {"kefu audit export --case K-1 --out k-1 --actor A-1 --reason 'regulator asked, letter 2026-17'",
       "kefu audit export --client C-1 --out c-1 --actor A-1 --reason audit --since last-year.note --view timeline",
       "kefu audit export --partition 3 --until 2026-07-01T00:00:00Z --out p3 --actor A-1 --reason 'yearly copy'"});
  verb.add_option("--out", flags->out, "Folder to make; it must not exist, or be empty")->required();
  verb.add_option("--client", flags->client, "All of this client");
  verb.add_option("--case", flags->case_id, "The whole life of this case");
  verb.add_option("--partition", flags->partition, "All records of this partition")->check(CLI::NonNegativeNumber);
  verb.add_option("--from", flags->from, "Recorded at or after this time (RFC 3339)");
  verb.add_option("--until", flags->until, "Recorded before this time");
  verb.add_option("--from-position", flags->from_position, "From this position of the log on");
  verb.add_option("--until-position", flags->until_position, "Up to this position");
  AddAccessFlags(verb, flags->who);
  verb.add_option("--since", flags->since, "A checkpoint you kept: proves that the log only grew since; again for more")
      ->allow_extra_args(false);
  verb.add_option("--view", flags->views, "Answers to take along instead of the usual ones; again for more")
      ->allow_extra_args(false)
      ->check(CLI::IsMember(AnswerNames()));
  verb.add_option("--views-of", flags->views_of,
                  "checkpoint: what the proven records give, which takes as long as the server folds them; or now")
      ->check(CLI::IsMember({"checkpoint", "now"}));
  verb.add_flag("--unsigned-tail", flags->unsigned_tail,
                "Leave out what no checkpoint covers yet, instead of waiting for one");
  flags->program_version = KEFU_VERSION;
  OnRun(verb, tool, [flags](Tool& tool) -> Status {
    ASSIGN_OR_RETURN(flags->access, AccessOf(flags->who));
    return ExportBundle(tool, *flags);
  });
}

}  // namespace kefu::cli
