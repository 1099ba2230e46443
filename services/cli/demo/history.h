#pragma once

// One client's events, being made up.

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kefu/events/v1/event.pb.h"
#include "services/cli/demo/fate.h"
#include "services/cli/demo/manners.h"
#include "services/cli/demo/office.h"
#include "services/cli/demo/random.h"

namespace kefu::cli {

// Operation: events are added with times of their own, in any order; what lies after the end of the sample is dropped,
//   so a case whose life is added in order stays a valid beginning of one.
class History {
 public:
  History(std::string client_id, const Office& office, absl::Time end, uint64_t seed)
      : client_id_(std::move(client_id)), office_(office), end_(end), seed_(seed) {}

  const std::string& client_id() const { return client_id_; }
  const Office& office() const { return office_; }
  absl::Time end() const { return end_; }

  // What the rest of the story goes by; set when the client is registered.
  Manners manners;
  Fate fate;
  std::string broker = "B-01";
  // Who may be met besides the client; empty where nobody is known.
  events::v1::Attendee companion;

  // A new event by a member of staff (or the client itself, if `staff` is empty); the caller fills its body at once.
  // After the end it is a scratch event that nobody sees.
  events::v1::Event& Add(absl::Time at, std::string_view source, const std::string& staff);
  // The same, told by a system.
  events::v1::Event& AddBySystem(absl::Time at, std::string_view source);

  // "P-00021-3": the next id with this prefix.
  std::string NewId(std::string_view prefix);

  std::vector<events::v1::Event> Take() { return std::move(events_); }

 private:
  const std::string client_id_;
  const Office& office_;
  const absl::Time end_;
  const uint64_t seed_;
  int64_t number_ = 0;
  std::map<std::string, int64_t, std::less<>> ids_;
  std::vector<events::v1::Event> events_;
  events::v1::Event scratch_;
};

void SetCode(std::string_view scheme, std::string_view value, events::v1::Code* code);
void SetMoney(const History& history, int64_t minor_units, events::v1::Money* money);
void SetDate(absl::CivilDay day, events::v1::CalendarDate* date);
// A file that is kept elsewhere, named after `id`.
void SetEvidence(std::string_view id, std::string_view media_type, events::v1::Evidence* evidence);

}  // namespace kefu::cli
