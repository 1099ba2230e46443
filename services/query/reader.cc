#include "services/query/reader.h"

#include <absl/time/clock.h>

#include <algorithm>
#include <mutex>

#include "platform/base/check.h"
#include "platform/base/hash.h"
#include "platform/base/reason.h"

namespace kefu::query {
namespace {

// Counts partitions down. A fault is the answer, and rather one that is not just too late: an engine that is being
// destroyed tells its waiters so, and must not be asked any more.
struct Waiting {
  engine::Engine& engine;
  const std::string view;
  const log::Position position;
  const std::function<void(Status)> done;
  std::mutex mutex;
  size_t left = 0;
  Status status;

  // Where the view itself still is behind (a view that fell back, in a partition that goes on) the answer would lie.
  Status Check() const {
    for (size_t p = 0; p < position.next_offsets.size(); ++p) {
      const int64_t wanted = position.next_offsets[p];
      if (wanted == 0) continue;
      const int64_t reached = engine.At(Partition(static_cast<int32_t>(p)))->next_offset(view).value();
      if (reached >= wanted) continue;
      return WithReason(
          Unavailable("view \"{}\" is at offset {} of partition {}, the position asked for is {}: {} events to "
                      "go; try again",
                      view, reached, p, wanted, wanted - reached),
          "POSITION_NOT_REACHED", "min_position");
    }
    return OkStatus();
  }

  void Arrive(Status arrived) {
    {
      std::lock_guard lock(mutex);
      if (!arrived.ok() && (status.ok() || status.code() == StatusCode::kDeadlineExceeded)) status = std::move(arrived);
      if (--left > 0) return;
    }
    // In time or too late: what counts, and what the caller hears, is how far the view is, not the partition.
    done(status.ok() || status.code() == StatusCode::kDeadlineExceeded ? Check() : status);
  }
};

}  // namespace

Moment Moment::Now(const engine::Engine& engine) {
  Moment moment;
  moment.engine_ = &engine;
  moment.partitions_ = engine.AtAll();
  return moment;
}

Moment Moment::Now(const engine::Engine& engine, Partition only) {
  Moment moment;
  moment.engine_ = &engine;
  moment.partitions_.push_back(engine.At(only));
  return moment;
}

const engine::PartitionView& Moment::Add(Partition partition) {
  const auto place = std::find_if(partitions_.begin(), partitions_.end(),
                                  [&](const auto& each) { return each->partition() >= partition; });
  if (place != partitions_.end() && (*place)->partition() == partition) return **place;
  return **partitions_.insert(place, engine_->At(partition));
}

const engine::PartitionView& Moment::HomeOf(std::string_view client_id) const {
  const Partition home(PartitionForKey(client_id, engine_->partitions()));
  for (const auto& partition : partitions_)
    if (partition->partition() == home) return *partition;
  KEFU_CHECK(false, "partition {} is not part of the moment", home);
  __builtin_unreachable();
}

std::string Moment::PositionOf(std::string_view view) const {
  log::Position position{engine_->log_identity().id, std::vector<int64_t>(static_cast<size_t>(engine_->partitions()))};
  for (const auto& partition : partitions_)
    position.next_offsets[static_cast<size_t>(partition->partition().value())] = partition->next_offset(view).value();
  return position.Encode();
}

StatusOr<std::optional<log::Position>> ReadPosition(const engine::Engine& engine, std::string_view text,
                                                    std::string_view field) {
  if (text.empty()) return std::optional<log::Position>();
  auto position = log::Position::Decode(text, engine.log_identity().id, engine.partitions());
  if (!position.ok()) return WithReason(Annotate(position.status(), field), "POSITION_INVALID", field);
  return std::optional<log::Position>(*std::move(position));
}

log::Position OnlyPartition(log::Position position, Partition only) {
  for (size_t p = 0; p < position.next_offsets.size(); ++p)
    if (static_cast<int32_t>(p) != only.value()) position.next_offsets[p] = 0;
  return position;
}

void WhenReached(engine::Engine& engine, std::string view, const log::Position& position, absl::Time deadline,
                 std::function<void(Status)> done) {
  deadline = std::min(deadline, absl::Now() + kLongestWait);
  const std::shared_ptr<Waiting> waiting(
      new Waiting{engine, std::move(view), position, std::move(done), {}, 0, OkStatus()});
  std::vector<int32_t> partitions;
  for (size_t p = 0; p < position.next_offsets.size(); ++p)
    if (position.next_offsets[p] > 0) partitions.push_back(static_cast<int32_t>(p));
  // One more than there are, so that the last arrival is never inside this loop.
  waiting->left = partitions.size() + 1;
  for (const int32_t p : partitions)
    engine.WhenReached(Partition(p), Offset(position.next_offsets[static_cast<size_t>(p)]), deadline,
                       [waiting](Status status) { waiting->Arrive(std::move(status)); });
  waiting->Arrive(OkStatus());
}

}  // namespace kefu::query
