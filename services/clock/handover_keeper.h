#pragma once

// The handover duty: what one order says of any number of clients, it states of each of them; and when a leaver holds
// nothing any more, it certifies so.

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "services/clock/duty.h"
#include "services/clock/fact_writer.h"
#include "services/clock/handover_facts.h"

namespace kefu::duties {

// Operation: for each partition it reads the view `book`: the open handovers, the successors named, and what the leaver
//   still holds. For each client a successor is named for it appends ClientAssignedToBroker, for each piece of open work
//   WorkReassigned, in the client's own partition; where several are named, the first one that covers the client. It looks
//   again when the view has passed that. When a partition holds nothing of the leaver any more it appends
//   HandoverShareSettled to partition 0, and once all partitions have, HandoverCompleted. Nothing goes to a leaver, so
//   what is held only shrinks; what moved is held no more; so each is moved once, whatever is killed or runs twice.
//   Admission may refuse a move (the successor may not serve on that day, or is leaving too): then it stays with the
//   leaver, `trouble` says so, and another successor is to be named.
// Concurrency: as Duty has it.
// Limitations: that a move was refused is noticed by its being held still, twice; after a restart it is tried again,
//   under the same id.
class HandoverKeeper final : public Duty {
 public:
  explicit HandoverKeeper(const DutyContext& context, size_t max_batch = kMaxFactsABatch);

  std::vector<std::string> views() const override;
  // Nothing is ever due by the clock.
  StatusOr<absl::Time> Step() override;
  // `waiting` counts what the last look found, up to a batch.
  std::vector<admin::v1::Duty> Describe() const override { return standing_.All(); }

 private:
  using Facts = std::vector<events::v1::Event>;
  // What is known of one open handover in one partition. Only saves work: all of it can be found out again.
  struct Progress {
    // How often each move was written, by event id.
    absl::flat_hash_map<std::string, int> tries;
    // Orders up to this one have nothing left that they could move.
    int64_t done_until = -1;
    // Why, if they left something.
    std::string trouble;
  };

  Status Keep(Partition partition, Facts* home_facts);
  // Of one handover; up to what `facts` has room for.
  Status Move(const engine::PartitionView& view, const book::Handover& handover, Facts* facts);
  // The shares of one partition that partition 0 does not know yet.
  Status Settle(const engine::PartitionView& view, const std::vector<book::Handover>& open, Facts* home_facts);
  Status Certify(const engine::PartitionView& home, Facts* home_facts);
  // Unless it was stated before, and refused.
  void State(events::v1::Event fact, Facts* home_facts);
  StatusOr<std::vector<book::Handover>> OpenHandovers(const engine::PartitionView& view) const;

  const size_t max_batch_;
  FactWriter writer_;
  Standing standing_;
  // By partition, then by handover.
  std::vector<std::map<std::string, Progress>> progress_;
  // How often each share and certificate of an open handover was written, by event id.
  absl::flat_hash_map<std::string, int> stated_;
};

}  // namespace kefu::duties
