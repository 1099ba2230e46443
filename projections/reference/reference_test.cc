#include "projections/reference/reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/base/time.h"
#include "platform/event/broadcast.h"
#include "platform/testkit/golden.h"
#include "platform/testkit/projection_driver.h"

namespace kefu::reference {
namespace {

using namespace testkit;
using events::v1::Event;
using query::v1::REFERENCE_KIND_CALENDAR;
using query::v1::REFERENCE_KIND_UNIT;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr int32_t kPartitions = 4;

// As the door records it in partition 0.
Draft OfNobody() {
  return Draft().Client("").With([](Event& event) { event.mutable_broadcast()->set_partitions(kPartitions); });
}

Draft Copy(Draft draft, int64_t first_offset) {
  return draft.With([&](Event& event) {
    event.mutable_broadcast()->set_is_copy(true);
    event.mutable_broadcast()->set_first_offset(first_offset);
  });
}

Draft CalendarOf(std::string_view id, int32_t version) {
  return OfNobody().With([&](Event& event) {
    auto* calendar = event.mutable_calendar_published();
    calendar->set_calendar_id(std::string(id));
    calendar->set_version(version);
    calendar->set_kind(events::v1::CALENDAR_KIND_BUSINESS);
    calendar->mutable_zone()->set_name("Asia/Taipei");
    calendar->mutable_zone()->set_offset_seconds(8 * 3600);
    auto* monday = calendar->add_week();
    monday->set_weekday(events::v1::WEEKDAY_MONDAY);
    auto* span = monday->add_spans();
    span->set_from_minute(9 * 60);
    span->set_until_minute(17 * 60);
    for (auto* day : {calendar->mutable_covers_from(), calendar->mutable_covers_until()}) {
      day->set_year(2026);
      day->set_month(1);
      day->set_day(1);
    }
    calendar->mutable_covers_until()->set_month(12);
  });
}

Draft UnitOf(std::string_view id, std::string_view name, std::string_view parent = "") {
  return OfNobody().With([&](Event& event) {
    auto* unit = event.mutable_unit_published();
    unit->set_unit_id(std::string(id));
    unit->set_name(std::string(name));
    unit->set_parent_unit_id(std::string(parent));
    unit->set_level(parent.empty() ? events::v1::UNIT_LEVEL_COMPANY : events::v1::UNIT_LEVEL_BRANCH);
  });
}

Draft CodesOf(std::string_view scheme, std::string_view edition) {
  return OfNobody().With([&](Event& event) {
    auto* set = event.mutable_code_set_published();
    set->set_scheme(std::string(scheme));
    set->set_version(std::string(edition));
    set->add_entries()->set_value("01");
  });
}

Draft RulesAdopted(int32_t version) {
  return OfNobody().With([&](Event& event) { event.mutable_rules_version_adopted()->set_version(version); });
}

Draft RelationStarted(std::string_view id, std::string_view client, std::string_view other) {
  return OfNobody().With([&](Event& event) {
    auto* started = event.mutable_client_relation_started();
    started->set_relation_id(std::string(id));
    started->set_client_id(std::string(client));
    started->set_other_client_id(std::string(other));
    started->set_kind(events::v1::RELATION_KIND_HOUSEHOLD);
  });
}

std::vector<int64_t> OutboxOf(Driver& test) {
  std::vector<int64_t> offsets;
  for (const auto& [key, bytes] : test.run().view().RawRows("outbox")) {
    std::string_view rest = key;
    Offset offset;
    EXPECT_TRUE(codec::TakePart(rest, &offset) && rest.empty());
    offsets.push_back(offset.value());
  }
  return offsets;
}

std::vector<std::string> NamesOf(Driver& test) {
  std::vector<std::string> names;
  for (const auto& [key, row] : test.run().view().Rows("items"))
    names.push_back(static_cast<const Reference&>(*row).name());
  return names;
}

TEST(Reference, EveryVersionIsKeptWithTheEventThatPublishedIt) {
  ProjectionDriver<ReferenceView> test;
  test.Given(CalendarOf("cn.business", 1), CalendarOf("cn.business", 2).Id("second"), CalendarOf("us.business", 1));
  EXPECT_THAT(NamesOf(test), ElementsAre("references/calendar/cn.business/1", "references/calendar/cn.business/2",
                                         "references/calendar/us.business/1"));
  const auto* row = test.Row<Items>(static_cast<int32_t>(REFERENCE_KIND_CALENDAR), "cn.business", int64_t{2});
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->reference_id(), "cn.business");
  EXPECT_EQ(row->version(), "2");
  EXPECT_EQ(row->event().event_id(), "second");
  EXPECT_EQ(row->offset(), test.deliveries()[1].offset.value());
  EXPECT_EQ(FromProto(row->recorded_at()), test.deliveries()[1].recorded_at);
}

// One of each body of the catalogue; each is what its kind says, under its own id.
TEST(Reference, WhatTheCatalogueIsMadeOfIsKeptByKindAndId) {
  const auto product = [](int32_t version, std::string_view name) {
    return OfNobody().With([&](Event& event) {
      auto* body = event.mutable_service_product_published();
      body->set_product_id("P-1");
      body->set_version(version);
      body->set_name(std::string(name));
      body->set_kind(events::v1::PRODUCT_KIND_SERVICE);
      body->set_risk(events::v1::RISK_LEVEL_R1);
      body->add_steps()->set_step_id("hello");
    });
  };
  const auto levels = OfNobody().With([](Event& event) {
    auto* body = event.mutable_service_levels_published();
    body->set_pack_id("firm.tiers");
    body->set_version(1);
    body->add_levels()->set_contact_every_days(90);
  });
  const auto actions = OfNobody().With([](Event& event) {
    auto* body = event.mutable_next_action_rules_published();
    body->set_version(1);
    auto* rule = body->add_rules();
    rule->set_action_id("call");
    rule->mutable_condition()->set_constant(1);
    rule->mutable_priority()->set_constant(1);
  });
  const auto programme = OfNobody().With([](Event& event) {
    auto* body = event.mutable_call_back_programme_published();
    body->set_programme("new_account");
    body->set_version(1);
    body->set_selection(events::v1::CALL_BACK_SELECTION_NEW_ACCOUNT);
    body->set_within_days(30);
  });
  const auto pack = OfNobody().With([](Event& event) {
    auto* body = event.mutable_suitability_pack_published();
    body->set_pack_id("firm.matrix");
    body->set_version(1);
    body->set_assessment_valid_months(24);
    auto* row = body->add_rows();
    row->set_investor_class(events::v1::INVESTOR_CLASS_C1);
    row->set_highest_risk(events::v1::RISK_LEVEL_R1);
  });
  const auto alias = OfNobody().With([](Event& event) {
    event.mutable_product_alias_published()->set_alias("老名/一");
    event.mutable_product_alias_published()->set_product_id("P-1");
  });
  const auto bundle = OfNobody().With([](Event& event) {
    auto* body = event.mutable_bundle_published();
    body->set_bundle_id("gold");
    body->set_version(1);
    body->add_product_ids("P-1");
  });
  // Whether these may be published is admission's affair.
  ViewRun run(sdk::Describe<ReferenceView>());
  events::v1::Verdict applied;
  applied.set_outcome(events::v1::VERDICT_OUTCOME_APPLIED);
  int64_t offset = 0;
  for (const Draft& draft : {product(1, "晨報"), product(2, "早報"), alias, bundle, levels, actions, programme, pack}) {
    const Event event = Finish(draft, offset);
    run.Fold({event, Recorded(event, Beginning()), Offset(offset++), Beginning(), Partition(0)}, applied);
  }
  std::vector<std::string> names;
  std::vector<Reference> rows;
  for (const auto& [key, row] : run.view().Rows("items")) {
    rows.push_back(static_cast<const Reference&>(*row));
    names.push_back(rows.back().name());
  }
  EXPECT_THAT(names,
              ElementsAre("references/product/P-1/1", "references/product/P-1/2", "references/product_alias/老名/一/2",
                          "references/bundle/gold/1", "references/service_levels/firm.tiers/1",
                          "references/next_action_rules/next_actions/1",
                          "references/call_back_programme/new_account/1", "references/suitability_pack/firm.matrix/1"));
  ASSERT_GE(rows.size(), 2u);
  EXPECT_EQ(rows[1].reference_id(), "P-1");
  EXPECT_EQ(rows[1].version(), "2");
  EXPECT_EQ(rows[1].event().service_product_published().name(), "早報");
  EXPECT_EQ(run.view().RawRows("outbox").size(), 8u) << "all of it is copied";
}

TEST(Reference, UnitsAndCodeSetsAreOrderedByTheirOffsets) {
  ProjectionDriver<ReferenceView> test;
  test.Given(UnitOf("HQ", "總公司"), CodesOf("us.finra.4530.problem", "2024-A"), UnitOf("B-1", "信義", "HQ"),
             CodesOf("us.finra.4530.problem", "2023-B"), UnitOf("B-1", "信義新", "HQ"));
  EXPECT_THAT(NamesOf(test),
              ElementsAre("references/unit/B-1/4", "references/unit/B-1/8", "references/unit/HQ/0",
                          "references/code_set/us.finra.4530.problem/2024-A",
                          "references/code_set/us.finra.4530.problem/2023-B"));
  const auto* row = test.Row<Items>(static_cast<int32_t>(REFERENCE_KIND_UNIT), "B-1", int64_t{8});
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->event().unit_published().name(), "信義新");
}

