#include "services/query/check_contact.h"

#include "platform/base/time.h"
#include "services/query/query_testing.h"

namespace kefu::query {
namespace {

using namespace testkit;
using events::v1::Channel;
using query::v1::CheckContactResponse;

// 09:00 in Taipei.
constexpr auto kByPhone = events::v1::CHANNEL_PHONE;

class CheckContactTest : public testing::Test {
 protected:
  template <class... Drafts>
  void Given(const Drafts&... drafts) {
    (server_.Publish(drafts), ...);
    server_.CatchUp();
  }
  StatusOr<CheckContactResponse> Check(const std::string& client, Channel channel, const std::string& purpose,
                                       absl::Time at) {
    query::v1::CheckContactRequest request;
    request.set_name("clients/" + client);
    request.set_channel(channel);
    request.set_purpose(purpose);
    return CheckContact(server_.engine(), request, at);
  }
  std::string Rule(const std::string& client, Channel channel, const std::string& purpose, absl::Time at) {
    const auto response = Check(client, channel, purpose, at);
    EXPECT_TRUE(response.ok()) << ToString(response.status());
    if (!response.ok()) return "?";
    EXPECT_EQ(response->allowed(), response->rule().empty());
    EXPECT_FALSE(response->position().empty());
    return response->rule();
  }
  static Draft Quiet(int from, int to) {
    return Configured("gold").With([&](events::v1::Event& event) {
      auto* hours = event.mutable_service_configuration_changed()->mutable_configuration()->add_quiet_hours();
      hours->set_from_minute(from);
      hours->set_to_minute(to);
    });
  }

