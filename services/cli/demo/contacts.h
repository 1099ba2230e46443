#pragma once

// What passes between a client and the firm in a sample, and what follows from it: promises, call-backs, ratings.

#include <absl/time/time.h>

#include <string>
#include <string_view>

#include "services/cli/demo/history.h"
#include "services/cli/demo/random.h"

namespace kefu::cli {

struct Approach {
  // When it ends.
  absl::Time at;
  events::v1::Channel channel = events::v1::CHANNEL_PHONE;
  events::v1::Direction direction = events::v1::DIRECTION_INBOUND;
  std::string_view topic;
  // Outbound: why. "legal" may come at any hour and on any channel.
  std::string_view purpose = "service";
  std::string case_id;
  std::string call_back_id;
  // Who speaks for the firm; empty: someone who fits.
  std::string staff;
};

// What became of an approach. `id` is empty if the client does not want it, and nothing was recorded.
struct Met {
  std::string id;
  std::string staff;
  // When it was over: later than asked for if the client's quiet hours lay in between.
  absl::Time at;
  bool answered = false;
};

Met AddContact(DemoRandom& random, History& history, const Approach& approach);

// A contact of a usual day, with what it leads to.
void AddDailyContact(DemoRandom& random, History& history, absl::CivilDay day, bool inbound);

// A call-back of a programme: "new_account", "yearly_sample", "complaint", "asked_for". Planned at `at`, made on one of
// the next working days, by someone who neither serves nor sells to the client unless the client asked for it.
void AddCallBack(DemoRandom& random, History& history, absl::Time at, std::string_view programme,
                 const std::string& contact_id, const std::string& case_id);

// What the client thinks of a contact or a case, if it says so: more often something good than not.
void AddRating(DemoRandom& random, History& history, absl::Time at, const std::string& contact_id,
               const std::string& case_id);

}  // namespace kefu::cli
