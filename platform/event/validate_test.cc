#include "platform/event/validate.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/unknown_field_set.h>
#include <gtest/gtest.h>

#include <functional>

#include "platform/base/reason.h"
#include "platform/event/broadcast.h"
#include "platform/event/plan.h"
#include "platform/event/sample_events.h"
#include "platform/event/utf8.h"

namespace kefu::event {
namespace {

using events::v1::Event;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'100);

std::string Refusal(const Status& status) {
  if (status.ok()) return "accepted";
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  return ReasonOf(status) + " " + FieldOf(status);
}
std::string Refusal(const Event& event) { return Refusal(Validate(event, kNow)); }

std::string RefusalAfter(Event event, const std::function<void(Event&)>& change) {
  change(event);
  return Refusal(event);
}
std::string ContactWith(const std::function<void(Event&)>& change) { return RefusalAfter(SampleContact(), change); }
std::string ComplaintWith(const std::function<void(Event&)>& change) { return RefusalAfter(SampleComplaint(), change); }

TEST(Validate, TakesGoodEvents) {
  EXPECT_EQ(Refusal(SampleContact()), "accepted");
  EXPECT_EQ(Refusal(SampleComplaint()), "accepted");
}

TEST(Validate, EachAttributeHasItsReason) {
  EXPECT_EQ(Refusal(Event()), "EVENT_ID_MISSING event.event_id");
  EXPECT_EQ(ContactWith([](Event& e) { e.set_event_id("a b"); }), "EVENT_ID_INVALID event.event_id");
  EXPECT_EQ(ContactWith([](Event& e) { e.set_event_id(std::string(128, 'x')); }), "accepted");
  EXPECT_EQ(ContactWith([](Event& e) { e.set_event_id(std::string(129, 'x')); }), "EVENT_ID_INVALID event.event_id");
  EXPECT_EQ(ContactWith([](Event& e) { e.clear_client_id(); }), "CLIENT_ID_MISSING event.client_id");
  EXPECT_EQ(ContactWith([](Event& e) { e.set_client_id("王小明"); }), "CLIENT_ID_INVALID event.client_id");
  EXPECT_EQ(ContactWith([](Event& e) { e.set_client_id(std::string(65, 'x')); }), "CLIENT_ID_INVALID event.client_id");
  EXPECT_EQ(ContactWith([](Event& e) { e.clear_source(); }), "SOURCE_MISSING event.source");
  EXPECT_EQ(ContactWith([](Event& e) { e.mutable_recorded_at(); }), "RECORDED_AT_SET event.recorded_at");
  EXPECT_EQ(ContactWith([](Event& e) { e.clear_body(); }), "BODY_MISSING event.body");
  EXPECT_EQ(ContactWith([](Event& e) { e.mutable_precondition()->set_revision(-1); }),
            "NUMBER_OUT_OF_RANGE event.precondition.revision");
  EXPECT_EQ(ContactWith([](Event& e) { e.mutable_precondition()->set_revision(0); }), "accepted");
}

TEST(Validate, TimeMustBePlausible) {
  const auto at = [](int64_t seconds, int nanos) {
    return ContactWith([&](Event& e) {
      e.mutable_occurred_at()->set_seconds(seconds);
      e.mutable_occurred_at()->set_nanos(nanos);
    });
  };
  const int64_t now = absl::ToUnixSeconds(kNow);
  EXPECT_EQ(ContactWith([](Event& e) { e.clear_occurred_at(); }), "OCCURRED_AT_MISSING event.occurred_at");
  EXPECT_EQ(at(now + 300, 0), "accepted");
  EXPECT_EQ(at(now + 300, 1), "OCCURRED_AT_IN_FUTURE event.occurred_at");
  EXPECT_EQ(at(INT64_MAX, 0), "OCCURRED_AT_IN_FUTURE event.occurred_at");
  EXPECT_EQ(at(INT64_MIN, 0), "OCCURRED_AT_TOO_OLD event.occurred_at");
  EXPECT_EQ(at(-2'208'988'800, 0), "accepted");
  EXPECT_EQ(at(-2'208'988'801, 999'999'999), "OCCURRED_AT_TOO_OLD event.occurred_at");
  EXPECT_EQ(at(now, -1), "TIME_INVALID event.occurred_at");
  EXPECT_EQ(at(now, 1'000'000'000), "TIME_INVALID event.occurred_at");
}

TEST(Validate, ABodyOfANewerProducerIsRefusedAsUnknown) {
  EXPECT_EQ(ContactWith([](Event& e) {
              e.clear_body();
              e.GetReflection()->MutableUnknownFields(&e)->AddLengthDelimited(990)->assign("x");
            }),
            "BODY_UNKNOWN event.body");
}

TEST(Validate, WhatIsAboutSeveralClientsNamesNone) {
  const auto merge = [](Event& e) {
    e.mutable_client_records_merged()->set_surviving_client_id("C-1");
    e.mutable_client_records_merged()->set_merged_client_id("C-2");
  };
  EXPECT_EQ(ContactWith(merge), "CLIENT_ID_NOT_ALLOWED event.client_id");
  EXPECT_EQ(ContactWith([&](Event& e) {
              merge(e);
              e.clear_client_id();
            }),
            "accepted");
  EXPECT_EQ(ContactWith([](Event& e) { e.mutable_broadcast()->set_partitions(8); }), "BROADCAST_SET event.broadcast");
}

// A server that took it would have to stop at it.
TEST(Validate, RulesThatThisServerDoesNotHaveAreNotAdopted) {
  const auto adopt = [](int32_t version) {
    return ContactWith([version](Event& e) {
      e.clear_client_id();
      e.mutable_rules_version_adopted()->set_version(version);
    });
  };
  EXPECT_EQ(adopt(kNewestRulesVersion), "accepted");
  EXPECT_EQ(adopt(kNewestRulesVersion + 1), "NUMBER_OUT_OF_RANGE event.rules_version_adopted.version");
}

TEST(Validate, FactsOfServicesAreTakenFromServicesOnly) {
  Event event = SampleContact();
  event.mutable_clock_breached()->set_case_id("K-1");
  event.mutable_clock_breached()->set_clock_id("firm.service/resolve");
  EXPECT_EQ(Refusal(event), "BODY_RESERVED event.body");
  EventLimits ours;
  ours.reserved_allowed = true;
  EXPECT_TRUE(Validate(event, kNow, ours).ok());

  // Copies of what is broadcast carry the server's stamp.
  Event copy = event;
  copy.clear_client_id();
  copy.mutable_client_records_split()->set_merge_event_id("E-1");
  copy.mutable_broadcast()->set_is_copy(true);
  EXPECT_EQ(Refusal(copy), "BROADCAST_SET event.broadcast");
  EXPECT_TRUE(Validate(copy, kNow, ours).ok());
}

TEST(Validate, UnknownFieldsAreRefusedWhereverTheyAre) {
  EXPECT_EQ(ContactWith([](Event& e) { e.GetReflection()->MutableUnknownFields(&e)->AddVarint(13, 1); }),
            "FIELD_UNKNOWN event");
  EXPECT_EQ(ContactWith([](Event& e) {
              auto* evidence = e.mutable_contact_recorded()->add_evidence();
              evidence->GetReflection()->MutableUnknownFields(evidence)->AddVarint(99, 1);
            }),
            "FIELD_UNKNOWN event.contact_recorded.evidence[0]");
}

TEST(Validate, UnknownEnumValuesAreRefusedAlsoInLists) {
  EXPECT_EQ(
      ContactWith([](Event& e) { e.mutable_contact_recorded()->set_channel(static_cast<events::v1::Channel>(99)); }),
      "ENUM_UNKNOWN event.contact_recorded.channel");
  EXPECT_EQ(ContactWith([](Event& e) { e.mutable_actor()->set_kind(static_cast<events::v1::ActorKind>(-1)); }),
            "ENUM_UNKNOWN event.actor.kind");
  EXPECT_EQ(ContactWith([](Event& e) {
              auto* made = e.mutable_service_configuration_changed()->mutable_configuration();
              made->add_allowed_channels(events::v1::CHANNEL_PHONE);
              made->add_allowed_channels(static_cast<events::v1::Channel>(77));
            }),
            "ENUM_UNKNOWN event.service_configuration_changed.configuration.allowed_channels[1]");
}

TEST(Validate, RequiredPartsOfBodies) {
  EXPECT_EQ(ContactWith([](Event& e) { e.mutable_contact_recorded()->clear_channel(); }),
            "FIELD_MISSING event.contact_recorded.channel");
  EXPECT_EQ(ContactWith([](Event& e) { e.mutable_contact_recorded()->clear_direction(); }),
            "FIELD_MISSING event.contact_recorded.direction");
  EXPECT_EQ(ContactWith([](Event& e) { e.mutable_client_registered(); }), "FIELD_MISSING event.client_registered.kind");
  EXPECT_EQ(ComplaintWith([](Event& e) { e.mutable_complaint_received()->clear_opening(); }),
            "FIELD_MISSING event.complaint_received.opening");
  EXPECT_EQ(ComplaintWith([](Event& e) { e.mutable_complaint_received()->mutable_opening()->clear_channel(); }),
            "FIELD_MISSING event.complaint_received.opening.channel");
  EXPECT_EQ(ContactWith([](Event& e) { e.mutable_client_profile_changed(); }),
            "FIELD_MISSING event.client_profile_changed.changed");
}

TEST(Validate, EveryCaseBodyNeedsACaseId) {
  const auto* body = Event::descriptor()->FindOneofByName("body");
  int case_bodies = 0;
  for (int i = 0; i < body->field_count(); ++i) {
    const auto* field = body->field(i);
    if (field->number() < 300 || field->number() > 399) continue;
    ++case_bodies;
    EXPECT_EQ(ContactWith([&](Event& e) { e.GetReflection()->MutableMessage(&e, field); }),
              fmt::format("CASE_ID_MISSING event.{}.case_id", field->name()));
  }
  EXPECT_GE(case_bodies, 17);
  EXPECT_EQ(ComplaintWith([](Event& e) { e.mutable_complaint_received()->set_case_id(std::string(65, 'k')); }),
            "CASE_ID_INVALID event.complaint_received.case_id");
  EXPECT_EQ(ContactWith([](Event& e) { e.mutable_contact_recorded()->set_case_id("K 1"); }),
            "CASE_ID_INVALID event.contact_recorded.case_id");
}

TEST(Validate, TextsAreBoundedAndUtf8) {
  EXPECT_EQ(ContactWith([](Event& e) { e.mutable_contact_recorded()->set_summary(std::string(64 << 10, 'x')); }),
            "accepted");
  EXPECT_EQ(ContactWith([](Event& e) { e.mutable_contact_recorded()->set_summary(std::string((64 << 10) + 1, 'x')); }),
            "TEXT_TOO_LONG event.contact_recorded.summary");
  EXPECT_EQ(ContactWith([](Event& e) { e.mutable_contact_recorded()->set_summary(std::string(1 << 20, 'x')); }),
            "EVENT_TOO_LARGE event");
  EXPECT_EQ(ContactWith([](Event& e) {
              e.mutable_client_registered()->set_kind(events::v1::CLIENT_KIND_PERSON);
              e.mutable_client_registered()->add_phones("1");
              e.mutable_client_registered()->add_phones("\xff");
            }),
            "TEXT_NOT_UTF8 event.client_registered.phones[1]");
  EXPECT_EQ(ContactWith([](Event& e) { e.mutable_contact_recorded()->add_evidence()->set_sha256("short"); }),
            "DIGEST_INVALID event.contact_recorded.evidence[0].sha256");
}

TEST(Validate, MoneyTimesDurationsDatesAndMasks) {
  for (const char* currency : {"", "cny", "RMBX", "C1Y"})
    EXPECT_EQ(ComplaintWith(
                  [&](Event& e) { e.mutable_complaint_received()->mutable_disputed_amount()->set_currency(currency); }),
              "CURRENCY_INVALID event.complaint_received.disputed_amount.currency");
  EXPECT_EQ(ContactWith([](Event& e) { e.mutable_contact_recorded()->mutable_started_at()->set_nanos(-5); }),
            "TIME_INVALID event.contact_recorded.started_at");
  EXPECT_EQ(ContactWith([](Event& e) { e.mutable_contact_recorded()->mutable_duration()->set_seconds(-5); }),
            "DURATION_INVALID event.contact_recorded.duration");
  const auto born = [](int year, int month, int day) {
    return ContactWith([&](Event& e) {
      auto* changed = e.mutable_client_profile_changed();
      changed->mutable_changed()->add_paths("person.born_on");
      auto* date = changed->mutable_profile()->mutable_person()->mutable_born_on();
      date->set_year(year);
      date->set_month(month);
      date->set_day(day);
    });
  };
  EXPECT_EQ(born(2000, 2, 29), "accepted");
  EXPECT_EQ(born(1900, 2, 29), "DATE_INVALID event.client_profile_changed.profile.person.born_on");
  EXPECT_EQ(born(1990, INT32_MAX, INT32_MIN), "DATE_INVALID event.client_profile_changed.profile.person.born_on");
  const auto mask = [](const char* path) {
    return ContactWith([&](Event& e) {
      e.mutable_client_profile_changed()->mutable_changed()->add_paths("emails");
      e.mutable_client_profile_changed()->mutable_changed()->add_paths(path);
    });
  };
  EXPECT_EQ(mask("investment_needs.horizon_months"), "accepted");
  for (const char* path : {"", "nonsense", "person.", ".person", "person.born_on.year.x", "display_name"})
    EXPECT_EQ(mask(path), "FIELD_MASK_INVALID event.client_profile_changed.changed.paths[1]") << path;
}

TEST(Validate, ACorrectionHoldsAWholeEventThatIsCheckedAsOne) {
  const auto correcting = [](Event corrected) {
    Event event = SampleContact();
    event.set_event_id("fix");
    event.mutable_event_corrected()->set_corrected_event_id(corrected.event_id());
    event.mutable_event_corrected()->set_reason("typed wrong");
    event.mutable_event_corrected()->set_event(corrected.SerializeAsString());
    return event;
  };
  EXPECT_EQ(Refusal(correcting(SampleContact())), "accepted");
  Event corrected = SampleContact();
  corrected.mutable_recorded_at();
  EXPECT_EQ(Refusal(correcting(corrected)), "RECORDED_AT_SET event.event_corrected.event.recorded_at");
  corrected = SampleContact();
  corrected.mutable_contact_recorded()->clear_channel();
  EXPECT_EQ(Refusal(correcting(corrected)), "FIELD_MISSING event.event_corrected.event.contact_recorded.channel");
  corrected = SampleContact();
  corrected.set_client_id("C-other");
  EXPECT_EQ(Refusal(correcting(corrected)), "CORRECTION_INVALID event.event_corrected.event");
  EXPECT_EQ(Refusal(correcting(correcting(SampleContact()))), "CORRECTION_INVALID event.event_corrected.event");
  corrected = SampleContact();
  corrected.mutable_client_classified()->set_scheme("asset_tier");
  EXPECT_EQ(Refusal(correcting(corrected)), "BODY_RESERVED event.event_corrected.event.body");
  Event broken = correcting(SampleContact());
  broken.mutable_event_corrected()->set_event("!");
  EXPECT_EQ(Refusal(broken), "CORRECTION_INVALID event.event_corrected.event");
  broken.mutable_event_corrected()->clear_reason();
  EXPECT_EQ(Refusal(broken), "FIELD_MISSING event.event_corrected.reason");
}

TEST(Validate, RetentionIsForKindsThatThereAre) {
  Event event = SampleContact();
  event.clear_client_id();
  auto& retention = *event.mutable_retention_published();
  retention.set_version(1);
  auto& one = *retention.add_classes();
  one.set_class_id("calls");
  one.set_years(5);
  one.set_source("house rule");
  one.add_kinds("contact_recorded");
  EXPECT_EQ(Refusal(event), "accepted");
  one.add_kinds("event_id");
  EXPECT_EQ(Refusal(event), "KIND_UNKNOWN event.retention_published.classes[0].kinds[1]");
}

TEST(Validate, MessagesNeverRepeatWhatAClientSaid) {
  Event event = SampleContact();
  event.mutable_client_registered()->set_display_name("secret-name\xff");
  EXPECT_EQ(std::string(MessageOf(Validate(event, kNow))).find("secret"), std::string::npos);
}

TEST(Validate, TheCallerNamesThePath) {
  EXPECT_EQ(FieldOf(Validate(Event(), kNow, {}, "events[3]")), "events[3].event_id");
}

TEST(Validate, LimitsAreSettings) {
  EventLimits limits;
  limits.max_event_bytes = 10;
  EXPECT_EQ(Refusal(Validate(SampleContact(), kNow, limits)), "EVENT_TOO_LARGE event");
}

TEST(Rules, NameFieldsThatExist) { EXPECT_EQ(internal::RulesWithoutField(), std::vector<std::string>()); }

TEST(IsUtf8, FollowsTheTableOfTheStandard) {
  for (const char* good : {"", "plain ascii, longer than a block", "é", "客服", "😀", "12345678é", "\xed\x9f\xbf",
                           "\xee\x80\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(IsUtf8(good)) << good;
  for (const char* bad : {"\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe5\xae", "12345678\xff", "\xe5\xae\x41"})
    EXPECT_FALSE(IsUtf8(bad)) << bad;
}

}  // namespace
}  // namespace kefu::event
