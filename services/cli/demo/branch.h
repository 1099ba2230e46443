#pragma once

// A believable securities branch: clients, contacts over all channels, complaints and service requests with whole
// lives, on weekdays and in office hours. For trying Kefu out; nobody in it is real.

#include <absl/time/civil_time.h>

#include <cstdint>
#include <vector>

#include "kefu/events/v1/event.pb.h"

namespace kefu::cli {

struct DemoOptions {
  uint64_t seed = 7;
  int64_t clients = 500;
  int64_t days = 90;
  // The first day.
  absl::CivilDay from = absl::CivilDay(2025, 9, 1);
};

// All events in the order of their times. The same options give the same events, byte for byte, on every machine; all
// of them are allowed by the life cycles.
//
// Limitations: holds all events, about half a kilobyte and forty events a client.
std::vector<events::v1::Event> MakeBranch(const DemoOptions& options);

}  // namespace kefu::cli