TEST(Reference, TheOutboxHoldsTheRecordedBytesOfAllThatWasAppliedInOrder) {
  ProjectionDriver<ReferenceView> test;
  test.Given(RulesAdopted(2), RelationStarted("R-1", "C-1", "C-2"), CalendarOf("cn.business", 1));
  EXPECT_THAT(OutboxOf(test), ElementsAre(0, 2, 4));
  const auto rows = test.run().view().RawRows("outbox");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows.back().second, test.last().bytes);
  EXPECT_THAT(NamesOf(test), ElementsAre("references/calendar/cn.business/1", "references/rules_version/admission/2"))
      << "a fact about two clients is no reference data";
}

TEST(Reference, WhatIsRefusedIsNeitherKeptNorCopied) {
  ProjectionDriver<ReferenceView> test;
  test.Given(CalendarOf("cn.business", 1)).When(CalendarOf("cn.business", 5)).Then(Refused("version_not_next"));
  EXPECT_THAT(OutboxOf(test), ElementsAre(0));
  EXPECT_THAT(NamesOf(test), ElementsAre("references/calendar/cn.business/1"));
}

TEST(Reference, ElsewhereOnlyThePlaceOfTheNewestCopyIsKept) {
  ProjectionDriver<ReferenceView> test(Partition(3));
  test.Given(Copy(RulesAdopted(2), 7), Copy(CalendarOf("cn.business", 1), 12),
             Copy(RelationStarted("R-1", "C-1", "C-2"), 40));
  EXPECT_THAT(NamesOf(test), IsEmpty());
  EXPECT_THAT(OutboxOf(test), IsEmpty());
  ASSERT_NE(test.Row<Progress>(kProgressKey), nullptr);
  EXPECT_EQ(test.Row<Progress>(kProgressKey)->first_offset(), 40);
}

