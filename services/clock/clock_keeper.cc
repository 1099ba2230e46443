#include "services/clock/clock_keeper.h"

#include <algorithm>

#include "platform/base/time.h"
#include "platform/codec/key.h"
#include "projections/clock/clock.h"
#include "projections/clock/facts.h"

namespace kefu::duties {

namespace {

using clock::CaseClocks;
using clock::ClockView;
using events::v1::Event;

Status ReadCase(const engine::PartitionView& view, std::string_view key, CaseClocks* row) {
  store::PinnedValue stored;
  ASSIGN_OR_RETURN(const bool found, view.Get(ClockView::kName, clock::Cases::kName, key, &stored));
  const std::string_view bytes = stored.view();
  if (found && row->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return OkStatus();
  return DataLoss("a row of the view clock in partition {} is {}; rebuild the view", view.partition(),
                  found ? "not readable" : "in an index and not in its table");
}

// Facts that follow from events, the longest waiting first.
StatusOr<std::vector<Event>> PendingFacts(const engine::PartitionView& view, size_t most) {
  std::vector<Event> facts;
  CaseClocks row;
  ASSIGN_OR_RETURN(const auto cursor, view.Scan(ClockView::kName, clock::PendingCases::kName, {}, {}));
  for (; cursor->Valid() && facts.size() < most; cursor->Next()) {
    RETURN_IF_ERROR(ReadCase(view, cursor->value(), &row));
    for (const Event& note : row.pending())
      if (facts.size() < most) facts.push_back(clock::FactOf(row, note));
  }
  RETURN_IF_ERROR(cursor->status());
  return facts;
}

struct Alarms {
  std::vector<Event> breaches;
  // When the next one is due that is not among them.
  absl::Time next = absl::InfiniteFuture();
};

// Due times before `now`, in their order.
StatusOr<Alarms> AlarmsBefore(const engine::PartitionView& view, absl::Time now, size_t most) {
  Alarms alarms;
  CaseClocks row;
  ASSIGN_OR_RETURN(const auto cursor, view.Scan(ClockView::kName, clock::ClockAlarms::kName, {}, {}));
  for (; cursor->Valid(); cursor->Next()) {
    std::string_view key = cursor->key();
    std::string case_id, clock_id;
    int32_t run = 0;
    if (!codec::TakePart(key, &alarms.next) || !codec::TakePart(key, &case_id) || !codec::TakePart(key, &clock_id) ||
        !codec::TakePart(key, &run))
      return DataLoss("a key of the view clock in partition {} cannot be read; rebuild the view", view.partition());
    if (alarms.next >= now || alarms.breaches.size() == most) return alarms;
    RETURN_IF_ERROR(ReadCase(view, cursor->value(), &row));
    const auto* missed = clock::FindClock(row, clock_id, run);
    if (missed == nullptr)
      return DataLoss("clock {} of case {} is in an index and not in its row; rebuild the view", clock_id, case_id);
    alarms.breaches.push_back(clock::BreachOf(row, *missed));
  }
  alarms.next = absl::InfiniteFuture();
  RETURN_IF_ERROR(cursor->status());
  return alarms;
}

}  // namespace

ClockKeeper::ClockKeeper(const DutyContext& context, size_t max_batch)
    : Duty(context),
      max_batch_(max_batch),
      writer_(this->context(), std::string(ClockView::kName)),
      standing_(admin::v1::DUTY_KIND_CLOCKS, partitions()) {}

std::vector<std::string> ClockKeeper::views() const { return {std::string(ClockView::kName)}; }

StatusOr<absl::Time> ClockKeeper::Step() {
  return KeepEach(partitions(), writer_, standing_, [this](Partition partition) { return Keep(partition); });
}

StatusOr<absl::Time> ClockKeeper::Keep(Partition partition) {
  // Something of it is on its way, and wakes the duty when it is through.
  if (!writer_.Ready(partition)) return absl::InfiniteFuture();
  const absl::Time now = Now();
  const auto view = engine().At(partition);
  ASSIGN_OR_RETURN(std::vector<Event> facts, PendingFacts(*view, max_batch_));
  ASSIGN_OR_RETURN(Alarms alarms, AlarmsBefore(*view, now, max_batch_));
  const size_t found = facts.size() + alarms.breaches.size();
  const size_t for_alarms = std::min(alarms.breaches.size(), max_batch_ - std::min(facts.size(), max_batch_ / 2));
  facts.resize(std::min(facts.size(), max_batch_ - for_alarms));
  std::move(alarms.breaches.begin(), alarms.breaches.begin() + static_cast<ptrdiff_t>(for_alarms),
            std::back_inserter(facts));
  const absl::Time last_due = for_alarms == 0 ? now : FromProto(facts.back().occurred_at());
  standing_.Change(partition, [&](admin::v1::Duty& duty) {
    duty.set_waiting(static_cast<int64_t>(found));
    duty.clear_next_at();
    if (alarms.next != absl::InfiniteFuture()) *duty.mutable_next_at() = ToProto(alarms.next);
    if (for_alarms > 0) duty.set_last_late_millis(absl::ToInt64Milliseconds(now - last_due));
  });
  RETURN_IF_ERROR(writer_.Write(partition, facts));
  // What waits is looked for when the view has passed this batch. A due time has passed only after it.
  return facts.empty() ? alarms.next + absl::Microseconds(1) : absl::InfiniteFuture();
}

}  // namespace kefu::duties
