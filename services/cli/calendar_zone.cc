#include "services/cli/calendar_zone.h"

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include "platform/base/time.h"

namespace kefu::cli {

Status ExpandZone(events::v1::CalendarPublished* calendar) {
  auto* offsets = calendar->mutable_zone();
  if (offsets->name().empty() || offsets->offset_seconds() != 0 || !offsets->shifts().empty()) return OkStatus();
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(offsets->name(), &zone))
    return InvalidArgument(
        "zone.name \"{}\" is no zone that this machine knows (package tzdata); name one such as Asia/Shanghai, or give "
        "offset_seconds and shifts",
        offsets->name());
  if (!calendar->has_covers_from() || !calendar->has_covers_until())
    return InvalidArgument("covers_from and covers_until: needed to look up the shifts of \"{}\"", offsets->name());
  const absl::Time from = zone.At(absl::CivilSecond(calendar->covers_from().year(), 1, 1)).pre;
  const absl::Time until = zone.At(absl::CivilSecond(calendar->covers_until().year() + 1, 1, 1)).post;
  int offset = zone.At(from).offset;
  offsets->set_offset_seconds(offset);
  absl::TimeZone::CivilTransition transition;
  for (absl::Time at = from; zone.NextTransition(at, &transition);) {
    // Of a time that is there twice or never, `trans` is the instant of the shift; else it is the time itself.
    at = zone.At(transition.to).trans;
    if (at >= until) break;
    if (zone.At(at).offset == offset) continue;
    offset = zone.At(at).offset;
    auto* shift = offsets->add_shifts();
    *shift->mutable_at() = ToProto(at);
    shift->set_offset_seconds(offset);
  }
  return OkStatus();
}

}  // namespace kefu::cli
