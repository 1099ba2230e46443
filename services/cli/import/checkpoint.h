#pragma once

// How far an import came, in a small file, so that it can go on after Ctrl-C or a crash.

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "platform/base/status.h"

namespace kefu::cli {

// What became of the events so far.
struct EventCounts {
  int64_t sent = 0;
  int64_t recorded = 0;
  int64_t applied = 0;
  int64_t duplicates = 0;
  std::map<std::string, int64_t> refused;      // by rule
  std::map<std::string, int64_t> invalid;      // by the door's reason
  std::map<std::string, int64_t> quarantined;  // rows that made no event, by reason
};

struct Checkpoint {
  // What is imported, by what mapping, into what: any change starts again.
  std::string identity;
  // Items of the source (events and quarantined rows) that are dealt with.
  int64_t items = 0;
  // The length of the quarantine file with them.
  int64_t quarantine_bytes = 0;
  EventCounts counts;
};

// Replaces the file at once or not at all.
Status SaveCheckpoint(const std::string& path, const Checkpoint& checkpoint);
// Empty if there is none, or it is of another import. kDataLoss if it cannot be read.
StatusOr<std::optional<Checkpoint>> LoadCheckpoint(const std::string& path, const std::string& identity);

}  // namespace kefu::cli
