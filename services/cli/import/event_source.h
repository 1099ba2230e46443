#pragma once

// What an import reads: events, and what could not become one, in the order of the file.

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "kefu/events/v1/event.pb.h"
#include "platform/base/status.h"
#include "services/cli/import/mapping.h"

namespace kefu::cli {

// One thing out of the file: an event, or a row that is put aside.
struct ImportItem {
  // The line its row begins at.
  int64_t line = 0;
  events::v1::Event event;
  // Not OK: the row makes no event. The reason goes with the status.
  Status problem;
  // The row as it stands in the file; only with a problem.
  std::string raw;
};

// What became of the rows read so far. Every row is in exactly one of the first four.
struct ImportCounts {
  int64_t rows = 0;
  int64_t mapped = 0;
  // No rule took it, and the mapping says that this is all right.
  int64_t unchanged = 0;
  // Began something that a later row ended.
  int64_t paired = 0;
  int64_t quarantined = 0;
  // Ends for which no beginning was seen: their events have no duration. They are in `mapped` as well.
  int64_t ends_without_begin = 0;
};

// Deterministic: the same bytes give the same items.
// Concurrency: one thread.
class EventSource {
 public:
  virtual ~EventSource() = default;
  // False at the end.
  virtual StatusOr<bool> Next(ImportItem* item) = 0;
  virtual const ImportCounts& counts() const = 0;
};

// Rows of a CSV file through a mapping. `mapping` must outlive it.
StatusOr<std::unique_ptr<EventSource>> OpenCsvSource(const std::string& path, const Mapping& mapping);

// Lines of JSON, each an Event as protobuf's JSON has it. Empty lines are passed over. Reasons: NOT_JSON, TOO_LONG.
StatusOr<std::unique_ptr<EventSource>> OpenNdjsonSource(const std::string& path);

}  // namespace kefu::cli
