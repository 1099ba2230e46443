#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "kefu/query/v1/case.grpc.pb.h"
#include "platform/runtime/text.h"
#include "services/cli/call.h"
#include "services/cli/output.h"
#include "services/cli/verbs.h"
#include "services/cli/watch.h"

namespace kefu::cli {
namespace {

// A line for each change: a watch never ends, so its columns cannot be measured first.
void PrintChange(const query::v1::WatchCasesResponse& response) {
  const auto& one = response.case_();
  const std::string status = response.removed() ? "(left the filter)" : EnumText(one.status());
  const std::string line =
      fmt::format("{:<19}  {}  {}  {}  {}  {}", TimeText(one.updated_at()), runtime::PadToWidth(one.case_id(), 16),
                  runtime::PadToWidth(one.client_id(), 16), runtime::PadToWidth(status, 17),
                  runtime::PadToWidth(one.category().value(), 20), one.subject());
  fmt::print("{}\n", runtime::Printable(line));
  std::fflush(stdout);
}

}  // namespace

Status WatchCases(Tool& tool, const CaseFilter& filter, const std::string& after, bool personal) {
  query::v1::WatchCasesRequest request;
  request.set_parent(filter.Parent());
  ASSIGN_OR_RETURN(*request.mutable_filter(), filter.Text());
  request.set_after_position(after);
  Remark(tool, "Watching; Ctrl-C ends it.");
  return Follow(tool, &query::v1::CaseService::Stub::WatchCases, request,
                [&](query::v1::WatchCasesResponse& response) -> Status {
                  if (!personal) ClearPersonal(&response);
                  if (tool.json()) {
                    // A heartbeat says nothing that a program waits for.
                    return response.has_case_() || response.snapshot_complete() ? PrintJson(response) : OkStatus();
                  }
                  if (response.has_case_()) PrintChange(response);
                  if (response.snapshot_complete()) Remark(tool, "--- that is all there is now; changes follow");
                  return OkStatus();
                });
}

void AddCaseWatchVerb(CLI::App& group, Tool& tool) {
  struct CaseWatchFlags {
    CaseFilter filter;
    std::string after;
    bool personal = false;
  };
  auto flags = std::make_shared<CaseWatchFlags>();
  CLI::App& verb = AddVerb(group, "watch", "Cases as they are, then each again whenever it changes",
                           {"kefu case watch --open", "kefu case watch --assignee S-7 --personal",
                            "kefu case watch --kind complaint --output json --after AAEC"});
  AddCaseFilterFlags(verb, flags->filter);
  verb.add_option("--after", flags->after, "Resume after this position");
  verb.add_flag("--personal", flags->personal, "Also show personal data: names, numbers, texts");
  OnRun(verb, tool, [flags](Tool& tool) { return WatchCases(tool, flags->filter, flags->after, flags->personal); });
}

}  // namespace kefu::cli
