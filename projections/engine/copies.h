#pragma once

// Copies of the engine's stores, from which another engine can go on.

#include <string>
#include <vector>

#include "platform/log/log.h"
#include "platform/store/store.h"
#include "projections/engine/engine.h"
#include "projections/engine/frames.h"

namespace kefu::engine {

// A partition's store at one moment.
struct StoreCopy {
  // Of admission and of every view that serves.
  Place place;
  // Admission's table and those of the views that serve, such as "client@3.1"; ascending.
  std::vector<std::string> tables;
};

// What an engine that follows a log does besides. Thread-safe.
class Copier {
 public:
  // Copies the partition's store to `directory`, which must not be there. Memtables are written out first; the partition's
  // folds then wait for milliseconds, while files are linked. Call it on a thread of its own.
  // kFailedPrecondition: not all views that serve are of this program's version and where admission is, the partition is
  // stopped, or parked events were applied out of turn, so that a fold of the log may give other rows: nothing is copied,
  // later it may be. kResourceExhausted: no room.
  virtual StatusOr<StoreCopy> CopyStore(Partition partition, const std::string& directory) = 0;

  // What `tables` of a copy made now would be.
  virtual std::vector<std::string> TablesServing(Partition partition) const = 0;

 protected:
  ~Copier() = default;
};

// Null if the engine follows no log by itself (one of the past).
Copier* CopierOf(Engine& engine);

// Makes the copy in `directory` ready for an engine of its own: but for `tables`, all that was copied with them is dropped
// (other builds, views that are no more, what the engine had to tell). Answers where they stand. kDataLoss: damaged, of
// another form, without one of the tables, or they do not stand at one place; kFailedPrecondition: of another log or
// partition.
StatusOr<Place> PrepareCopy(const std::string& directory, const log::LogIdentity& log, Partition partition,
                            const std::vector<std::string>& tables, const store::ResourceOptions& resources);

}  // namespace kefu::engine
