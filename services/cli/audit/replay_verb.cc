#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <optional>

#include "kefu/audit/v1/audit.grpc.pb.h"
#include "platform/base/time.h"
#include "platform/runtime/progress.h"
#include "platform/runtime/text.h"
#include "services/cli/audit/access.h"
#include "services/cli/audit/record_lines.h"
#include "services/cli/audit/replay_file.h"
#include "services/cli/audit/replay_row.h"
#include "services/cli/audit/verbs.h"
#include "services/cli/call.h"
#include "services/cli/listing.h"

namespace kefu::cli {
namespace {

using audit::v1::ReplayRequest;
using audit::v1::ReplayResponse;

struct ReplayFlags {
  AccessFlags access;
  ListFlags list;
  std::string client, case_id, staff;
  std::vector<std::string> kinds;
  std::string from, until, occurred_from, occurred_until;
  std::string from_position, until_position;
  int32_t partition = -1;
  std::string out;
  bool resume = false;
};

Status SetTime(std::string_view flag, const std::string& text, google::protobuf::Timestamp* (ReplayRequest::*field)(),
               ReplayRequest* request) {
  if (text.empty()) return OkStatus();
  const auto time = ParseRfc3339(text);
  if (!time.ok())
    return InvalidArgument("{} \"{}\": say a time such as 2026-03-02T09:00:00+08:00", flag, text.substr(0, 80));
  *(request->*field)() = ToProto(*time);
  return OkStatus();
}

StatusOr<ReplayRequest> RequestOf(const ReplayFlags& flags) {
  ReplayRequest request;
  ASSIGN_OR_RETURN(*request.mutable_access(), AccessOf(flags.access));
  request.set_client_id(flags.client);
  request.set_case_id(flags.case_id);
  request.set_staff_id(flags.staff);
  for (const std::string& kind : flags.kinds) request.add_kinds(kind);
  RETURN_IF_ERROR(SetTime("--from", flags.from, &ReplayRequest::mutable_recorded_from, &request));
  RETURN_IF_ERROR(SetTime("--until", flags.until, &ReplayRequest::mutable_recorded_until, &request));
  RETURN_IF_ERROR(SetTime("--occurred-from", flags.occurred_from, &ReplayRequest::mutable_occurred_from, &request));
  RETURN_IF_ERROR(SetTime("--occurred-until", flags.occurred_until, &ReplayRequest::mutable_occurred_until, &request));
  request.set_from_position(flags.from_position);
  request.set_until_position(flags.until_position);
  if (flags.partition >= 0) request.set_partition(flags.partition);
  return request;
}

// Reads messages until the range is done or `take` says that it has enough.
class Replaying {
 public:
  explicit Replaying(Tool& tool) : tool_(tool), progress_(tool.ProgressOf("replaying", "records", 0)) {}

  // `take` returns false when it has enough.
  Status Run(const ReplayRequest& request, const std::function<StatusOr<bool>(const ReplayResponse&)>& take) {
    bool enough = false;
    const Status followed =
        Follow(tool_, &audit::v1::AuditService::Stub::Replay, request, [&](const ReplayResponse& response) -> Status {
          progress_.SetTotal(response.records_total());
          progress_.Update(response.records_done());
          ASSIGN_OR_RETURN(const bool more, take(response));
          complete_ = response.complete();
          enough = !more;
          return enough ? Cancelled("enough") : OkStatus();
        });
    progress_.Finish();
    if (enough) return OkStatus();
    RETURN_IF_ERROR(followed);
    // Ctrl-C, too, is a good end of a stream, but not of a history.
    return complete_ ? OkStatus() : Cancelled("the replay was broken off before its end");
  }
  bool complete() const { return complete_; }

