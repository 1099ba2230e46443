#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "kefu/ingest/v1/ingest.grpc.pb.h"
#include "services/cli/call.h"
#include "services/cli/listing.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

std::vector<std::string> Cells(const ingest::v1::Rejection& rejection) {
  return {TimeText(rejection.rejected_at()), rejection.origin(), rejection.reason(), rejection.field(),
          rejection.message()};
}

Status List(Tool& tool, const ListFlags& flags) {
  ingest::v1::ListRejectionsRequest request;
  Listing<ingest::v1::Rejection> listing(tool, {"WHEN", "ORIGIN", "REASON", "FIELD", "MESSAGE"}, Cells);
  RETURN_IF_ERROR(EachPage(tool, flags, [&](int size, std::string* token) -> StatusOr<int> {
    request.set_page_size(size);
    request.set_page_token(*token);
    ASSIGN_OR_RETURN(ingest::v1::ListRejectionsResponse response,
                     Call(tool, &ingest::v1::IngestService::Stub::ListRejections, request));
    for (auto& rejection : *response.mutable_rejections()) {
      if (!flags.personal) ClearPersonal(&rejection);
      RETURN_IF_ERROR(listing.Add(rejection));
    }
    *token = response.next_page_token();
    return response.rejections_size();
  }));
  listing.Finish("Nothing was refused at the inbox.");
  return OkStatus();
}

}  // namespace

void AddRejectionsVerb(CLI::App& app, Tool& tool) {
  auto flags = std::make_shared<ListFlags>();
  CLI::App& verb = AddVerb(app, "rejections", "What the inbox refused, and why",
                           {"kefu rejections", "kefu rejections --all --output json",
                            "kefu rejections --limit 1 --output json --personal | jq -r .originalValue | base64 -d"});
  AddListFlags(verb, *flags);
  AddPersonalFlag(verb, flags->personal);
  OnRun(verb, tool, [flags](Tool& tool) { return List(tool, *flags); });
}

}  // namespace kefu::cli
