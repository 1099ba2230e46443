#pragma once

// A moment of the past as a place in the log: which records had been there, and which of them count.

#include <absl/time/time.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "platform/log/log.h"
#include "platform/log/position.h"

namespace kefu::past {

// One of them.
struct Asked {
  // What was known then: in each partition everything before the first record whose effective recorded time (the
  // running maximum, see sdk::RecordedEvent) is later.
  std::optional<absl::Time> recorded;
  // What was so then, by what is known now: of all records those that had occurred until then, in the log's order.
  std::optional<absl::Time> occurred;
  // Exactly there.
  std::optional<log::Position> position;
};

struct Cut {
  // By partition: from here on nothing is shown.
  std::vector<int64_t> next_offsets;
  // By partition: the offset after the last record that is shown; what the views of that moment come to. Less than the
  // other where records are left out, or offsets were skipped.
  std::vector<int64_t> ends;
  // Records that occurred later are left out.
  std::optional<absl::Time> occurred_until;
  // "Now", as of then: the time asked for, or the newest recorded time before the position.
  absl::Time time;

  bool ShowsOffset(Partition partition, Offset offset) const {
    return offset.value() < next_offsets[static_cast<size_t>(partition.value())];
  }
  // How many offsets are to be read, over all partitions.
  int64_t Size() const;
};

// A place in each partition that is known to lie at or before the cut, with the newest recorded time before it.
struct KnownPlace {
  Offset next;
  absl::Time newest = absl::UnixEpoch();
};

// Told how far a long task is, of how much; not OK ends it with that status.
using Progress = std::function<Status(int64_t done, int64_t total)>;

// Finds the cut by reading the log once, up to where it ends now; `from` the known places on, one a partition, or from
// the beginning if there are none. By occurred time it is always from the beginning. kInvalidArgument POSITION_INVALID:
// of another log, or past its end. What the log answers otherwise; kUnavailable if it brings nothing for `patience`.
StatusOr<Cut> FindCut(log::EventLog& log, const Asked& asked, const Progress& progress,
                      absl::Duration patience = absl::Seconds(30), const std::vector<KnownPlace>& from = {});

}  // namespace kefu::past
