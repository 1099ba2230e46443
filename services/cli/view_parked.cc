#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "kefu/admin/v1/view.grpc.pb.h"
#include "services/cli/call.h"
#include "services/cli/listing.h"
#include "services/cli/verbs.h"
#include "services/cli/view_show.h"

namespace kefu::cli {
namespace {

struct ViewParkedFlags {
  std::string view = "-";
  ListFlags list;
};

std::vector<std::string> Cells(const admin::v1::ParkedEvent& event) {
  return {event.view(),
          event.client_id(),
          fmt::format("{}@{}", event.partition(), event.offset()),
          event.event_id(),
          TimeText(event.recorded_at()),
          event.reason().empty() ? "(waits behind an earlier one)" : event.reason()};
}

Status List(Tool& tool, const ViewParkedFlags& flags) {
  admin::v1::ListParkedEventsRequest request;
  request.set_parent(ViewName(flags.view));
  Listing<admin::v1::ParkedEvent> listing(tool, {"VIEW", "CLIENT", "PLACE", "EVENT", "RECORDED", "REASON"}, Cells);
  RETURN_IF_ERROR(EachPage(tool, flags.list, [&](int size, std::string* token) -> StatusOr<int> {
    request.set_page_size(size);
    request.set_page_token(*token);
    ASSIGN_OR_RETURN(const admin::v1::ListParkedEventsResponse response,
                     Call(tool, &admin::v1::ViewService::Stub::ListParkedEvents, request));
    for (const auto& event : response.parked_events()) RETURN_IF_ERROR(listing.Add(event));
    *token = response.next_page_token();
    return response.parked_events_size();
  }));
  listing.Finish("Nothing is parked.");
  return OkStatus();
}

}  // namespace

void AddViewParkedVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<ViewParkedFlags>();
  CLI::App& verb = AddVerb(group, "parked", "Events that views could not take, oldest first",
                           {"kefu view parked", "kefu view parked client", "kefu view parked --all --output json"});
  verb.add_option("view", flags->view, "Only this view's");
  AddListFlags(verb, flags->list);
  OnRun(verb, tool, [flags](Tool& tool) { return List(tool, *flags); });
}

void AddViewRetryVerb(CLI::App& group, Tool& tool) {
  struct RetryFlags {
    std::string view, client;
  };
  auto flags = std::make_shared<RetryFlags>();
  CLI::App& verb =
      AddVerb(group, "retry", "Apply parked events again, in order, after a fix",
              {"kefu view retry client", "kefu view retry client --client C-1", "kefu view retry case --output json"});
  verb.add_option("view", flags->view, "Name of the view")->required();
  verb.add_option("--client", flags->client, "Only this client's");
  OnRun(verb, tool, [flags](Tool& tool) -> Status {
    admin::v1::RetryParkedEventsRequest request;
    request.set_name(ViewName(flags->view));
    request.set_client_id(flags->client);
    ASSIGN_OR_RETURN(const admin::v1::RetryParkedEventsResponse response,
                     Call(tool, &admin::v1::ViewService::Stub::RetryParkedEvents, request));
    if (tool.json()) return PrintJson(response);
    fmt::print("{} applied, {} still parked\n", response.applied(), response.still_parked());
    return OkStatus();
  });
}

}  // namespace kefu::cli
