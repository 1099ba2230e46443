#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "kefu/query/v1/client.grpc.pb.h"
#include "services/cli/call.h"
#include "services/cli/listing.h"
#include "services/cli/show.h"
#include "services/cli/timeline_cells.h"
#include "services/cli/verbs.h"

namespace kefu::cli {
namespace {

struct ClientTimelineFlags {
  std::string client, filter, min_position;
  bool oldest_first = false;
  ListFlags list;
};

Status Timeline(Tool& tool, const ClientTimelineFlags& flags) {
  query::v1::ListTimelineRequest request;
  request.set_parent(ClientName(flags.client));
  request.set_filter(flags.filter);
  request.set_min_position(flags.min_position);
  if (flags.oldest_first) request.set_order_by("offset");
  Listing<query::v1::TimelineEntry> listing(tool, kTimelineHeadings, TimelineCells);
  RETURN_IF_ERROR(EachPage(tool, flags.list, [&](int size, std::string* token) -> StatusOr<int> {
    request.set_page_size(size);
    request.set_page_token(*token);
    ASSIGN_OR_RETURN(const query::v1::ListTimelineResponse response,
                     Call(tool, &query::v1::ClientService::Stub::ListTimeline, request));
    for (const auto& entry : response.entries()) RETURN_IF_ERROR(listing.Add(entry));
    *token = response.next_page_token();
    return response.entries_size();
  }));
  listing.Finish("Nothing is recorded for this client.");
  return OkStatus();
}

}  // namespace

void AddClientTimelineVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<ClientTimelineFlags>();
  CLI::App& verb = AddVerb(group, "timeline", "A client's events over all channels, newest first",
                           {"kefu client timeline C-1", "kefu client timeline C-1 --oldest-first --all",
                            "kefu client timeline C-1 --filter 'kind = contact_recorded'"});
  verb.add_option("client", flags->client, "Client id")->required();
  verb.add_option("--filter", flags->filter, "Which events: kind, occurred_time, case_id, verdict");
  verb.add_flag("--oldest-first", flags->oldest_first, "In the order of the log");
  verb.add_option("--min-position", flags->min_position, "Wait until the view has reached this position");
  AddListFlags(verb, flags->list);
  OnRun(verb, tool, [flags](Tool& tool) { return Timeline(tool, *flags); });
}

}  // namespace kefu::cli
