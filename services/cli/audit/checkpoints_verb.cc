#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>

#include "kefu/audit/v1/audit.grpc.pb.h"
#include "platform/note/key.h"
#include "platform/note/key_change.h"
#include "platform/runtime/text.h"
#include "services/cli/audit/access.h"
#include "services/cli/audit/key_changes.h"
#include "services/cli/audit/note_files.h"
#include "services/cli/audit/verbs.h"
#include "services/cli/call.h"
#include "services/cli/listing.h"

namespace kefu::cli {
namespace {

using audit::v1::Checkpoint;

struct CheckpointsFlags {
  AccessFlags access;
  ListFlags list;
  std::string covers, out;
};

// "kefu+c2b1ba6b": who signed.
std::string KeyOf(const std::string& note) {
  const auto parsed = note::ParseNote(note);
  if (!parsed.ok()) return "?";
  return fmt::format("{}+{:08x}", parsed->signatures.front().key_name, parsed->signatures.front().key_hash);
}

std::vector<std::string> Cells(const Checkpoint& checkpoint) {
  int64_t size = 0;
  for (const auto& part : checkpoint.signed_().partitions()) size += part.size();
  return {TimeText(checkpoint.recorded_time()), runtime::WithThousands(size),
          fmt::format("{}", checkpoint.signed_().partitions_size()), fmt::format("{}", checkpoint.offset()),
          KeyOf(checkpoint.signed_().note())};
}

std::string Words(const KeyChange& change) {
  const auto statement = note::OpenKeyChange(change.changed().statement());
  const std::string said =
      statement.ok() ? fmt::format("after {} records, as the key before signed", runtime::WithThousands(statement->size))
                     : "and what should say so does not hold: " + std::string(MessageOf(statement.status()));
  return fmt::format("At offset {} of partition 0 the key {} was changed to {}, {}.", change.offset(),
                     change.changed().old_key(), change.changed().new_key(), said);
}

// "3/1200": a partition and an offset.
Status SetCovers(const std::string& text, audit::v1::ListCheckpointsRequest* request) {
  int32_t partition = 0;
  int64_t offset = 0;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, partition);
  const bool has_slash = first.ec == std::errc() && first.ptr != end && *first.ptr == '/';
  const auto second = has_slash ? std::from_chars(first.ptr + 1, end, offset) : first;
  if (!has_slash || second.ec != std::errc() || second.ptr != end || partition < 0 || offset < 0)
    return InvalidArgument("--covers \"{}\": say PARTITION/OFFSET, such as 3/1200", text.substr(0, 40));
  request->set_covers_partition(partition);
  request->set_covers_offset(offset);
  return OkStatus();
}

Status Run(Tool& tool, const CheckpointsFlags& flags) {
  audit::v1::ListCheckpointsRequest request;
  ASSIGN_OR_RETURN(*request.mutable_access(), AccessOf(flags.access));
  if (!flags.covers.empty()) RETURN_IF_ERROR(SetCovers(flags.covers, &request));
  Listing<Checkpoint> listing(tool, {"RECORDED", "RECORDS", "PARTITIONS", "OFFSET", "KEY"}, Cells);
  std::string verifier_key;
  KeyChanges changes;
  int64_t written = 0, shown = 0;
  RETURN_IF_ERROR(EachPage(tool, flags.list, [&](int size, std::string* token) -> StatusOr<int> {
    request.set_page_size(size);
    request.set_page_token(*token);
    ASSIGN_OR_RETURN(const auto response, Call(tool, &audit::v1::AuditService::Stub::ListCheckpoints, request));
    for (const Checkpoint& checkpoint : response.checkpoints()) {
      RETURN_IF_ERROR(listing.Add(checkpoint));
      if (flags.out.empty()) continue;
      ASSIGN_OR_RETURN(const bool is_new, WriteNotes(checkpoint, flags.out));
      written += is_new;
    }
    shown += response.checkpoints_size();
    verifier_key = response.verifier_key();
    if (token->empty()) changes = response.key_changes();
    *token = response.next_page_token();
    return response.checkpoints_size();
  }));
  listing.Finish(flags.covers.empty()
                     ? "Nothing was signed yet: kefud signs where it has --audit.key-file and the role clock."
                     : "No checkpoint covers this record yet: one is signed within a minute.");
  if (!flags.out.empty())
    Remark(tool, fmt::format("{} of {} checkpoints were new to {}; their notes are files there.", written, shown, flags.out));
  for (const KeyChange& change : changes) Remark(tool, Words(change));
  if (!flags.out.empty() && !changes.empty()) {
    RETURN_IF_ERROR(WriteKeyChanges(changes, flags.out).status());
    Remark(tool, fmt::format("What was signed of that is in {}/key-change-….note.", flags.out));
  }
  if (!verifier_key.empty() && shown > 0)
    Remark(tool, "The server says that it signs with " + verifier_key +
                     "; to trust it, have the key from elsewhere.");
  return OkStatus();
}

}  // namespace

void AddAuditCheckpointsVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<CheckpointsFlags>();
  CLI::App& verb =
      AddVerb(group, "checkpoints", "What was signed of the log, newest first; as files that an auditor keeps",
              {"kefu audit checkpoints --reason 'yearly audit'",
               "kefu audit checkpoints --limit 1 --out kept --reason 'weekly copy'",
               "kefu audit checkpoints --covers 3/1200 --limit 1 --reason 'case K-17' --output json"});
  verb.add_option("--covers", flags->covers, "Only those that cover this record, PARTITION/OFFSET; the oldest first");
  verb.add_option("--out", flags->out, "Folder to write the notes to, one file each");
  AddListFlags(verb, flags->list);
  AddAccessFlags(verb, flags->access);
  OnRun(verb, tool, [flags](Tool& tool) { return Run(tool, *flags); });
}

}  // namespace kefu::cli