 private:
  Tool& tool_;
  runtime::Progress progress_;
  bool complete_ = false;
};

Status ReplayToFile(Tool& tool, const ReplayFlags& flags, ReplayRequest request) {
  ASSIGN_OR_RETURN(ReplayFile file, flags.resume ? ReplayFile::GoOn(flags.out) : ReplayFile::Begin(flags.out));
  request.set_resume_token(file.resume_token());
  int64_t written = 0;
  const Status replayed = Replaying(tool).Run(request, [&](const ReplayResponse& response) -> StatusOr<bool> {
    std::string lines;
    for (const auto& event : response.events()) lines += EventLine(event, Undecodable::kWithBytes) + "\n";
    RETURN_IF_ERROR(file.Write(lines, response.resume_token()));
    written += response.events_size();
    return true;
  });
  Remark(tool, fmt::format("{} events written to {}.", runtime::WithThousands(written), flags.out));
  if (!replayed.ok()) {
    Remark(tool, "The same command with --resume goes on.");
    return replayed;
  }
  return file.Complete();
}

Status ReplayToPipe(Tool& tool, const ReplayRequest& request) {
  return Replaying(tool).Run(request, [](const ReplayResponse& response) -> StatusOr<bool> {
    for (const auto& event : response.events()) fmt::print("{}\n", EventLine(event, Undecodable::kWithBytes));
    if (std::fflush(stdout) != 0) return FailedPrecondition("nobody reads what is written");
    return true;
  });
}

Status ReplayToEyes(Tool& tool, const ReplayFlags& flags, const ReplayRequest& request) {
  runtime::Table table(kReplayHeadings);
  int shown = 0;
  bool more = false;
  RETURN_IF_ERROR(Replaying(tool).Run(request, [&](const ReplayResponse& response) -> StatusOr<bool> {
    for (const auto& event : response.events()) {
      more = !flags.list.all && shown == flags.list.limit;
      if (more) return false;
      table.Row(ReplayCells(event));
      ++shown;
    }
    return true;
  }));
  if (table.empty()) {
    Remark(tool, "Nothing was recorded that fits.");
    return OkStatus();
  }
  PrintTable(table);
  if (more) Remark(tool, "There are more: --all shows them, --out FILE writes them.");
  return OkStatus();
}

Status Run(Tool& tool, const ReplayFlags& flags) {
  ASSIGN_OR_RETURN(const ReplayRequest request, RequestOf(flags));
  if (!flags.out.empty()) return ReplayToFile(tool, flags, request);
  if (tool.json()) return ReplayToPipe(tool, request);
  return ReplayToEyes(tool, flags, request);
}

}  // namespace

void AddAuditReplayVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<ReplayFlags>();
  CLI::App& verb =
      AddVerb(group, "replay", "Recorded events in the order of the log, refused attempts too, each with its verdict",
              {"kefu audit replay --client C-1 --reason 'complaint K-17'",
               "kefu audit replay --from 2026-03-01T00:00:00+08:00 --out march.ndjson --reason 'yearly audit'",
               "kefu audit replay --kind audit_accessed --all --reason 'who looked' --output json"});
  verb.add_option("--client", flags->client, "Only what is about this client");
  verb.add_option("--case", flags->case_id, "Only what is about this case; with --client it is found at once");
  verb.add_option("--staff", flags->staff, "Only what this member of staff did");
  verb.add_option("--kind", flags->kinds, "Only this kind, such as case_closed; may be given several times");
  verb.add_option("--from", flags->from, "Recorded from then on (RFC 3339)");
  verb.add_option("--until", flags->until, "Recorded before");
  verb.add_option("--occurred-from", flags->occurred_from, "Happened from then on");
  verb.add_option("--occurred-until", flags->occurred_until, "Happened before");
  verb.add_option("--partition", flags->partition, "Only this partition")->check(CLI::NonNegativeNumber);
  verb.add_option("--from-position", flags->from_position, "From this position of the log on");
  verb.add_option("--until-position", flags->until_position, "Up to this position; what is there now if not given");
  auto* out = verb.add_option("--out", flags->out, "Write to this file, as lines of JSON");
  verb.add_flag("--resume", flags->resume, "Go on with the file, after a break")->needs(out);
  AddListFlags(verb, flags->list);
  AddAccessFlags(verb, flags->access);
  OnRun(verb, tool, [flags](Tool& tool) { return Run(tool, *flags); });
}

}  // namespace kefu::cli
