#include "services/kefud/server.h"

#include <grpc/support/log.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "platform/runtime/logging.h"
#include "platform/runtime/signals.h"
#include "services/kefud/help.h"
#include "services/kefud/running.h"

namespace kefu::kefud {
namespace {

using runtime::Log;
using runtime::LogLevel;

// From the signal to the end, whatever hangs.
constexpr absl::Duration kLongestEnd = absl::Seconds(30);

class StopRequest {
 public:
  void Make() {
    {
      std::lock_guard lock(mutex_);
      made_ = true;
    }
    changed_.notify_all();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return made_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool made_ = false;
};

// What gRPC has to say goes where our own lines go, in their form.
void LogForGrpc(gpr_log_func_args* line) {
  const LogLevel level = line->severity == GPR_LOG_SEVERITY_ERROR  ? LogLevel::kWarning
                         : line->severity == GPR_LOG_SEVERITY_INFO ? LogLevel::kInfo
                                                                   : LogLevel::kDebug;
  Log(level, line->message, {{"component", "grpc"}});
}

// Ends the process if a part hangs while it is closed. The log is synced before anything is answered, so nothing that
// was acknowledged can be lost by it.
void EndByForceLater() {
  std::thread([] {
    absl::SleepFor(kLongestEnd);
    Log(LogLevel::kError, "closing took too long; ending by force");
    _exit(kExitFailed);
  }).detach();
}

}  // namespace

Status Serve(const Options& options) {
  gpr_set_log_function(LogForGrpc);
  StopRequest stop;
  runtime::StopSignals signals([&stop] { stop.Make(); });
  ASSIGN_OR_RETURN(std::unique_ptr<Running> running, Running::Start(options));
  stop.Wait();
  EndByForceLater();
  Log(LogLevel::kInfo, "stopping: calls under way may finish; a second signal ends at once");
  const absl::Time began = absl::Now();
  if (const Status status = running->Stop(); !status.ok()) {
    Log(LogLevel::kError, "calls did not end in time; ending by force", {{"why", status}});
    _exit(kExitFailed);
  }
  running.reset();
  Log(LogLevel::kInfo, "stopped", {{"seconds", absl::ToDoubleSeconds(absl::Now() - began)}});
  return OkStatus();
}

}  // namespace kefu::kefud
