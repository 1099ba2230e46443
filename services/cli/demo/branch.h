#pragma once

// A believable securities firm with three branches: clients, contacts over all channels, complaints and service requests
// with whole lives, trades and assets, on working days and in office hours. For trying Kefu out; nobody in it is real.

#include <absl/time/civil_time.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "kefu/events/v1/event.pb.h"
#include "platform/base/status.h"

namespace kefu::cli {

struct DemoOptions {
  uint64_t seed = 7;
  int64_t clients = 500;
  int64_t days = 90;
  // The first day.
  absl::CivilDay from = absl::CivilDay(2025, 9, 1);
};

// How the correlation id of an event begins that the rules refuse, on purpose; the rule's name follows.
inline constexpr std::string_view kAttempt = "attempt/";
// That name; empty for the others, which are all applied.
std::string_view ExpectedRule(const events::v1::Event& event);

// After this one, of `events`, all partitions must have what is broadcast before the next is sent: it is reference data,
// the last of what head office says of a broker that leaves.
inline bool IsAwaited(const events::v1::Event& event) { return event.has_service_levels_published(); }

struct Branch {
  // Rules, calendars, units, codes, policies: the same whatever the options. All partitions must have them before
  // anything else comes, or the first cases are judged without them.
  std::vector<events::v1::Event> reference;
  // In the order of their times.
  std::vector<events::v1::Event> events;
};

// The same options give the same events, byte for byte, on every machine.
//
// Limitations: holds all events, about half a kilobyte and sixty events a client.
Branch MakeBranch(const DemoOptions& options);

}  // namespace kefu::cli
