#include "services/cli/demo/history.h"

#include <fmt/format.h>

#include "platform/base/time.h"
#include "services/cli/demo/people.h"

namespace kefu::cli {

using events::v1::Event;

absl::Time AtBranch(absl::CivilDay day, int64_t minute_of_day) {
  return absl::FromCivil(day, absl::FixedTimeZone(8 * 3600)) + absl::Minutes(minute_of_day);
}

bool IsWorkday(absl::CivilDay day) {
  const absl::Weekday weekday = absl::GetWeekday(day);
  return weekday != absl::Weekday::saturday && weekday != absl::Weekday::sunday;
}

absl::CivilDay AddWorkdays(absl::CivilDay day, int64_t count) {
  while (count > 0)
    if (IsWorkday(++day)) --count;
  return day;
}

Event& History::Add(absl::Time at, std::string_view source, const std::string& staff) {
  Event& event = at < end_ ? events_.emplace_back() : scratch_;
  event.Clear();
  event.set_event_id(fmt::format("demo-{}-{}-{:04}", seed_, client_id_, ++number_));
  event.set_client_id(client_id_);
  *event.mutable_occurred_at() = ToProto(at);
  event.set_source(std::string(source));
  auto& actor = *event.mutable_actor();
  actor.set_kind(staff.empty() ? events::v1::ACTOR_KIND_CLIENT : events::v1::ACTOR_KIND_STAFF);
  actor.set_id(staff.empty() ? client_id_ : staff);
  event.set_branch_id("0001");
  event.set_imported(true);
  return event;
}

void SetCode(std::string_view scheme, std::string_view value, events::v1::Code* code) {
  code->set_scheme(std::string(scheme));
  code->set_value(std::string(value));
}

std::string AddContact(DemoRandom& random, History& history, absl::Time at, events::v1::Channel channel,
                       events::v1::Direction direction, std::string_view topic, const std::string& case_id) {
  using namespace events::v1;
  const bool alone = channel == CHANNEL_IVR || channel == CHANNEL_SELF_SERVICE;
  const bool spoken = channel == CHANNEL_PHONE || channel == CHANNEL_COUNTER || channel == CHANNEL_VISIT;
  const bool outbound = direction == DIRECTION_OUTBOUND;
  const std::string staff = alone ? "" : outbound || random.Chance(300) ? MakeBroker(random) : MakeAgent(random);
  static constexpr std::array<std::string_view, 3> kSources = {"cti", "app", "crm"};
  const std::string_view source = channel == CHANNEL_PHONE || channel == CHANNEL_IVR ? kSources[0]
                                  : spoken || outbound                               ? kSources[2]
                                                                                     : kSources[1];
  Event& event = history.Add(at, source, outbound ? staff : "");
  auto& contact = *event.mutable_contact_recorded();
  contact.set_contact_id("t-" + event.event_id().substr(5));
  contact.set_channel(channel);
  contact.set_direction(direction);
  SetCode("kefu.topic", topic, contact.mutable_topic());
  const bool answered = !outbound || channel != CHANNEL_PHONE || random.Chance(720);
  SetCode("kefu.outcome",
          !answered            ? "no_answer"
          : random.Chance(120) ? "promised_callback"
          : random.Chance(80)  ? "forwarded"
                               : "answered",
          contact.mutable_outcome());
  if (answered && (spoken || alone)) {
    const int64_t seconds = channel == CHANNEL_VISIT ? random.Between(900, 4500) : random.Between(25, 900);
    contact.mutable_duration()->set_seconds(seconds);
    *contact.mutable_started_at() = ToProto(at - absl::Seconds(seconds));
  }
  contact.set_staff_id(staff);
  contact.set_case_id(case_id);
  return contact.contact_id();
}

}  // namespace kefu::cli
