#include "services/clock/switch_teller.h"

#include "platform/event/broadcast.h"

namespace kefu::duties {

SwitchTeller::SwitchTeller(const DutyContext& context)
    : Duty(context), writer_(this->context(), "journal"), standing_(admin::v1::DUTY_KIND_SWITCHES, 1) {}

StatusOr<absl::Time> SwitchTeller::Step() {
  const Partition home = event::kHomeOfLogFacts;
  if (!writer_.Ready(home)) return absl::InfiniteFuture();
  if (!writer_.LastFailed(home))
    for (const std::string& id : written_) RETURN_IF_ERROR(engine().SwitchIsTold(id));
  written_.clear();
  const std::vector<events::v1::Event> events = engine().SwitchesToTell();
  standing_.Change(home, [&](admin::v1::Duty& duty) {
    duty.set_waiting(static_cast<int64_t>(events.size()));
    duty.set_written(writer_.Written(home));
    duty.set_trouble(writer_.Trouble(home));
  });
  RETURN_IF_ERROR(writer_.Write(home, events));
  for (const auto& event : events) written_.push_back(event.event_id());
  return absl::InfiniteFuture();
}

}  // namespace kefu::duties
