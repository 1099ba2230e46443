#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <condition_variable>
#include <mutex>

#include "kefu/admin/v1/view.grpc.pb.h"
#include "platform/runtime/progress.h"
#include "services/cli/call.h"
#include "services/cli/output.h"
#include "services/cli/verbs.h"
#include "services/cli/view_show.h"

namespace kefu::cli {
namespace {

constexpr absl::Duration kAskEvery = absl::Milliseconds(250);

struct ViewRebuildFlags {
  std::string view;
  bool detach = false;
};

// Asks how far the rebuild is until it has ended. Ctrl-C stops the asking, not the rebuild.
Status FollowRebuild(Tool& tool, const std::string& name, admin::v1::View view) {
  std::mutex mutex;
  std::condition_variable stop;
  bool stopped = false;
  runtime::StopSignals signals([&] {
    std::lock_guard lock(mutex);
    stopped = true;
    stop.notify_all();
  });
  runtime::Progress progress(tool.ProgressOf("rebuilding " + name, "events", view.rebuild().events_total()));
  while (view.has_rebuild()) {
    progress.SetTotal(view.rebuild().events_total());
    progress.Update(view.rebuild().events_done());
    std::unique_lock lock(mutex);
    if (stop.wait_for(lock, absl::ToChronoMilliseconds(kAskEvery), [&] { return stopped; })) {
      progress.Finish();
      Remark(tool, "The rebuild goes on; \"kefu view list\" shows how far it is.");
      return OkStatus();
    }
    lock.unlock();
    admin::v1::GetViewRequest request;
    request.set_name(name);
    ASSIGN_OR_RETURN(view, Call(tool, &admin::v1::ViewService::Stub::GetView, request));
  }
  const ViewSummary summary = Summarise(view);
  progress.SetTotal(summary.total);
  progress.Update(summary.done);
  progress.Finish();
  if (view.state() == admin::v1::VIEW_STATE_STOPPED || view.state() == admin::v1::VIEW_STATE_STALLED) {
    return FailedPrecondition("{} is {}: {}", name, EnumText(view.state()), view.reason());
  }
  if (tool.json()) return PrintJson(view);
  fmt::print("{} is rebuilt.\n", name);
  return OkStatus();
}

Status Rebuild(Tool& tool, const ViewRebuildFlags& flags) {
  admin::v1::RebuildViewRequest request;
  request.set_name(ViewName(flags.view));
  ASSIGN_OR_RETURN(const admin::v1::RebuildViewResponse response,
                   Call(tool, &admin::v1::ViewService::Stub::RebuildView, request));
  if (!flags.detach) return FollowRebuild(tool, request.name(), response.view());
  if (tool.json()) return PrintJson(response.view());
  fmt::print("{} is being rebuilt beside the present one; \"kefu view list\" shows how far it is.\n", request.name());
  return OkStatus();
}

}  // namespace

void AddViewRebuildVerb(CLI::App& group, Tool& tool) {
  auto flags = std::make_shared<ViewRebuildFlags>();
  CLI::App& verb = AddVerb(
      group, "rebuild", "Build a view anew from the log, beside the one that serves",
      {"kefu view rebuild client", "kefu view rebuild case --detach", "kefu view rebuild journal --progress json"});
  verb.add_option("view", flags->view, "Name of the view")->required();
  verb.add_flag("--detach", flags->detach, "Only begin it");
  OnRun(verb, tool, [flags](Tool& tool) { return Rebuild(tool, *flags); });
}

}  // namespace kefu::cli
