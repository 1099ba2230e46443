#pragma once

// The past of single clients: what a question about one client reads, folded again from its journal, in memory. No log is
// read and no store made, so it costs milliseconds where a moment of all views costs a fold of the log.

#include <absl/time/time.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "kefu/events/v1/event.pb.h"
#include "projections/engine/engine.h"

namespace kefu::past {

// One of them. (By occurred time a moment is needed: with events left out, admission may decide otherwise about others.)
struct ClientsCut {
  // Everything recorded until then, by each partition's effective recorded time.
  std::optional<absl::Time> recorded;
  std::optional<log::Position> position;
};

// Broadcast facts that the rows of single clients depend on, parsed once. One for an engine. Thread-safe.
class KnownBroadcasts {
 public:
  struct Fact {
    Offset offset;
    std::string bytes;
    events::v1::Event event;
    events::v1::Verdict verdict;
  };
  using Facts = std::vector<std::shared_ptr<const Fact>>;

  // Those in `partition` that one of `views` folds, in order, as far as its journal goes.
  StatusOr<Facts> In(const engine::PartitionView& partition, const std::vector<const sdk::Projection*>& views);

 private:
  struct Known {
    Facts facts;
    Offset next;
  };
  std::mutex mutex_;
  std::map<std::pair<Partition, std::vector<const sdk::Projection*>>, Known> known_;
};

// An engine whose partitions answer as of the cut, for the views that answers about one client are made of (client, case,
// relation, journal), by those folds and the verdicts recorded then. A client's rows are there from when something of them
// is first asked for: ask by client, or for what was asked by client before. Holds snapshots of `live`, which must outlive
// it, as must `broadcasts`: keep it for one request, on one thread at a time.
//
// kInvalidArgument POSITION_INVALID: past what the views hold, or of another log.
// Reads fail with kFailedPrecondition AS_OF_NEEDS_MOMENT for a client with more than kMostEntries entries, for one whose
// events were corrected until then, and where a broadcast fact is parked.
// `position` in answers is that after the last event that what was asked depends on: not after it, and no further.
//
// Cost: a walk through the client's journal, and one fold a view that is read: about 2 µs an event.
// Limitations: what an operator retried later (kefu view retry) shows as parked then.
StatusOr<std::unique_ptr<engine::Engine>> OpenClientsAsOf(const engine::Engine& live, KnownBroadcasts& broadcasts,
                                                          const ClientsCut& cut);

inline constexpr int64_t kMostEntries = 100'000;

}  // namespace kefu::past
