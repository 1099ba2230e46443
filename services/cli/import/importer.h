#pragma once

// Drives an import: from a source through a sink, with every item accounted for.

#include <absl/time/time.h>

#include <functional>
#include <memory>
#include <string>

#include "platform/runtime/progress.h"
#include "services/cli/import/checkpoint.h"
#include "services/cli/import/event_source.h"
#include "services/cli/import/sink.h"

namespace kefu::cli {

struct ImportOptions {
  // Rows that make no event and events that the door will not have: one JSON object a line.
  std::string quarantine_path;
  // Empty: not resumable.
  std::string checkpoint_path;
  // Names what is imported, by what, into what; see Checkpoint.
  std::string identity;
  absl::Duration checkpoint_every = absl::Seconds(1);
};

struct ImportSummary {
  ImportCounts rows;
  EventCounts events;
  // Items that an earlier run had dealt with.
  int64_t resumed_after = 0;
  bool interrupted = false;

  int64_t PutAside() const;
  int64_t Refused() const;
  // Everything was there before.
  bool NothingNew() const { return events.sent > 0 && events.duplicates == events.sent; }
};

// Sends what `source` has through the sink that `make_sink` makes, once.
//
// Operation: items are settled in the order of the source, an event when the door has answered. Then they are counted,
//   put into the quarantine file if need be, and are behind the checkpoint. A resumed import reads the file from its
//   beginning and passes over what is settled; the counts go on where they were.
// Concurrency: Run once, from one thread; Stop from any.
class Importer {
 public:
  using MakeSink = std::function<StatusOr<std::unique_ptr<EventSink>>(EventSink::Answered answered)>;

  Importer(const ImportOptions& options, EventSource& source, MakeSink make_sink, runtime::Progress& progress);
  ~Importer();

  // Once. An error of the sink or the file comes after the checkpoint is written: another run goes on from there.
  StatusOr<ImportSummary> Run();
  // Ends the import early, with `interrupted` set, once the answers under way are in.
  void Stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kefu::cli
