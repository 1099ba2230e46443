// What is told of a client from outside: identities, trading, assets, segments, consents.

#include "projections/client/told.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "platform/base/time.h"
#include "platform/codec/field_path.h"
#include "platform/testkit/client_events.h"
#include "platform/testkit/projection_driver.h"

namespace kefu::client {
namespace {

using namespace testkit;
using events::v1::CHANNEL_APP;
using events::v1::CHANNEL_WECHAT;
using query::v1::Client;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr absl::CivilDay kDay(2026, 3, 2);

class ToldTest : public testing::Test {
 protected:
  ToldTest() { test_.Given(Registered("王小明")); }
  const Client& Row() { return *test_.Row<Clients>("C-1"); }
  std::vector<std::string> Identities() {
    std::vector<std::string> list;
    for (const auto& each : Row().identities())
      list.push_back(fmt::format("{}:{} {} {}", static_cast<int>(each.identity().channel()), each.identity().handle(),
                                 static_cast<int>(each.identity().proof()), each.event_id()));
    return list;
  }
  std::vector<std::string> Segments() {
    std::vector<std::string> list;
    for (const auto& each : Row().segments()) list.push_back(each.scheme() + "=" + each.segment());
    return list;
  }

  ProjectionDriver<ClientView> test_;
};

TEST_F(ToldTest, IdentitiesAreSortedAndLinkingAgainReplacesTheProof) {
  test_.Given(IdentityLinked(CHANNEL_WECHAT, "o-2").Id("a"), IdentityLinked(CHANNEL_APP, "z").Id("b"),
              IdentityLinked(CHANNEL_WECHAT, "o-1", events::v1::IDENTITY_PROOF_DECLARED).Id("c"));
  EXPECT_THAT(Identities(), ElementsAre("3:z 1 b", "4:o-1 2 c", "4:o-2 1 a"));
  test_.Given(IdentityLinked(CHANNEL_WECHAT, "o-1", events::v1::IDENTITY_PROOF_VERIFIED).Id("d"));
  EXPECT_THAT(Identities(), ElementsAre("3:z 1 b", "4:o-1 1 d", "4:o-2 1 a"));
  EXPECT_EQ(FromProto(Row().identities(1).linked_at()), Beginning() + absl::Minutes(4));
}

TEST_F(ToldTest, UnlinkingTakesTheIdentityAwayAndOneThatIsNotLinkedChangesNothing) {
  test_.Given(IdentityLinked(CHANNEL_WECHAT, "o-1").Id("a"), IdentityUnlinked(CHANNEL_APP, "o-1"));
  EXPECT_THAT(Identities(), ElementsAre("4:o-1 1 a"));
  test_.Given(IdentityUnlinked(CHANNEL_WECHAT, "o-1"));
  EXPECT_THAT(Identities(), IsEmpty());
  // Registration and the three.
  EXPECT_EQ(Row().revision(), 4);
}

TEST_F(ToldTest, AFaultySenderCannotMakeTheIdentitiesGrowWithoutEnd) {
  for (int i = 0; i < 150; ++i) test_.Given(IdentityLinked(CHANNEL_APP, fmt::format("h{}", i)));
  EXPECT_THAT(Row().identities(), SizeIs(kIdentitiesKept));
}

TEST_F(ToldTest, TheNewestDayIsShownADayToldAgainReplacesAndALateDayIsOnlyCounted) {
  test_.Given(Traded(kDay, 3).Id("a"), Traded(kDay + 2, 5).Id("b"), Traded(kDay + 1, 7).Id("late"));
  EXPECT_EQ(Row().trading().event_id(), "b");
  EXPECT_EQ(Row().trading().day().trades(), 5);
  EXPECT_EQ(Row().trading().trades_30d(), 15);
  EXPECT_THAT(Row().trading().trades(), ElementsAre(3, 7, 5));
  test_.Given(Traded(kDay + 2, 1).Id("again"), Traded(kDay, 0));
  EXPECT_EQ(Row().trading().event_id(), "again");
  EXPECT_EQ(Row().trading().day().trades(), 1);
  EXPECT_EQ(Row().trading().trades_30d(), 8);
  EXPECT_EQ(Row().trading().days(0), absl::CivilDay(2026, 3, 2) - absl::CivilDay(1970, 1, 1));
  // Not the client's own doing, and yet an event of it.
  EXPECT_EQ(Row().revision(), 1);
  EXPECT_EQ(Row().event_count(), 6);
}

TEST_F(ToldTest, TheNewestAssetsAreShown) {
  test_.Given(AssetsTold(kDay, 100).Id("a"), AssetsTold(kDay - 1, 999).Id("old"));
  EXPECT_EQ(Row().assets().event_id(), "a");
  test_.Given(AssetsTold(kDay, 200).Id("again"));
  EXPECT_EQ(Row().assets().event_id(), "again");
  EXPECT_EQ(Row().assets().day().assets().minor_units(), 200);
}

TEST_F(ToldTest, AClassificationIsNoEventOfTheClientAndLeavingASegmentTakesItAway) {
  test_.Given(Classified("rfm", "a1").Id("r").AtMinute(500), Classified("asset_tier", "gold"));
  EXPECT_THAT(Segments(), ElementsAre("asset_tier=gold", "rfm=a1"));
  EXPECT_EQ(Row().segments(1).event_id(), "r");
  EXPECT_EQ(FromProto(Row().segments(1).since()), Beginning());
  EXPECT_EQ(Row().event_count(), 1);
  EXPECT_EQ(FromProto(Row().last_event_at()), Beginning());
  EXPECT_EQ(Row().last_offset(), test_.last().offset.value());
  test_.Given(Classified("asset_tier", "silver"), Classified("rfm", ""));
  EXPECT_THAT(Segments(), ElementsAre("asset_tier=silver"));
}

TEST_F(ToldTest, AConsentReplacesTheOneOfItsPurposeAndAConfigurationReplacesAll) {
  test_.Given(Configured("gold").With([](events::v1::Event& event) {
    auto* consent = event.mutable_service_configuration_changed()->mutable_configuration()->add_consents();
    consent->set_purpose("marketing");
    consent->set_given(true);
  }));
  test_.Given(ConsentTold("recording", true), ConsentTold("marketing", false));
  const auto& consents = Row().service_configuration().consents();
  ASSERT_THAT(consents, SizeIs(2));
  EXPECT_TRUE(consents.Get(0).given());
  EXPECT_EQ(consents.Get(1).purpose(), "marketing");
  EXPECT_FALSE(consents.Get(1).given());
  EXPECT_EQ(FromProto(consents.Get(1).since()), Beginning() + absl::Minutes(3));
  EXPECT_EQ(Row().service_configuration().tier(), "gold");
  test_.Given(Configured("standard"));
  EXPECT_THAT(Row().service_configuration().consents(), IsEmpty());
}

TEST_F(ToldTest, WhatWasToldSurvivesWhatHappensAfterIt) {
  test_.Given(IdentityLinked(CHANNEL_WECHAT, "o-1"), Traded(kDay, 3), AssetsTold(kDay, 100), Classified("rfm", "a1"),
              Opened("K-1"), Contacted(events::v1::CHANNEL_PHONE, events::v1::DIRECTION_INBOUND, "fee"),
              StatusChanged(events::v1::CLIENT_STATUS_DORMANT), Resolved("K-1"));
  EXPECT_THAT(Identities(), SizeIs(1));
  EXPECT_EQ(Row().trading().trades_30d(), 3);
  EXPECT_EQ(Row().assets().day().assets().minor_units(), 100);
  EXPECT_THAT(Segments(), ElementsAre("rfm=a1"));
  EXPECT_EQ(Row().status(), events::v1::CLIENT_STATUS_DORMANT);
}

// The last thirty days told, against a map of all days.
TEST(ToldProperty, TradesOfThirtyDaysAreWhatARecountGives) {
  for (const uint64_t seed : {81, 82, 83, 84}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    ProjectionDriver<ClientView> test;
    std::map<int, int> kept;
    std::string newest_event;
    for (int i = 0; i < 300; ++i) {
      // Mostly forward, some days late, some told again.
      const int day = i / 4 + static_cast<int>(random() % 20) - 10;
      const int trades = static_cast<int>(random() % 50);
      const std::string id = fmt::format("t{}", i);
      test.Given(Traded(kDay + day, trades).Id(id));
      if (kept.empty() || day >= kept.rbegin()->first) newest_event = id;
      // Older than all that are kept: too late.
      if (kept.size() < static_cast<size_t>(kTradingDaysKept) || kept.contains(day) || day > kept.begin()->first)
        kept[day] = trades;
      if (kept.size() > static_cast<size_t>(kTradingDaysKept)) kept.erase(kept.begin());
      int expected = 0;
      for (const auto& [each, count] : kept)
        if (each > kept.rbegin()->first - 30) expected += count;
      const auto& trading = test.Row<Clients>("C-1")->trading();
      ASSERT_EQ(trading.trades_30d(), expected) << "event " << i;
      ASSERT_EQ(trading.event_id(), newest_event);
      ASSERT_EQ(trading.days_size(), static_cast<int>(kept.size()));
    }
  }
}

// The paths of every field below `message`, lists and messages of messages as wholes and in their parts.
void AddPaths(const google::protobuf::Descriptor* message, const std::string& prefix, std::vector<std::string>* paths) {
  for (int i = 0; i < message->field_count(); ++i) {
    const auto* field = message->field(i);
    paths->push_back(prefix + field->name());
    if (field->message_type() != nullptr && !field->is_repeated())
      AddPaths(field->message_type(), paths->back() + ".", paths);
  }
}

// Something in every field below `message`; of a oneof only fields of `side`.
void Fill(google::protobuf::Message* message, std::string_view side, int depth = 0) {
  const auto* reflection = message->GetReflection();
  using Field = google::protobuf::FieldDescriptor;
  for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
    const Field* field = message->GetDescriptor()->field(i);
    if (field->containing_oneof() != nullptr && field->name() != side) continue;
    switch (field->cpp_type()) {
      case Field::CPPTYPE_STRING:
        if (field->is_repeated()) {
          reflection->AddString(message, field, "some " + field->name());
        } else {
          reflection->SetString(message, field, "some " + field->name());
        }
        break;
      case Field::CPPTYPE_INT32:
        reflection->SetInt32(message, field, 7);
        break;
      case Field::CPPTYPE_INT64:
        reflection->SetInt64(message, field, 7);
        break;
      case Field::CPPTYPE_BOOL:
        reflection->SetBool(message, field, true);
        break;
      case Field::CPPTYPE_MESSAGE:
        if (depth < 5)
          Fill(field->is_repeated() ? reflection->AddMessage(message, field)
                                    : reflection->MutableMessage(message, field),
               side, depth + 1);
        break;
      default:
        FAIL() << "a field of a kind that no profile had: " << field->full_name();
    }
  }
}

// What `path` names in `message`, as text; empty if it is not set.
std::string TextAt(const google::protobuf::Message& message, std::string_view path) {
  const size_t dot = path.find('.');
  const auto* field = message.GetDescriptor()->FindFieldByName(std::string(path.substr(0, dot)));
  const auto* reflection = message.GetReflection();
  if (dot != path.npos) {
    if (!reflection->HasField(message, field)) return "";
    return TextAt(reflection->GetMessage(message, field), path.substr(dot + 1));
  }
  std::unique_ptr<google::protobuf::Message> only(message.New());
  std::vector<const google::protobuf::FieldDescriptor*> set;
  reflection->ListFields(message, &set);
  only->CopyFrom(message);
  for (const auto* each : set)
    if (each != field) only->GetReflection()->ClearField(only.get(), each);
  return only->ShortDebugString();
}

TEST(ProfilePaths, EveryPathIsPatchedOnceAndSaysWhoSaidSoAndSinceWhen) {
  std::vector<std::string> paths;
  AddPaths(events::v1::ClientProfile::descriptor(), "", &paths);
  EXPECT_GE(paths.size(), 50u);
  for (const std::string& path : paths) {
    SCOPED_TRACE(path);
    const std::string side = path.starts_with("organisation") ? "organisation" : "person";
    events::v1::ClientProfile full;
    Fill(&full, side);
    ProjectionDriver<ClientView> test;
    test.Given(Registered("王小明", side == "person" ? events::v1::CLIENT_KIND_PERSON
                                                     : events::v1::CLIENT_KIND_ORGANISATION));
    test.Given(ProfileChanged({path}, full).Id("patch").With([](events::v1::Event& event) {
      event.mutable_client_profile_changed()->set_said_by("questionnaire 2026-03");
      *event.mutable_client_profile_changed()->mutable_true_since() = ToProto(Beginning() - absl::Hours(48));
    }));
    const Client& row = *test.Row<Clients>("C-1");
    EXPECT_EQ(TextAt(row.profile(), path), TextAt(full, path));
    EXPECT_NE(TextAt(row.profile(), path), "");
    // Nothing else came with it.
    events::v1::ClientProfile expected;
    ASSERT_TRUE(codec::CopyFieldPath(path, full, &expected));
    EXPECT_EQ(row.profile().ShortDebugString(), expected.ShortDebugString());
    ASSERT_THAT(row.field_sources(), SizeIs(1));
    const auto& source = row.field_sources(0);
    EXPECT_EQ(source.path(), path);
    EXPECT_EQ(source.event_id(), "patch");
    EXPECT_EQ(source.said_by(), "questionnaire 2026-03");
    EXPECT_EQ(FromProto(source.true_since()), Beginning() - absl::Hours(48));
    EXPECT_EQ(FromProto(source.known_since()), test.last().recorded_at);
  }
}

TEST(ProfilePaths, TheOtherSideAndWhatIsNoFieldAreRefused) {
  ProjectionDriver<ClientView> test;
  test.Given(Registered("王小明").Client("P"),
             Registered("大華", events::v1::CLIENT_KIND_ORGANISATION).Client("O"));
  test.When(ProfileChanged({"organisation.tax_status"}, {}).Client("P"),
            ProfileChanged({"location", "person.choice_drivers"}, {}).Client("O"),
            ProfileChanged({"person.no_such_field"}, {}).Client("P"), ProfileChanged({"persons"}, {}).Client("P"))
      .Then(Refused("profile_of_other_kind"), Refused("profile_of_other_kind"), Refused("unknown_field_path"),
            Refused("unknown_field_path"));
  EXPECT_FALSE(test.Row<Clients>("P")->has_profile());
  EXPECT_FALSE(test.Row<Clients>("O")->has_profile());
}

TEST(Referral, TheRegulatorsDateBindsWhereItIsEarlier) {
  ProjectionDriver<ClientView> test;
  const auto refer = [](std::string_view case_id, absl::Time due) {
    return Draft().With([&](events::v1::Event& event) {
      auto* referred = event.mutable_case_referred();
      referred->set_case_id(std::string(case_id));
      referred->mutable_external()->set_scheme("cn.csrc.12386");
      *referred->mutable_external()->mutable_due_at() = ToProto(due);
    });
  };
  const absl::Time day = Beginning() + absl::Hours(24);
  test.Given(Complained("K-1"), refer("K-1", day + absl::Hours(2)));
  EXPECT_EQ(FromProto(test.Row<Clients>("C-1")->open_cases(0).due_at()), day + absl::Hours(2));
  test.Given(refer("K-1", day), refer("K-1", day + absl::Hours(1)));
  EXPECT_EQ(FromProto(test.Row<Clients>("C-1")->open_cases(0).due_at()), day);
}

}  // namespace
}  // namespace kefu::client
