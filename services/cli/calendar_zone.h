#pragma once

#include "kefu/events/v1/calendar.pb.h"
#include "platform/base/status.h"

namespace kefu::cli {

// A calendar that names an IANA zone and no offsets gets them from this machine's time zone files: the offset before
// the first covered year, and every shift up to the end of the last one. One that has offsets is left as it is.
// kInvalidArgument: there is no such zone, or no days are covered.
Status ExpandZone(events::v1::CalendarPublished* calendar);

}  // namespace kefu::cli
