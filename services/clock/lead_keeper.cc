#include "services/clock/lead_keeper.h"

#include <algorithm>

#include "platform/base/time.h"
#include "platform/codec/key.h"
#include "projections/lead/escalation.h"
#include "projections/lead/lead.h"

namespace kefu::duties {

namespace {

using events::v1::Event;
using lead::LeadView;

struct Passed {
  std::vector<Event> escalations;
  // When the next one is due that is not among them.
  absl::Time next = absl::InfiniteFuture();
};

// Due times before `now`, in their order.
StatusOr<Passed> PassedBefore(const engine::PartitionView& view, absl::Time now, size_t most) {
  Passed passed;
  query::v1::Lead row;
  ASSIGN_OR_RETURN(const auto cursor, view.Scan(LeadView::kName, lead::LeadsByDue::kName, {}, {}));
  for (; cursor->Valid(); cursor->Next()) {
    std::string_view key = cursor->key();
    if (!codec::TakePart(key, &passed.next))
      return DataLoss("a key of the view lead in partition {} cannot be read; rebuild the view", view.partition());
    if (passed.next >= now || passed.escalations.size() == most) return passed;
    store::PinnedValue stored;
    ASSIGN_OR_RETURN(const bool found, view.Get(LeadView::kName, lead::Leads::kName, cursor->value(), &stored));
    if (!found || !row.ParseFromArray(stored.view().data(), static_cast<int>(stored.view().size())))
      return DataLoss("a lead in partition {} is {}; rebuild the view", view.partition(),
                      found ? "not readable" : "in an index and not in its table");
    passed.escalations.push_back(lead::EscalationOf(row));
  }
  passed.next = absl::InfiniteFuture();
  RETURN_IF_ERROR(cursor->status());
  return passed;
}

}  // namespace

LeadKeeper::LeadKeeper(const DutyContext& context, size_t max_batch)
    : Duty(context),
      max_batch_(max_batch),
      writer_(this->context(), std::string(LeadView::kName)),
      standing_(admin::v1::DUTY_KIND_LEADS, partitions()) {}

std::vector<std::string> LeadKeeper::views() const { return {std::string(LeadView::kName)}; }

StatusOr<absl::Time> LeadKeeper::Step() {
  return KeepEach(partitions(), writer_, standing_, [this](Partition partition) { return Keep(partition); });
}

StatusOr<absl::Time> LeadKeeper::Keep(Partition partition) {
  // Something of it is on its way, and wakes the duty when it is through.
  if (!writer_.Ready(partition)) return absl::InfiniteFuture();
  const absl::Time now = Now();
  const auto view = engine().At(partition);
  ASSIGN_OR_RETURN(const Passed passed, PassedBefore(*view, now, max_batch_));
  standing_.Change(partition, [&](admin::v1::Duty& duty) {
    duty.set_waiting(static_cast<int64_t>(passed.escalations.size()));
    duty.clear_next_at();
    if (passed.next != absl::InfiniteFuture()) *duty.mutable_next_at() = ToProto(passed.next);
    if (!passed.escalations.empty())
      duty.set_last_late_millis(
          absl::ToInt64Milliseconds(now - FromProto(passed.escalations.back().occurred_at())));
  });
  RETURN_IF_ERROR(writer_.Write(partition, passed.escalations));
  // What waits is looked for when the view has passed this batch. A due time has passed only after it.
  return passed.escalations.empty() ? passed.next + absl::Microseconds(1) : absl::InfiniteFuture();
}

}  // namespace kefu::duties
