#include "services/clock/fact_writer.h"

#include <absl/time/clock.h>
#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <optional>

#include "platform/base/hash.h"
#include "platform/event/broadcast.h"
#include "platform/event/record.h"
#include "platform/event/validate.h"

namespace kefu::duties {

namespace {

constexpr absl::Duration kFirstRest = absl::Seconds(1);
constexpr absl::Duration kLongestRest = absl::Seconds(30);
// Only for the engine's book-keeping: a duty looks every second anyway.
constexpr absl::Duration kAwaitedFor = absl::Seconds(10);

// What the doors let in must fit with the server's own stamp, too.
constexpr size_t kRoomForStamps = 1 << 10;

event::EventLimits OwnLimits() {
  event::EventLimits limits;
  limits.reserved_allowed = true;
  limits.max_event_bytes += kRoomForStamps;
  return limits;
}

}  // namespace

// One partition. The log's callback holds it, and touches only what the mutex guards.
struct FactWriter::Lane {
  // The duty's thread only.
  std::optional<Offset> start;
  bool has_started = false;
  bool awaits_view = false;
  absl::Time rests_until = absl::InfinitePast();
  absl::Duration next_rest = kFirstRest;

  std::mutex mutex;
  bool in_flight = false;
  bool answered = false;
  Status answer;
  // Where the view has all of the batch.
  Offset settles_at;
  int64_t written = 0;
  bool failed = false;
  std::string trouble;

  void SetTrouble(std::string text) {
    const std::lock_guard lock(mutex);
    trouble = std::move(text);
  }
};

FactWriter::FactWriter(const DutyContext& context, std::string view) : context_(context), view_(std::move(view)) {
  for (int32_t p = 0; p < context_.engine->partitions(); ++p) lanes_.push_back(std::make_shared<Lane>());
}

FactWriter::~FactWriter() = default;

bool FactWriter::HasReachedStart(Partition partition, Lane& lane) {
  if (lane.has_started) return true;
  if (!lane.start.has_value()) {
    const auto end = context_.log->EndOffset(partition);
    if (!end.ok()) {
      lane.SetTrouble("the end of the log is not known: " + ToString(end.status()));
      return false;
    }
    lane.start = *end;
    lane.SetTrouble({});
  }
  lane.has_started = context_.engine->At(partition)->next_offset(view_) >= *lane.start;
  return lane.has_started;
}

// Is nothing in flight any more?
bool FactWriter::HasSettled(Partition partition, Lane& lane) {
  const std::lock_guard lock(lane.mutex);
  if (!lane.in_flight) return true;
  if (!lane.answered) return false;
  if (!lane.answer.ok()) {
    lane.in_flight = false;
    lane.failed = true;
    lane.trouble = ToString(lane.answer);
    lane.rests_until = context_.clock->Now() + lane.next_rest;
    lane.next_rest = std::min(lane.next_rest * 2, kLongestRest);
    return true;
  }
  lane.failed = false;
  lane.next_rest = kFirstRest;
  lane.trouble.clear();
  if (context_.engine->At(partition)->next_offset(view_) < lane.settles_at) {
    // Without the lock: the engine may call back at once.
    lane.awaits_view = true;
    return false;
  }
  lane.in_flight = false;
  lane.awaits_view = false;
  return true;
}

bool FactWriter::Ready(Partition partition) {
  Lane& lane = *lanes_.at(static_cast<size_t>(partition.value()));
  const bool awaited_before = lane.awaits_view;
  const bool settled = HasReachedStart(partition, lane) && HasSettled(partition, lane);
  if (lane.awaits_view && !awaited_before) {
    const auto waker = context_.waker;
    context_.engine->WhenReached(partition, lane.settles_at, absl::Now() + kAwaitedFor,
                                 [waker](const Status&) { waker->Wake(); });
  }
  return settled && context_.clock->Now() >= lane.rests_until;
}

Status FactWriter::Write(Partition partition, const std::vector<events::v1::Event>& events) {
  if (events.empty()) return OkStatus();
  if (!Ready(partition)) return FailedPrecondition("partition {} has a batch in flight", partition);
  const absl::Time now = context_.clock->Now();
  std::vector<log::AppendRecord> records;
  records.reserve(events.size());
  for (const events::v1::Event& each : events) {
    const Status fit = event::Validate(each, now, OwnLimits(), fmt::format("event {}", each.event_id()));
    if (!fit.ok()) return fit;
    if (event::IsAboutLog(each.body_case()) && partition != event::kHomeOfLogFacts)
      return InvalidArgument("event {} is about the log and belongs to partition {}", each.event_id(),
                             event::kHomeOfLogFacts);
    if (!event::IsBroadcast(each.body_case()) && !event::IsAboutLog(each.body_case()) &&
        Partition(PartitionForKey(each.client_id(), context_.log->partitions())) != partition)
      return InvalidArgument("event {} does not belong to partition {}", each.event_id(), partition);
    records.push_back({each.client_id(), event::RecordedBytes(each, now)});
  }
  const std::shared_ptr<Lane> lane = lanes_[static_cast<size_t>(partition.value())];
  const auto count = static_cast<int64_t>(records.size());
  {
    const std::lock_guard lock(lane->mutex);
    lane->in_flight = true;
    lane->answered = false;
  }
  context_.log->Append(partition, std::move(records), [lane, count, waker = context_.waker](StatusOr<Offset> first) {
    {
      const std::lock_guard lock(lane->mutex);
      lane->answered = true;
      lane->answer = first.status();
      if (first.ok()) {
        lane->settles_at = *first + count;
        lane->written += count;
      }
    }
    waker->Wake();
  });
  return OkStatus();
}

bool FactWriter::LastFailed(Partition partition) const {
  Lane& lane = *lanes_.at(static_cast<size_t>(partition.value()));
  const std::lock_guard lock(lane.mutex);
  return lane.failed;
}

int64_t FactWriter::Written(Partition partition) const {
  Lane& lane = *lanes_.at(static_cast<size_t>(partition.value()));
  const std::lock_guard lock(lane.mutex);
  return lane.written;
}

std::string FactWriter::Trouble(Partition partition) const {
  Lane& lane = *lanes_.at(static_cast<size_t>(partition.value()));
  const std::lock_guard lock(lane.mutex);
  return lane.trouble;
}

StatusOr<absl::Time> KeepEach(int32_t partitions, const FactWriter& writer, Standing& standing,
                              const std::function<StatusOr<absl::Time>(Partition)>& keep) {
  absl::Time next = absl::InfiniteFuture();
  Status first_fault;
  for (int32_t p = 0; p < partitions; ++p) {
    const Partition partition(p);
    const StatusOr<absl::Time> kept = keep(partition);
    if (kept.ok()) next = std::min(next, *kept);
    if (!kept.ok() && first_fault.ok()) first_fault = Annotate(kept.status(), fmt::format("partition {}", partition));
    standing.Change(partition, [&](admin::v1::Duty& duty) {
      duty.set_written(writer.Written(partition));
      duty.set_trouble(kept.ok() ? writer.Trouble(partition) : ToString(kept.status()));
    });
  }
  RETURN_IF_ERROR(first_fault);
  return next;
}

}  // namespace kefu::duties
