#pragma once

// How duties write: one batch in flight a partition, and nothing is decided by a view that has not seen the last one.

#include <absl/time/time.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kefu/events/v1/event.pb.h"
#include "platform/base/ids.h"
#include "platform/base/status.h"
#include "services/clock/duty.h"

namespace kefu::duties {

// A sensible size of one Write.
inline constexpr size_t kMaxFactsABatch = 512;

// Operation: a batch is in flight from Write until the log has answered and the view shows all of it. Until then Ready
//   says no, so a duty that finds its facts in that view never finds what it has written already. Answers and the
//   view's arrival wake the duty. After an append that failed, or whose outcome is unknown, the partition rests (1 s,
//   doubling up to 30 s); then the duty finds in the view what is still missing and writes it again: the same ids, so
//   it can count once only.
// Concurrency: from the duty's thread. It may be destroyed while a batch is in flight.
// Limitations: in Kafka other writers may come between the records of a batch, so the view may be taken to have passed
//   it a few records early; what is then written twice is a duplicate.
class FactWriter {
 public:
  // `view` is the one that the facts are found in.
  FactWriter(const DutyContext& context, std::string view);
  ~FactWriter();

  // May the view be read for facts to write? Only once it has reached the end that the partition's log had when this
  // was first asked (an older view would find what is long written), and no batch is in flight. Cheap.
  bool Ready(Partition partition);

  // Checks the events (event::Validate, reserved bodies and broadcast copies allowed), stamps them and appends them as
  // one batch, in order. Nothing to do for an empty one. Errors: nothing was written. kInvalidArgument: an event is
  // unfit, a fault of ours; it is named. kFailedPrecondition: not Ready. Each event must be of this partition: that of
  // its client, or any one for what is broadcast.
  Status Write(Partition partition, const std::vector<events::v1::Event>& events);

  // Did the last batch fail, or is its outcome unknown?
  bool LastFailed(Partition partition) const;
  // How many events the log has taken, since the start.
  int64_t Written(Partition partition) const;
  // Why it does not go on; empty if all is well.
  std::string Trouble(Partition partition) const;

 private:
  struct Lane;
  bool HasReachedStart(Partition partition, Lane& lane);
  bool HasSettled(Partition partition, Lane& lane);

  const DutyContext context_;
  const std::string view_;
  std::vector<std::shared_ptr<Lane>> lanes_;
};

// A step of a duty: `keep` for each partition, which returns when it is to be called again; the earliest is returned.
// Shows in `standing` what was written and why it does not go on. One partition that cannot be read does not keep the
// others waiting: the first error is returned when all had their turn.
StatusOr<absl::Time> KeepEach(int32_t partitions, const FactWriter& writer, Standing& standing,
                              const std::function<StatusOr<absl::Time>(Partition)>& keep);

}  // namespace kefu::duties
