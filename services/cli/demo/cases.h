#pragma once

// Complaints and service requests of a sample, from the first word to the last.

#include <absl/time/civil_time.h>

#include "services/cli/demo/history.h"
#include "services/cli/demo/random.h"

namespace kefu::cli {

// Adds the whole life of one complaint or service request, beginning in office hours of `day`.
void AddComplaint(DemoRandom& random, History& history, absl::CivilDay day);
void AddRequest(DemoRandom& random, History& history, absl::CivilDay day);

// The complaint of one of many about the outage of that day: each a case, joined by a matter.
void AddOutageComplaint(DemoRandom& random, History& history, absl::CivilDay day);

}  // namespace kefu::cli
