// Which contacts the firm may make: testdata/contacts.txt through admission, and the moment waiting helps.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "platform/base/time.h"
#include "platform/testkit/memory_stage.h"
#include "projections/admission/admission.h"
#include "projections/admission/rules.h"
#include "projections/admission/rules_table_testing.h"
#include "projections/admission/tables.h"
#include "projections/sdk/branch_time.h"
#include "projections/sdk/contact_rules.h"

namespace kefu::admission {
namespace {

using events::v1::Channel;
using events::v1::Consent;
using events::v1::Event;
using events::v1::ServiceConfiguration;
using sdk::ContactRefusal;

constexpr char kContacts[] = "projections/admission/testdata/contacts.txt";

absl::Time At(const std::string& text) {
  const auto time = ParseRfc3339(text);
  EXPECT_TRUE(time.ok()) << text;
  return *time;
}

Channel ChannelOf(std::string name) {
  for (char& c : name) c = static_cast<char>(c - (c >= 'a' && c <= 'z' ? 'a' - 'A' : 0));
  Channel channel = events::v1::CHANNEL_UNSPECIFIED;
  EXPECT_TRUE(events::v1::Channel_Parse("CHANNEL_" + name, &channel)) << name;
  return channel;
}

std::vector<std::string> Split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, at);)
    if (!part.empty()) parts.push_back(part);
  return parts;
}

int MinuteOf(const std::string& hour) { return std::stoi(hour.substr(0, 2)) * 60 + std::stoi(hour.substr(3, 2)); }

// "marketing@2026-02-10T08:00:00Z/sms,email"
Consent ConsentOf(bool given, const std::string& text) {
  Consent consent;
  consent.set_given(given);
  const auto with_channels = Split(text, '/');
  const auto with_since = Split(with_channels[0], '@');
  consent.set_purpose(with_since[0]);
  if (with_since.size() > 1) *consent.mutable_since() = ToProto(At(with_since[1]));
  if (with_channels.size() > 1)
    for (const auto& name : Split(with_channels[1], ',')) consent.add_channels(ChannelOf(name));
  return consent;
}

// What the wishes of a line say at once, and what is changed later.
struct Wishes {
  ServiceConfiguration configuration;
  std::vector<Consent> changes;
};

Wishes WishesOf(const std::string& text) {
  Wishes wishes;
  for (const std::string& word : Split(text, ' ')) {
    const size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const std::string value = word.substr(equals + 1);
    if (name == "allow") {
      for (const auto& channel : Split(value, ',')) wishes.configuration.add_allowed_channels(ChannelOf(channel));
    } else if (name == "quiet") {
      auto& hours = *wishes.configuration.add_quiet_hours();
      hours.set_from_minute(MinuteOf(value));
      hours.set_to_minute(MinuteOf(value.substr(6)));
    } else if (name == "no" || name == "yes") {
      *wishes.configuration.add_consents() = ConsentOf(name == "yes", value);
    } else {
      EXPECT_TRUE(name == "+no" || name == "+yes") << word;
      wishes.changes.push_back(ConsentOf(name == "+yes", value));
    }
  }
  return wishes;
}

