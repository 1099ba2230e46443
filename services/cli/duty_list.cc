#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "kefu/admin/v1/duty.grpc.pb.h"
#include "platform/runtime/text.h"
#include "services/cli/call.h"
#include "services/cli/listing.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

std::vector<std::string> DutyCells(const admin::v1::Duty& duty) {
  return {EnumText(duty.kind()),
          fmt::format("{}", duty.partition()),
          runtime::WithThousands(duty.waiting()),
          runtime::WithThousands(duty.written()),
          TimeText(duty.next_at()),
          duty.last_late_millis() == 0 ? "" : fmt::format("{} ms", runtime::WithThousands(duty.last_late_millis())),
          duty.trouble()};
}

}  // namespace

void AddDutyListVerb(CLI::App& group, Tool& tool) {
  CLI::App& verb = AddVerb(group, "list", "What the server does by itself, and how it stands in each partition",
                           {"kefu duty list", "kefu duty list --output json", "kefu duty list --server 10.0.0.5:7800"});
  OnRun(verb, tool, [](Tool& tool) -> Status {
    ASSIGN_OR_RETURN(const admin::v1::ListDutiesResponse response,
                     Call(tool, &admin::v1::DutyService::Stub::ListDuties, admin::v1::ListDutiesRequest()));
    Listing<admin::v1::Duty> listing(tool, {"DUTY", "PARTITION", "WAITING", "WRITTEN", "NEXT", "LATE", "TROUBLE"},
                                     DutyCells);
    for (const auto& duty : response.duties()) RETURN_IF_ERROR(listing.Add(duty));
    listing.Finish("This server has no duties: it runs without the role clock.");
    return OkStatus();
  });
}

}  // namespace kefu::cli