  const absl::Time day_ = absl::FromCivil(absl::CivilDay(2026, 3, 2), absl::UTCTimeZone()) - absl::Hours(8);
  QueryServer server_;
};

TEST_F(CheckContactTest, AClientWithoutLimitsMayBeContacted) {
  Given(Registered("王小明").Client("A"), Contacted(kByPhone, events::v1::DIRECTION_INBOUND).Client("B"));
  EXPECT_EQ(Rule("A", kByPhone, "marketing", day_), "");
  EXPECT_EQ(Rule("B", kByPhone, "", day_), "");
}

TEST_F(CheckContactTest, QuietHoursRefuseUntilTheirEndAndTheLawMayAlwaysCall) {
  Given(Registered("王小明").Client("A"), Quiet(22 * 60, 8 * 60).Client("A"));
  EXPECT_EQ(Rule("A", kByPhone, "", day_ + absl::Hours(8)), "");
  EXPECT_EQ(Rule("A", kByPhone, "", day_ + absl::Hours(22) - absl::Milliseconds(1)), "");
  const auto refused = Check("A", kByPhone, "", day_ + absl::Hours(22));
  ASSERT_TRUE(refused.ok());
  EXPECT_EQ(refused->rule(), "contact_in_quiet_hours");
  EXPECT_EQ(FromProto(refused->allowed_from()), day_ + absl::Hours(32));
  EXPECT_EQ(Rule("A", kByPhone, "legal", day_ + absl::Hours(23)), "");
}

TEST_F(CheckContactTest, TheBranchesCalendarSaysWhatTimeItIs) {
  Given(Registered("王小明").Client("A").Branch("0001"), Quiet(22 * 60, 8 * 60).Client("A"),
        Draft().Client("").With([](events::v1::Event& event) {
          auto* calendar = event.mutable_calendar_published();
          calendar->set_calendar_id("uk");
          calendar->set_version(1);
          calendar->set_kind(events::v1::CALENDAR_KIND_BUSINESS);
          calendar->mutable_zone()->set_offset_seconds(0);
          auto* weekday = calendar->add_week();
          weekday->set_weekday(events::v1::WEEKDAY_MONDAY);
          weekday->add_spans()->set_until_minute(600);
          calendar->mutable_covers_from()->set_year(2026);
          calendar->mutable_covers_from()->set_month(1);
          calendar->mutable_covers_from()->set_day(1);
          *calendar->mutable_covers_until() = calendar->covers_from();
          calendar->mutable_covers_until()->set_month(12);
        }),
        UnitTold("0001").With([](events::v1::Event& event) { event.mutable_unit_published()->set_calendar_id("uk"); }));
  // 22:00 in Taipei is 14:00 there.
  EXPECT_EQ(Rule("A", kByPhone, "", day_ + absl::Hours(22)), "");
  EXPECT_EQ(Rule("A", kByPhone, "", day_ + absl::Hours(30)), "contact_in_quiet_hours");
}

TEST_F(CheckContactTest, AWithdrawnConsentAndAChannelThatIsNotAllowedDoNotPassWithTime) {
  Given(Registered("王小明").Client("A"), Configured("gold").Client("A").With([](events::v1::Event& event) {
    event.mutable_service_configuration_changed()->mutable_configuration()->add_allowed_channels(
        events::v1::CHANNEL_EMAIL);
  }),
        ConsentTold("marketing", false).Client("A").At(day_));
  const auto refused = Check("A", events::v1::CHANNEL_EMAIL, "marketing", day_ + absl::Hours(9));
  ASSERT_TRUE(refused.ok());
  EXPECT_EQ(refused->rule(), "consent_withdrawn");
  EXPECT_FALSE(refused->has_allowed_from());
  EXPECT_EQ(Rule("A", events::v1::CHANNEL_EMAIL, "marketing", day_ - absl::Milliseconds(1)), "");
  EXPECT_EQ(Rule("A", events::v1::CHANNEL_EMAIL, "", day_ + absl::Hours(9)), "");
  EXPECT_EQ(Rule("A", kByPhone, "", day_ + absl::Hours(9)), "channel_not_allowed");
}

TEST_F(CheckContactTest, OfMergedRecordsEachOnesLimitsRefuse) {
  Given(Registered("王小明").Client("A"), Quiet(0, 8 * 60).Client("A"), Registered("王小明").Client("B"),
        Quiet(7 * 60, 9 * 60).Client("B"), ConsentTold("marketing", false).Client("B"),
        Merged("A", "B").Id("m1"));
  const auto refused = Check("A", kByPhone, "", day_ + absl::Hours(24 * 800));
  ASSERT_TRUE(refused.ok());
  EXPECT_EQ(refused->rule(), "contact_in_quiet_hours");
  // Out of the one's hours into the other's.
  EXPECT_EQ(FromProto(refused->allowed_from()), day_ + absl::Hours(24 * 800 + 9));
  for (const char* each : {"A", "B"})
    EXPECT_EQ(Rule(each, kByPhone, "marketing", day_ + absl::Hours(24 * 800 + 12)), "consent_withdrawn");
  Given(Split("m1"));
  EXPECT_EQ(Rule("A", kByPhone, "marketing", day_ + absl::Hours(24 * 800 + 12)), "");
}

TEST_F(CheckContactTest, WhatIsNoRequestIsRefused) {
  Given(Registered("王小明").Client("A"));
  EXPECT_EQ(ReasonOf(Check("nobody", kByPhone, "", day_).status()), "CLIENT_NOT_FOUND");
  EXPECT_EQ(ReasonOf(Check("A", events::v1::CHANNEL_UNSPECIFIED, "", day_).status()), "CHANNEL_MISSING");
  EXPECT_EQ(ReasonOf(Check("", kByPhone, "", day_).status()), "NAME_INVALID");
  query::v1::CheckContactRequest request;
  request.set_name("clients/A");
  request.set_channel(kByPhone);
  request.mutable_at()->set_nanos(-1);
  EXPECT_EQ(ReasonOf(CheckContact(server_.engine(), request, day_).status()), "TIME_INVALID");
}

}  // namespace
}  // namespace kefu::query