TEST(Reference, ACopyThatCameBeforeIsNoNewsAgain) {
  ProjectionDriver<ReferenceView> test(Partition(1));
  test.Given(Copy(RulesAdopted(2).Id("a").AtMinute(1), 7), Copy(CalendarOf("cn.business", 1).Id("b").AtMinute(2), 12))
      .When(Copy(RulesAdopted(2).Id("a").AtMinute(1), 7))
      .Then(Duplicate());
  ASSERT_NE(test.Row<Progress>(kProgressKey), nullptr);
  EXPECT_EQ(test.Row<Progress>(kProgressKey)->first_offset(), 12);
}

// A body that is missing here would be applied in partition 0 and never copied.
TEST(Reference, TakesEveryBodyThatIsBroadcastAndNoOther) {
  const auto* body = Event::descriptor()->FindOneofByName("body");
  for (int i = 0; i < body->field_count(); ++i) {
    const int tag = body->field(i)->number();
    EXPECT_EQ(sdk::Describe<ReferenceView>().Wants(tag), event::IsBroadcast(static_cast<Event::BodyCase>(tag)))
        << body->field(i)->name();
  }
}

TEST(Reference, WordsAndKindsAreInStep) {
  for (int number = 1; number < query::v1::ReferenceKind_ARRAYSIZE; ++number) {
    const auto kind = static_cast<ReferenceKind>(number);
    EXPECT_FALSE(WordOf(kind).empty()) << number;
    EXPECT_EQ(KindOf(WordOf(kind)), kind);
  }
  EXPECT_EQ(KindOf("weather"), query::v1::REFERENCE_KIND_UNSPECIFIED);
  EXPECT_EQ(WordOf(query::v1::REFERENCE_KIND_UNSPECIFIED), "");
}

TEST(Reference, GoldenDump) {
  ProjectionDriver<ReferenceView> test;
  test.Given(RulesAdopted(2), UnitOf("HQ", "總公司"), UnitOf("B-1", "信義", "HQ"), CalendarOf("tw.business", 1),
             CodesOf("kefu.topic", "1"), RelationStarted("R-1", "C-1", "C-2"));
  ProjectionDriver<ReferenceView> elsewhere(Partition(2));
  elsewhere.Given(Copy(RulesAdopted(2), 0), Copy(UnitOf("HQ", "總公司"), 2));
  ExpectGolden("projections/reference/golden/reference.txt",
               "partition 0\n" + test.Dump() + "partition 2\n" + elsewhere.Dump());
}

}  // namespace
}  // namespace kefu::reference
