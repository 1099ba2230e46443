#pragma once

#include <absl/time/civil_time.h>

#include <vector>

#include "kefu/events/v1/event.pb.h"
#include "services/cli/demo/branch.h"
#include "services/cli/demo/manners.h"
#include "services/cli/demo/office.h"

namespace kefu::cli {

// What a client became, and what others have to know of it to write about several of them.
struct Told {
  std::vector<events::v1::Event> events;
  bool organisation = false;
  absl::CivilDay registered;
  absl::CivilDay leaves;
  Manners manners;
};

// "C-00021".
std::string ClientIdOf(int64_t number);

// Makes up the whole history of the client with this number, from 1. Each client has a seed of its own: more clients
// do not change those that were there. On the day `outage` nobody could trade, at any branch.
Told TellStory(const DemoOptions& options, const Office& office, absl::CivilDay outage, int64_t number);

// The client whose second record the one with this number is; 0 for all but one.
int64_t SecondRecordOf(int64_t number);

}  // namespace kefu::cli
