#pragma once

// One client's events, being made up.

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <string>
#include <string_view>
#include <vector>

#include "kefu/events/v1/event.pb.h"
#include "services/cli/demo/random.h"

namespace kefu::cli {

// What happens at the branch is in its own time, which has no summer: UTC+8.
absl::Time AtBranch(absl::CivilDay day, int64_t minute_of_day);

// Monday to Friday.
bool IsWorkday(absl::CivilDay day);
// `count` working days after `day`.
absl::CivilDay AddWorkdays(absl::CivilDay day, int64_t count);

// Operation: events are added with times of their own, in any order; what lies after the end of the sample is dropped,
//   so a case whose life is added in order stays a valid beginning of one.
class History {
 public:
  History(std::string client_id, absl::Time end, uint64_t seed)
      : client_id_(std::move(client_id)), end_(end), seed_(seed) {}

  const std::string& client_id() const { return client_id_; }
  absl::Time end() const { return end_; }

  // A new event by a member of staff (or the client itself, if `staff` is empty); the caller fills its body at once.
  // After the end it is a scratch event that nobody sees.
  events::v1::Event& Add(absl::Time at, std::string_view source, const std::string& staff);

  std::vector<events::v1::Event> Take() { return std::move(events_); }

 private:
  const std::string client_id_;
  const absl::Time end_;
  const uint64_t seed_;
  int64_t number_ = 0;
  std::vector<events::v1::Event> events_;
  events::v1::Event scratch_;
};

void SetCode(std::string_view scheme, std::string_view value, events::v1::Code* code);

// Adds a contact and returns its id.
std::string AddContact(DemoRandom& random, History& history, absl::Time at, events::v1::Channel channel,
                       events::v1::Direction direction, std::string_view topic, const std::string& case_id);

// Adds the whole life of one complaint or service request, beginning in office hours of `day`.
void AddComplaint(DemoRandom& random, History& history, absl::CivilDay day, int64_t number);
void AddRequest(DemoRandom& random, History& history, absl::CivilDay day, int64_t number);

}  // namespace kefu::cli
