#pragma once

#include <cstdint>
#include <vector>

#include "kefu/events/v1/event.pb.h"

namespace kefu::testkit {

struct HistoryOptions {
  uint64_t seed = 1;
  int clients = 20;
  int events = 1000;
  // Out of 100: exact repeats of an earlier event, and events that admission must refuse (wrong state, unknown case,
  // other client's case, reused id, stale precondition).
  int repeats = 4;
  int wrong = 8;
  // Out of 100, none if not asked for: promises and call-backs; next actions, answers, matters, referrals and facts
  // about clocks.
  int undertakings = 0;
  int case_facts = 0;
};

// A made-up history of one partition: registrations, profiles, contacts, offers, complaints and requests through their
// whole lives, a few clients far busier than the rest, Chinese and Latin names, late arrivals. Same options, same
// events, on every machine. Events have ids and times, no recorded_at.
std::vector<events::v1::Event> RandomHistory(const HistoryOptions& options);

}  // namespace kefu::testkit
