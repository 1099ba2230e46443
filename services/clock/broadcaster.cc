#include "services/clock/broadcaster.h"

#include <algorithm>

#include "platform/base/time.h"
#include "platform/codec/key.h"
#include "platform/event/broadcast.h"
#include "platform/event/record.h"
#include "projections/reference/reference.h"

namespace kefu::duties {

namespace {

using events::v1::Event;
using reference::ReferenceView;

// A batch ends before it grows past this: great packs must not fill the log's queue.
constexpr size_t kMaxBatchBytes = size_t{1} << 20;
constexpr int64_t kMostCounted = 10'000;

// The event that partition 0 holds at `offset`, as the other partitions get it.
StatusOr<Event> CopyOf(std::string_view recorded_bytes, int64_t offset) {
  Event copy;
  RETURN_IF_ERROR(Annotate(event::ParseRecorded(recorded_bytes, &copy), fmt::format("the outbox at {}", offset)));
  copy.clear_recorded_at();
  copy.mutable_broadcast()->set_is_copy(true);
  copy.mutable_broadcast()->set_first_offset(offset);
  return copy;
}

}  // namespace

Broadcaster::Broadcaster(const DutyContext& context, size_t max_batch)
    : Duty(context),
      max_batch_(max_batch),
      writer_(this->context(), std::string(ReferenceView::kName)),
      standing_(admin::v1::DUTY_KIND_BROADCAST, partitions()),
      sent_from_(static_cast<size_t>(partitions())) {}

// A put of bytes as given, as into the outbox, is told to nobody. What is no item of reference data (staff, handovers,
// relations, retention) is a row of one of the others.
std::vector<std::string> Broadcaster::views() const {
  return {std::string(ReferenceView::kName), "book", "relation", "retention"};
}

StatusOr<absl::Time> Broadcaster::Step() {
  const auto home = engine().At(event::kHomeOfBroadcasts);
  Status first_fault;
  for (int32_t p = 0; p < partitions(); ++p) {
    const Partition partition(p);
    if (partition == event::kHomeOfBroadcasts) continue;
    const Status copied = CopyTo(partition, *home);
    // One partition that cannot be read must not keep the others waiting.
    if (!copied.ok() && first_fault.ok()) first_fault = Annotate(copied, fmt::format("partition {}", partition));
    standing_.Change(partition, [&](admin::v1::Duty& duty) {
      duty.set_written(writer_.Written(partition));
      duty.set_trouble(copied.ok() ? writer_.Trouble(partition) : ToString(copied));
    });
  }
  RETURN_IF_ERROR(first_fault);
  return absl::InfiniteFuture();
}

StatusOr<int64_t> Broadcaster::FirstToCopy(Partition partition) const {
  store::PinnedValue bytes;
  ASSIGN_OR_RETURN(const bool found,
                   engine().At(partition)->Get(ReferenceView::kName, reference::Progress::kName,
                                               reference::Progress::Key::Encode(reference::kProgressKey), &bytes));
  int64_t from = 0;
  if (found) {
    reference::CopyProgress progress;
    const std::string_view stored = bytes.view();
    if (!progress.ParseFromArray(stored.data(), static_cast<int>(stored.size())))
      return DataLoss("the progress of partition {} cannot be read; rebuild the view", partition);
    from = progress.first_offset() + 1;
  }
  // Of a batch whose outcome is unknown, later records may be there and earlier ones not.
  if (writer_.LastFailed(partition)) from = std::min(from, sent_from_[static_cast<size_t>(partition.value())]);
  return from;
}

Status Broadcaster::CopyTo(Partition partition, const engine::PartitionView& home) {
  if (!writer_.Ready(partition)) return OkStatus();
  ASSIGN_OR_RETURN(const int64_t from, FirstToCopy(partition));
  ASSIGN_OR_RETURN(const auto cursor, home.Scan(ReferenceView::kName, reference::Outbox::kName,
                                                reference::Outbox::Key::Encode(Offset(from)), {}));
  std::vector<Event> copies;
  size_t bytes = 0;
  int64_t waiting = 0;
  absl::Time newest;
  for (; cursor->Valid() && waiting < kMostCounted; cursor->Next(), ++waiting) {
    if (copies.size() == max_batch_ || bytes >= kMaxBatchBytes) continue;
    std::string_view key = cursor->key();
    Offset offset;
    if (!codec::TakePart(key, &offset)) return DataLoss("a key of the outbox cannot be read; rebuild the view");
    ASSIGN_OR_RETURN(Event copy, CopyOf(cursor->value(), offset.value()));
    bytes += cursor->value().size();
    if (copies.empty()) sent_from_[static_cast<size_t>(partition.value())] = offset.value();
    copies.push_back(std::move(copy));
  }
  RETURN_IF_ERROR(cursor->status());
  standing_.Change(partition, [&](admin::v1::Duty& duty) { duty.set_waiting(waiting); });
  return writer_.Write(partition, copies);
}

}  // namespace kefu::duties
