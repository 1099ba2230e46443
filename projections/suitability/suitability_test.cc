#include "projections/suitability/suitability.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "platform/base/time.h"
#include "platform/testkit/golden.h"
#include "platform/testkit/recommendation_history.h"
#include "projections/sdk/branch_time.h"
#include "projections/suitability/suitability_testing.h"

namespace kefu::suitability {
namespace {

using events::v1::Event;
using events::v1::InvestorClass;
using events::v1::RecommendationResult;
using events::v1::RiskLevel;
using query::v1::InvestorMoment;
using testing::ElementsAre;
using testing::IsEmpty;
using testkit::Beginning;
using testkit::Draft;

absl::Time Day(int day) { return Beginning() + absl::Hours(24 * day); }

Draft Assessed(int investor_class, absl::Time at) {
  return Draft().At(at).With([&](Event& event) {
    event.mutable_risk_assessed()->set_investor_class(static_cast<InvestorClass>(investor_class));
  });
}
Draft ClassifiedAs(events::v1::InvestorStatus status, absl::Time at) {
  return Draft().At(at).With([&](Event& event) { event.mutable_investor_classified()->set_status(status); });
}
Draft ProductTold(const std::string& id, int version, int level, bool withdrawn = false) {
  return Draft().Client("").With([&](Event& event) {
    auto& body = *event.mutable_service_product_published();
    body.set_product_id(id);
    body.set_version(version);
    body.set_kind(events::v1::PRODUCT_KIND_INSTRUMENT);
    body.set_risk(static_cast<RiskLevel>(level));
    body.set_withdrawn(withdrawn);
  });
}
Draft PackTold(const std::string& id, int version, absl::Time from) {
  return Draft().Client("").With([&](Event& event) {
    auto& body = *event.mutable_suitability_pack_published();
    body.set_pack_id(id);
    body.set_version(version);
    *body.mutable_effective_from() = ToProto(from);
  });
}
Draft Recommended(const std::string& id, const std::string& product, absl::Time at, const std::string& staff = "S-1") {
  return Draft().At(at).Branch("0001").With([&](Event& event) {
    auto& body = *event.mutable_recommendation_made();
    body.set_recommendation_id(id);
    body.set_product_id(product);
    body.set_staff_id(staff);
  });
}
Draft FollowedUp(const std::string& id, RecommendationResult result, absl::Time at, int outcome_bp = 0) {
  return Draft().At(at).With([&](Event& event) {
    auto& body = *event.mutable_recommendation_followed_up();
    body.set_recommendation_id(id);
    body.set_result(result);
    body.set_outcome_bp(outcome_bp);
  });
}
Draft PassedOn(events::v1::WorkKind kind, const std::string& id, const std::string& from, const std::string& to) {
  return Draft().With([&](Event& event) {
    auto& body = *event.mutable_work_reassigned();
    body.set_kind(kind);
    body.set_work_id(id);
    body.set_from_staff_id(from);
    body.set_to_staff_id(to);
  });
}

std::vector<std::string> PacksOf(const Recommendation& row) {
  std::vector<std::string> packs;
  for (const auto& pack : row.packs()) packs.push_back(fmt::format("{} {}", pack.pack_id(), pack.version()));
  return packs;
}

TEST(SuitabilityView, ARecommendationCarriesItsMoment) {
  Unjudged test;
  test.Given(PackTold("b.firm", 1, Day(0)), PackTold("a.law", 1, Day(0)), PackTold("a.law", 2, Day(3)),
             ProductTold("P-1", 1, 2), ProductTold("P-1", 2, 3), Assessed(3, Day(1)),
             ClassifiedAs(events::v1::INVESTOR_STATUS_PROFESSIONAL, Day(1)),
             Recommended("R-1", "P-1", Day(2)).With([](Event& event) {
               auto& body = *event.mutable_recommendation_made();
               body.set_assessment_id("A-1");
               body.set_contact_id("X-1");
               body.mutable_amount()->set_minor_units(500);
               body.set_rationale("存款到期");
               body.mutable_insisted()->set_text_version("w-1");
             }),
             // All of this is later: it must not reach what was judged.
             Assessed(1, Day(3)), ProductTold("P-1", 3, 5), Recommended("R-2", "P-1", Day(3)));
  const Recommendation& row = test.Recommended("R-1");
  EXPECT_EQ(row.name(), "clients/C-1/recommendations/R-1");
  EXPECT_EQ(row.client_id(), "C-1");
  EXPECT_EQ(row.staff_id(), "S-1");
  EXPECT_EQ(row.owner_id(), "S-1");
  EXPECT_EQ(row.branch_id(), "0001");
  EXPECT_EQ(row.assessment_id(), "A-1");
  EXPECT_EQ(row.contact_id(), "X-1");
  EXPECT_EQ(row.amount().minor_units(), 500);
  EXPECT_EQ(row.rationale(), "存款到期");
  EXPECT_EQ(row.insisted().text_version(), "w-1");
  EXPECT_EQ(FromProto(row.made_at()), Day(2));
  EXPECT_EQ(row.event_id(), "e-7");
  EXPECT_EQ(row.offset(), 7);
  EXPECT_EQ(row.investor().investor_class(), events::v1::INVESTOR_CLASS_C3);
  EXPECT_EQ(row.investor().assessment_event_id(), "e-5");
  EXPECT_EQ(row.investor().status(), events::v1::INVESTOR_STATUS_PROFESSIONAL);
  EXPECT_EQ(row.product_version(), 2);
  EXPECT_EQ(row.risk(), events::v1::RISK_LEVEL_R3);
  EXPECT_THAT(PacksOf(row), ElementsAre("a.law 1", "b.firm 1"));
  const Recommendation& later = test.Recommended("R-2");
  EXPECT_EQ(later.investor().investor_class(), events::v1::INVESTOR_CLASS_C1);
  EXPECT_EQ(later.product_version(), 3);
  EXPECT_THAT(PacksOf(later), ElementsAre("a.law 2", "b.firm 1"));
}

TEST(SuitabilityView, WhatIsNotKnownAtThatMomentStaysEmpty) {
  Unjudged test;
  test.Given(PackTold("a.law", 1, Day(9)), Recommended("R-1", "nothing", Day(2)));
  EXPECT_FALSE(test.Recommended("R-1").has_investor());
  EXPECT_EQ(test.Recommended("R-1").product_version(), 0);
  EXPECT_THAT(PacksOf(test.Recommended("R-1")), IsEmpty());
}

TEST(SuitabilityView, TakenDeclinedAndWithdrawnEndItAndReviewsFollow) {
  for (const auto result : {events::v1::RECOMMENDATION_RESULT_TAKEN, events::v1::RECOMMENDATION_RESULT_DECLINED,
                            events::v1::RECOMMENDATION_RESULT_WITHDRAWN}) {
    Unjudged test;
    test.Given(Recommended("R-1", "P-1", Day(0)),
               FollowedUp("R-1", events::v1::RECOMMENDATION_RESULT_REVIEWED, Day(1), -20));
    EXPECT_TRUE(IsOpen(test.Recommended("R-1")));
    EXPECT_THAT(test.Entries<OpenRecommendationsByClient>(), testing::SizeIs(1));
    test.Given(FollowedUp("R-1", result, Day(2)).With([](Event& event) {
      event.mutable_recommendation_followed_up()->mutable_cause()->set_value("too_dear");
    }),
               FollowedUp("R-1", events::v1::RECOMMENDATION_RESULT_REVIEWED, Day(90), 150));
    const Recommendation& row = test.Recommended("R-1");
    EXPECT_EQ(row.result(), result);
    EXPECT_EQ(FromProto(row.ended_at()), Day(2));
    EXPECT_EQ(row.cause().value(), "too_dear");
    ASSERT_EQ(row.reviews_size(), 2);
    EXPECT_EQ(row.reviews(1).outcome_bp(), 150);
    EXPECT_THAT(test.Entries<OpenRecommendationsByClient>(), IsEmpty());
    EXPECT_THAT(test.Entries<RecommendationsByClient>(), testing::SizeIs(1));
  }
}

TEST(SuitabilityView, OnlyTheLatestReviewsAreKept) {
  Unjudged test;
  test.Given(Recommended("R-1", "P-1", Day(0)));
  for (int i = 1; i <= kReviewsKept + 3; ++i)
    test.Given(FollowedUp("R-1", events::v1::RECOMMENDATION_RESULT_REVIEWED, Day(i), i));
  ASSERT_EQ(test.Recommended("R-1").reviews_size(), kReviewsKept);
  EXPECT_EQ(test.Recommended("R-1").reviews(0).outcome_bp(), 4);
}

TEST(SuitabilityView, PassedOnItIsFoundUnderBoth) {
  Unjudged test;
  test.Given(Recommended("R-1", "P-1", Day(0)), Recommended("R-2", "P-1", Day(1)),
             PassedOn(events::v1::WORK_KIND_RECOMMENDATION, "R-1", "S-1", "S-2"),
             PassedOn(events::v1::WORK_KIND_CASE, "R-2", "S-1", "S-2"));
  EXPECT_EQ(test.Recommended("R-1").staff_id(), "S-1") << "who made it stays who made it";
  EXPECT_EQ(test.Recommended("R-1").owner_id(), "S-2");
  EXPECT_EQ(test.Recommended("R-2").owner_id(), "S-1") << "a case of that name is none of it";
  const auto line = [](const std::string& staff, int day, const std::string& id) {
    return fmt::format("{}, {}, {}", staff, NewestFirst(Day(day)), id);
  };
  EXPECT_THAT(test.Entries<RecommendationsByStaff>(),
              ElementsAre(line("S-1", 1, "R-2"), line("S-1", 0, "R-1"), line("S-2", 0, "R-1")));
}

TEST(SuitabilityView, EachIndexIsNewestFirst) {
  Unjudged test;
  test.Given(Recommended("R-1", "P-1", Day(1)), Recommended("R-2", "P-2", Day(2)), Recommended("R-3", "P-1", Day(3)));
  const auto line = [](const std::string& head, int day, const std::string& id) {
    return fmt::format("{}{}, {}", head, NewestFirst(Day(day)), id);
  };
  EXPECT_THAT(test.Entries<RecommendationsByTime>(),
              ElementsAre(line("", 3, "R-3"), line("", 2, "R-2"), line("", 1, "R-1")));
  EXPECT_THAT(test.Entries<RecommendationsByClient>(),
              ElementsAre(line("C-1, ", 3, "R-3"), line("C-1, ", 2, "R-2"), line("C-1, ", 1, "R-1")));
  EXPECT_THAT(test.Entries<RecommendationsByProduct>(),
              ElementsAre(line("P-1, ", 3, "R-3"), line("P-1, ", 1, "R-1"), line("P-2, ", 2, "R-2")));
}

TEST(SuitabilityView, WhatTheViewLostIsParked) {
  for (const Draft& draft : {FollowedUp("R-1", events::v1::RECOMMENDATION_RESULT_TAKEN, Day(0)),
                             PassedOn(events::v1::WORK_KIND_RECOMMENDATION, "R-1", "S-1", "S-2")}) {
    Unjudged test;
    test.Given(draft);
    EXPECT_EQ(test.run().parked().at("C-1").reason, "recommendation_unknown");
    EXPECT_THAT(test.run().view().Rows("recommendations"), IsEmpty());
  }
  Unjudged twice;
  twice.Given(Recommended("R-1", "P-1", Day(0)), Recommended("R-1", "P-2", Day(0)));
  EXPECT_EQ(twice.run().parked().at("C-1").reason, "recommendation_exists");
  EXPECT_EQ(twice.Recommended("R-1").product_id(), "P-1");
}

TEST(SuitabilityView, AnUngradedInstrumentIsJudgedAsTheRiskiest) {
  Unjudged test;
  test.Given(ProductTold("P-1", 1, 0), Recommended("R-1", "P-1", Day(0)));
  EXPECT_EQ(test.Recommended("R-1").risk(), events::v1::RISK_LEVEL_R5);
}

TEST(SuitabilityView, AnInvestorHasOneMomentAndThoseBefore) {
  Unjudged test;
  test.Given(Assessed(2, Day(1)));
  EXPECT_EQ(test.InvestorOf("C-1").history_size(), 0);
  test.Given(Assessed(4, Day(9)), ClassifiedAs(events::v1::INVESTOR_STATUS_PROFESSIONAL, Day(10)),
             // Told late: neither is the present.
             Assessed(3, Day(5)), Assessed(1, Day(0)));
  const Investor& row = test.InvestorOf("C-1");
  EXPECT_EQ(row.now().investor_class(), events::v1::INVESTOR_CLASS_C4);
  EXPECT_EQ(row.now().status(), events::v1::INVESTOR_STATUS_PROFESSIONAL);
  std::vector<int> classes;
  for (const InvestorMoment& moment : row.history()) classes.push_back(moment.investor_class());
  EXPECT_THAT(classes, ElementsAre(4, 3, 2, 1));
  EXPECT_EQ(row.history(0).status(), events::v1::INVESTOR_STATUS_UNSPECIFIED) << "before it was professional";
  EXPECT_EQ(row.last_offset(), 4);
}

// However the news comes, the history is what sorting all of it by day gives.
TEST(SuitabilityProperty, HistoriesAreInTheOrderOfTheirDaysHoweverTheyAreTold) {
  for (const uint64_t seed : {81, 82, 83}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    std::vector<int> days(100);
    for (int d = 0; d < 100; ++d) days[d] = d;
    std::shuffle(days.begin(), days.end(), random);
    Unjudged test;
    for (const int day : days)
      test.Given(Assessed(1 + day % 5, Day(day)).Id(fmt::format("day-{}", day)));
    const Investor& row = test.InvestorOf("C-1");
    EXPECT_EQ(row.now().assessment_event_id(), "day-99");
    ASSERT_EQ(row.history_size(), kMomentsKept - 1);
    for (int i = 0; i < row.history_size(); ++i)
      EXPECT_EQ(row.history(i).assessment_event_id(), fmt::format("day-{}", 98 - i));
  }
}

TEST(SuitabilityView, GoldenDump) {
  Unjudged test;
  testkit::MakeRecommendationHistory(
      {.seed = 5, .clients = 4, .recommendations = 12, .wrong = 3}, [&](const Event& event) { test.Tell(event); },
      [](const testkit::RecommendationTruth&) {});
  test.Given(FollowedUp("R-2", events::v1::RECOMMENDATION_RESULT_TAKEN, Day(3)).Client("C-1"),
             PassedOn(events::v1::WORK_KIND_RECOMMENDATION, "R-3", "S-3", "S-4").Client("C-2"));
  testkit::ExpectGolden("projections/suitability/golden/suitability.txt", test.run().Dump());
}

}  // namespace
}  // namespace kefu::suitability