// A partition in which units and calendars are known.
class Office {
 public:
  Office() : stage_(State()) {
    Publish("tw", 28'800, {});
    Publish("ny", -18'000, {{"2026-03-08T07:00:00Z", -14'400}, {"2026-11-01T06:00:00Z", -18'000}});
    Unit("tw", "", "tw");
    Unit("ny", "", "ny");
    Unit("ny.team", "ny", "");
    Unit("plain", "", "");
    for (int i = 1; i <= 17; ++i)
      Unit(fmt::format("deep{}", i), i == 1 ? "" : fmt::format("deep{}", i - 1), i == 1 ? "ny" : "");
  }

  std::string Judge(Event event) {
    event.set_event_id(fmt::format("e-{}", next_));
    if (!event.has_occurred_at()) *event.mutable_occurred_at() = ToProto(testkit::Beginning());
    stage_.Begin();
    const std::string bytes = testkit::Recorded(event, testkit::Beginning());
    const auto verdict = admission::Judge({&event, bytes, Partition(0), Offset(next_++), testkit::Beginning()}, stage_);
    return verdict.outcome() == events::v1::VERDICT_OUTCOME_APPLIED ? "applied" : verdict.rule();
  }
  void Apply(const Event& event) { EXPECT_EQ(Judge(event), "applied") << event.ShortDebugString(); }

 private:
  void Publish(const std::string& id, int offset, const std::vector<std::pair<std::string, int>>& shifts) {
    Event event;
    auto& calendar = *event.mutable_calendar_published();
    calendar.set_calendar_id(id);
    calendar.set_version(1);
    calendar.set_kind(events::v1::CALENDAR_KIND_BUSINESS);
    calendar.mutable_zone()->set_offset_seconds(offset);
    for (const auto& [at, then] : shifts) {
      auto& shift = *calendar.mutable_zone()->add_shifts();
      *shift.mutable_at() = ToProto(At(at));
      shift.set_offset_seconds(then);
    }
    auto& day = *calendar.add_week();
    day.set_weekday(events::v1::WEEKDAY_MONDAY);
    day.add_spans()->set_until_minute(60);
    for (auto* date : {calendar.mutable_covers_from(), calendar.mutable_covers_until()}) {
      date->set_year(2026);
      date->set_month(1);
      date->set_day(1);
    }
    Apply(event);
  }
  void Unit(const std::string& id, const std::string& parent, const std::string& calendar) {
    Event event;
    event.mutable_unit_published()->set_unit_id(id);
    event.mutable_unit_published()->set_parent_unit_id(parent);
    event.mutable_unit_published()->set_calendar_id(calendar);
    Apply(event);
  }

  testkit::MemoryStage stage_;
  int64_t next_ = 0;
};

Event OfClient() {
  Event event;
  event.set_client_id("C-1");
  return event;
}

// "phone out marketing 2026-03-03T12:00:00+08:00"
Event ContactOf(const std::string& unit, const std::string& text) {
  const auto words = Split(text, ' ');
  Event event = OfClient();
  event.set_branch_id(unit);
  auto& contact = *event.mutable_contact_recorded();
  contact.set_channel(ChannelOf(words[0]));
  contact.set_direction(words[1] == "out" ? events::v1::DIRECTION_OUTBOUND : events::v1::DIRECTION_INBOUND);
  if (words[2] != "-") contact.set_purpose(words[2]);
  if (words[3].front() == '~') {
    *event.mutable_occurred_at() = ToProto(At(words[3].substr(1)));
  } else {
    *contact.mutable_started_at() = ToProto(At(words[3]));
    // Recorded much later, in the night: the start must count.
    *event.mutable_occurred_at() = ToProto(At("2026-12-24T23:30:00+08:00"));
  }
  return event;
}

TEST(Contacts, EveryLineAsItSays) {
  for (const auto& [number, text] : LinesOf(kContacts)) {
    SCOPED_TRACE(fmt::format("{}:{}", kContacts, number));
    const auto columns = ColumnsOf(text);
    ASSERT_EQ(columns.size(), 5u);
    Office office;
    if (columns[1] != "unregistered") {
      Event registered = OfClient();
      registered.mutable_client_registered();
      office.Apply(registered);
    }
    if (columns[1] != "unregistered" && columns[1] != "-") {
      const Wishes wishes = WishesOf(columns[1]);
      const absl::Time told = At("2026-03-02T00:00:00Z");
      Event configured = OfClient();
      *configured.mutable_occurred_at() = ToProto(told);
      *configured.mutable_service_configuration_changed()->mutable_configuration() = wishes.configuration;
      office.Apply(configured);
      for (const Consent& change : wishes.changes) {
        Event changed = OfClient();
        *changed.mutable_occurred_at() = ToProto(told + absl::Minutes(1));
        *changed.mutable_consent_changed()->mutable_consent() = change;
        office.Apply(changed);
      }
    }
    // What was told before the version was adopted counts after it.
    if (columns[0] == "2") {
      Event adopted;
      adopted.mutable_rules_version_adopted()->set_version(2);
      office.Apply(adopted);
    }
    EXPECT_EQ(office.Judge(ContactOf(columns[2], columns[3])), columns[4]);
  }
}

TEST(Contacts, AConfigurationReplacesAllThatWasThere) {
  Office office;
  Event adopted;
  adopted.mutable_rules_version_adopted()->set_version(2);
  office.Apply(adopted);
  Event registered = OfClient();
  registered.mutable_client_registered();
  office.Apply(registered);
  const auto configure = [&](const std::string& wishes) {
    Event event = OfClient();
    *event.mutable_service_configuration_changed()->mutable_configuration() = WishesOf(wishes).configuration;
    office.Apply(event);
  };
  const auto judge = [&](const std::string& contact) { return office.Judge(ContactOf("", contact)); };
  configure("no=marketing allow=phone quiet=00:00-23:59");
  EXPECT_EQ(judge("phone out marketing 2026-03-03T12:00:00+08:00"), "consent_withdrawn");
  EXPECT_EQ(judge("app out service 2026-03-03T12:00:00+08:00"), "channel_not_allowed");
  EXPECT_EQ(judge("phone out service 2026-03-03T12:00:00+08:00"), "contact_in_quiet_hours");
  configure("yes=profiling");
  EXPECT_EQ(judge("phone out marketing 2026-03-03T12:00:00+08:00"), "applied");
  EXPECT_EQ(judge("app out service 2026-03-03T12:00:00+08:00"), "applied");
}

TEST(ContactRules, NamesAreThoseOfTheVerdicts) {
  EXPECT_EQ(sdk::NameOf(ContactRefusal::kConsentWithdrawn), NameOf(Rule::kConsentWithdrawn));
  EXPECT_EQ(sdk::NameOf(ContactRefusal::kChannelNotAllowed), NameOf(Rule::kChannelNotAllowed));
  EXPECT_EQ(sdk::NameOf(ContactRefusal::kInQuietHours), NameOf(Rule::kContactInQuietHours));
  EXPECT_EQ(sdk::NameOf(ContactRefusal::kNone), NameOf(Rule::kNone));
}

TEST(ContactRules, WaitingHelpsAgainstQuietHoursOnly) {
  const auto branch = [](absl::Time) { return sdk::kBranchOffsetSeconds; };
  const auto new_york = [](absl::Time time) {
    return time < At("2026-03-08T07:00:00Z") || time >= At("2026-11-01T06:00:00Z") ? -18'000 : -14'400;
  };
  const auto from = [](const std::string& wishes, const std::string& at, sdk::OffsetAt offset) {
    const auto limits = sdk::ContactLimitsOf(WishesOf(wishes).configuration, ToProto(At("2026-01-01T00:00:00Z")));
    const auto allowed = sdk::AllowedFrom(limits, {events::v1::CHANNEL_PHONE, "marketing", At(at)}, offset);
    return allowed ? FormatRfc3339(*allowed) : "never";
  };
  EXPECT_EQ(from("quiet=22:00-07:00", "2026-03-03T12:00:07Z", branch), "2026-03-03T12:00:07Z");
  EXPECT_EQ(from("quiet=22:00-07:00", "2026-03-03T15:30:07.5Z", branch), "2026-03-03T23:00:00Z");
  EXPECT_EQ(from("quiet=22:00-07:00 quiet=07:00-09:00", "2026-03-03T15:30:00Z", branch), "2026-03-04T01:00:00Z");
  EXPECT_EQ(from("quiet=00:00-12:00 quiet=12:00-00:00", "2026-03-03T15:30:00Z", branch), "never");
  EXPECT_EQ(from("no=marketing", "2026-03-03T15:30:00Z", branch), "never");
  EXPECT_EQ(from("allow=app", "2026-03-03T15:30:00Z", branch), "never");
  EXPECT_EQ(from("quiet=22:00-07:00 no=marketing@2026-03-03T20:00:00Z", "2026-03-03T15:30:00Z", branch), "never");
  // 23:00 there; the night of the shift is an hour shorter, the one in autumn an hour longer.
  EXPECT_EQ(from("quiet=22:00-07:00", "2026-03-08T04:00:00Z", new_york), "2026-03-08T11:00:00Z");
  EXPECT_EQ(from("quiet=22:00-07:00", "2026-11-01T03:00:00Z", new_york), "2026-11-01T12:00:00Z");
  // Quiet until a moment that the clock on the wall never shows.
  EXPECT_EQ(from("quiet=01:00-02:30", "2026-03-08T06:30:00Z", new_york), "2026-03-08T07:00:00Z");
}

TEST(ContactRules, UntilThenEveryMomentIsRefused) {
  const uint64_t seed = 20260302;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  int waited = 0;
  for (int round = 0; round < 300; ++round) {
    ServiceConfiguration limits;
    for (uint64_t i = random() % 4; i > 0; --i) {
      auto& hours = *limits.add_quiet_hours();
      hours.set_from_minute(static_cast<int>(random() % 1440));
      hours.set_to_minute(static_cast<int>(random() % 1440));
    }
    const absl::Time shift = testkit::Beginning() + absl::Minutes(random() % 2000);
    const auto offset = [&](absl::Time time) { return time < shift ? -12'600 : static_cast<int32_t>(round * 17); };
    const sdk::PlannedContact contact{events::v1::CHANNEL_APP, "",
                                      testkit::Beginning() + absl::Milliseconds(random() % 100'000'000)};
    const auto allowed = sdk::AllowedFrom(limits, contact, offset);
    if (allowed) {
      EXPECT_EQ(sdk::RefusalOf(limits, {contact.channel, "", *allowed}, offset), ContactRefusal::kNone) << round;
    }
    const absl::Time end = allowed.value_or(contact.at + absl::Hours(48));
    waited += end > contact.at ? 1 : 0;
    const auto span = static_cast<uint64_t>(absl::ToInt64Microseconds(end - contact.at));
    for (int probe = 0; probe < 50 && span > 0; ++probe) {
      const absl::Time at = contact.at + absl::Microseconds(random() % span);
      // A zone that shifts within a minute shows what is left of it; the answer is to the minute.
      if (at - shift >= absl::ZeroDuration() && at - shift < absl::Minutes(1)) continue;
      ASSERT_EQ(sdk::RefusalOf(limits, {contact.channel, "", at}, offset), ContactRefusal::kInQuietHours)
          << round << " " << FormatRfc3339(at);
    }
  }
  EXPECT_GT(waited, 50);
}

TEST(ContactRules, ConsentsAreBounded) {
  ServiceConfiguration configuration;
  for (int i = 0; i < 3 * sdk::kConsentsKept; ++i) {
    Consent consent;
    consent.set_purpose(fmt::format("purpose-{}", i));
    sdk::TakeConsent(consent, ToProto(testkit::Beginning()), &configuration);
  }
  ASSERT_EQ(configuration.consents_size(), sdk::kConsentsKept);
  EXPECT_EQ(configuration.consents(sdk::kConsentsKept - 1).purpose(), "purpose-299");
  EXPECT_EQ(FromProto(configuration.consents(0).since()), testkit::Beginning());
}

}  // namespace
}  // namespace kefu::admission
