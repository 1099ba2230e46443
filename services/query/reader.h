#pragma once

// How requests read: at one moment of each partition, not before a position the caller names.

#include <absl/time/time.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/ids.h"
#include "platform/base/status.h"
#include "platform/log/position.h"
#include "projections/engine/engine.h"

namespace kefu::query {

// The longest any call waits for a position, whatever its deadline.
inline constexpr absl::Duration kLongestWait = absl::Seconds(30);

// Some or all partitions as one request sees them. Holds their snapshots: keep it for the request only. Thread-safe.
class Moment {
 public:
  // All partitions now, in their order; not at one instant of the log, each at its own.
  static Moment Now(const engine::Engine& engine);
  static Moment Now(const engine::Engine& engine, Partition only);

  // Takes one more partition in, as it is now, unless it is there.
  const engine::PartitionView& Add(Partition partition);
  // The partition that a client lives in, which must be one of these.
  const engine::PartitionView& HomeOf(std::string_view client_id) const;

  // In their order.
  const std::vector<std::shared_ptr<const engine::PartitionView>>& partitions() const { return partitions_; }
  const engine::PartitionView& front() const { return *partitions_.front(); }

  // `position` for an answer from `view`: the next offsets of the partitions looked at, 0 for the others.
  std::string PositionOf(std::string_view view) const;

 private:
  const engine::Engine* engine_ = nullptr;
  std::vector<std::shared_ptr<const engine::PartitionView>> partitions_;
};

// A position a caller gave, by its field ("min_position"); nothing if it is empty. kInvalidArgument
// (POSITION_INVALID) if it is none, or of another log.
StatusOr<std::optional<log::Position>> ReadPosition(const engine::Engine& engine, std::string_view text,
                                                    std::string_view field);

// `position` with all partitions but `only` set to 0.
log::Position OnlyPartition(log::Position position, Partition only);

// Calls `done` once `view` shows everything before `position`, at once if it does already, else on a thread of the
// engine: hop before doing real work. At `deadline` or after kLongestWait: kUnavailable (POSITION_NOT_REACHED) with
// how far it is. Blocks nothing. What `done` holds is kept until then, also when the call is long gone.
void WhenReached(engine::Engine& engine, std::string view, const log::Position& position, absl::Time deadline,
                 std::function<void(Status)> done);

}  // namespace kefu::query
