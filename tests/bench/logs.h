#pragma once

// What programs share that read a whole log: which one it is, where it ends, and an engine that has folded all of it.

#include <absl/time/time.h>

#include <functional>
#include <string>
#include <vector>

#include "platform/base/ids.h"
#include "platform/base/status.h"
#include "platform/log/log.h"
#include "platform/runtime/config.h"
#include "projections/engine/engine.h"

namespace kefu::bench {

struct LogOptions {
  // One of the two.
  std::string bootstrap;
  std::string embedded;
  std::string topic = "kefu.events";
  int partitions = 8;
  // An empty folder for what is folded.
  std::string views;
  absl::Duration limit = absl::Minutes(15);
};

// Declares the flags of `options`, which must live as long as `config`.
void AddLogFlags(runtime::Config& config, LogOptions* options);

// All of a program: reads `arguments` (argv without the name) by `config`, opens the log that `options` then name, and
// measures on it. What main returns; an error is told on stderr under the name of `program`.
int RunOnLog(std::string_view program, const std::vector<std::string>& arguments, runtime::Config& config,
             const LogOptions& options, const std::function<Status(log::EventLog&)>& measure);

// Where each partition ends now.
StatusOr<std::vector<Offset>> EndsOf(log::EventLog& log);
// How many records there are before these ends.
int64_t RecordsBefore(const std::vector<Offset>& ends);

// Waits until the engine has applied everything before `ends`.
Status WaitForAll(engine::Engine& engine, const std::vector<Offset>& ends, absl::Time deadline);

}  // namespace kefu::bench
