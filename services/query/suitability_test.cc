// What clients can bear, what may be recommended to them, and lists of what was.

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "platform/base/time.h"
#include "projections/sdk/suitability_rules.h"
#include "projections/suitability/suitability.h"
#include "services/query/filter.h"
#include "services/query/filter_fields.h"
#include "services/query/query_testing.h"

namespace kefu::query {
namespace {

using events::v1::Event;
using events::v1::InvestorClass;
using events::v1::RiskLevel;
using query::v1::CheckSuitabilityResponse;
using query::v1::Recommendation;
using testkit::Beginning;
using testkit::Draft;

absl::Time Day(int day) { return Beginning() + absl::Hours(24 * day); }

Draft Published(const std::function<void(Event&)>& fill) { return Draft().Client("").At(Day(0)).With(fill); }

Draft ProductTold(const std::string& id, int version, int level, bool withdrawn = false) {
  return Published([&](Event& event) {
    auto& body = *event.mutable_service_product_published();
    body.set_product_id(id);
    body.set_version(version);
    body.set_name("Product " + id);
    body.set_kind(events::v1::PRODUCT_KIND_INSTRUMENT);
    body.set_risk(static_cast<RiskLevel>(level));
    body.set_withdrawn(withdrawn);
  });
}

Draft PackTold(int version, absl::Time from, int months) {
  return Published([&](Event& event) {
    auto& body = *event.mutable_suitability_pack_published();
    body.set_pack_id("test");
    body.set_version(version);
    *body.mutable_effective_from() = ToProto(from);
    body.set_assessment_valid_months(months);
    body.set_professional_is_free(true);
    for (int level = 0; level <= 5; ++level) {
      auto& row = *body.add_rows();
      row.set_lowest(level == 0);
      row.set_investor_class(static_cast<InvestorClass>(std::max(level, 1)));
      row.set_highest_risk(static_cast<RiskLevel>(std::max(level, 1)));
      if (level > 0) row.set_highest_insisted_risk(events::v1::RISK_LEVEL_R5);
    }
  });
}

Draft Assessed(const std::string& client, int investor_class, absl::Time at, bool lowest = false) {
  return Draft().Client(client).At(at).With([&](Event& event) {
    event.mutable_risk_assessed()->set_investor_class(static_cast<InvestorClass>(investor_class));
    event.mutable_risk_assessed()->set_lowest(lowest);
  });
}
Draft Professional(const std::string& client, absl::Time at) {
  return Draft().Client(client).At(at).With([](Event& event) {
    event.mutable_investor_classified()->set_status(events::v1::INVESTOR_STATUS_PROFESSIONAL);
  });
}
Draft Recommended(const std::string& client, const std::string& id, const std::string& product, absl::Time at,
                  const std::string& staff = "S-1") {
  return Draft().Client(client).At(at).Branch("0001").With([&](Event& event) {
    auto& body = *event.mutable_recommendation_made();
    body.set_recommendation_id(id);
    body.set_product_id(product);
    body.set_staff_id(staff);
  });
}

// A firm whose staff may recommend, with products P-1 to P-5 of levels R1 to R5.
class SuitabilityTest : public testing::Test {
 protected:
  SuitabilityTest() {
    server_.Publish(Published([](Event& event) {
      event.mutable_unit_published()->set_unit_id("B-1");
      event.mutable_unit_published()->set_level(events::v1::UNIT_LEVEL_BRANCH);
    }));
    for (const char* staff : {"S-1", "S-2", "S-3"}) {
      server_.Publish(Published([&](Event& event) {
        event.mutable_staff_published()->set_staff_id(staff);
        event.mutable_staff_published()->set_unit_id("B-1");
      }));
      server_.Publish(Published([&](Event& event) {
        auto& body = *event.mutable_qualification_recorded();
        body.set_staff_id(staff);
        body.mutable_qualification()->set_value("investment_adviser");
        body.mutable_valid_from()->set_year(2020);
        body.mutable_valid_from()->set_month(1);
        body.mutable_valid_from()->set_day(1);
        body.add_permitted_acts(events::v1::STAFF_ACT_RECOMMEND);
      }));
    }
    for (int level = 1; level <= 5; ++level) server_.Publish(ProductTold(fmt::format("P-{}", level), 1, level));
    server_.Publish(PackTold(1, Day(0), 24));
  }

  void Register(const std::string& client) {
    server_.Publish(testkit::Registered("someone").Client(client).At(Day(0)));
  }

  grpc::Status Check(const std::string& client, const std::string& product, absl::Time at,
                     CheckSuitabilityResponse* response) {
    query::v1::CheckSuitabilityRequest request;
    request.set_name("clients/" + client);
    request.set_product(product);
    *request.mutable_at() = ToProto(at);
    Patient context;
    return server_.suitability->CheckSuitability(&context, request, response);
  }
  std::string RuleOf(const std::string& client, const std::string& product, absl::Time at) {
    CheckSuitabilityResponse response;
    const auto status = Check(client, product, at, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.suitable(), response.rule().empty());
    return response.rule();
  }
  // The rule by which admission refuses the event; empty: applied.
  std::string VerdictOn(const Draft& draft) {
    const Partition home(PartitionForKey(draft.event().client_id(), server_.engine().partitions()));
    server_.Publish(draft);
    server_.CatchUp();
    const Offset offset(server_.log().EndOffset(home)->value() - 1);
    return server_.engine().VerdictAt(home, offset)->rule();
  }

  QueryServer server_{3, {.max_rows_examined = 29}};
};

TEST_F(SuitabilityTest, ToAskBeforeIsToHearWhatAdmissionWouldSay) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  std::mt19937_64 random(seed);
  server_.Publish(PackTold(2, Day(400), 12));
  server_.Publish(ProductTold("P-4", 2, 4, /*withdrawn=*/true));
  for (int c = 0; c < 24; ++c) {
    const std::string client = fmt::format("C-{}", c);
    if (c > 0) Register(client);
    if (c % 6 != 1) server_.Publish(Assessed(client, static_cast<int>(1 + random() % 5), Day(10), random() % 3 == 0));
    if (c % 7 == 3) server_.Publish(Professional(client, Day(11)));
    if (c % 11 == 5)
      server_.Publish(testkit::StatusChanged(events::v1::CLIENT_STATUS_CLOSED).Client(client).At(Day(12)));
  }
  server_.CatchUp();
  std::map<std::string, int> rules;
  for (int i = 0; i < 250; ++i) {
    const std::string client = fmt::format("C-{}", random() % 24);
    const std::string product = fmt::format("P-{}", 1 + random() % 5);
    // In the term of either pack, or of none; before and after the assessment ran out.
    const absl::Time at = Day(std::array{-1, 20, 360, 380, 401, 700}[random() % 6]);
    const std::string told = RuleOf(client, product, at);
    EXPECT_EQ(told, VerdictOn(Recommended(client, fmt::format("R-{}", i), product, at)))
        << client << " " << product << " " << FormatRfc3339(at);
    ++rules[told];
  }
  for (const char* rule : {"", "client_unknown", "client_closed", "product_withdrawn", "suitability_pack_missing",
                           "assessment_missing", "assessment_expired", "unsuitable"})
    EXPECT_GT(rules[rule], 0) << rule;
}

TEST_F(SuitabilityTest, ACheckTellsWhatItJudgedWith) {
  Register("C-1");
  server_.Publish(Assessed("C-1", 2, Day(1)));
  server_.CatchUp();
  CheckSuitabilityResponse response;
  ASSERT_TRUE(Check("C-1", "P-3", Day(2), &response).ok());
  EXPECT_FALSE(response.suitable());
  EXPECT_TRUE(response.may_insist());
  EXPECT_EQ(response.rule(), "unsuitable");
  EXPECT_EQ(response.investor().investor_class(), events::v1::INVESTOR_CLASS_C2);
  EXPECT_EQ(response.risk(), events::v1::RISK_LEVEL_R3);
  EXPECT_EQ(response.product_version(), 1);
  ASSERT_EQ(response.packs_size(), 1);
  EXPECT_EQ(response.packs(0).version(), 1);
  EXPECT_FALSE(response.position().empty());
}

TEST_F(SuitabilityTest, AProductIsFoundByIdNameAndAlias) {
  Register("C-1");
  server_.Publish(Assessed("C-1", 2, Day(1)));
  server_.Publish(Published([](Event& event) {
    event.mutable_product_alias_published()->set_alias("穩健一號");
    event.mutable_product_alias_published()->set_product_id("P-2");
  }));
  server_.CatchUp();
  for (const char* name : {"P-2", "Product P-2", "product p-2", "穩健一號"}) {
    CheckSuitabilityResponse response;
    ASSERT_TRUE(Check("C-1", name, Day(2), &response).ok()) << name;
    EXPECT_EQ(response.product_id(), "P-2") << name;
    EXPECT_TRUE(response.suitable()) << name;
  }
  CheckSuitabilityResponse response;
  ExpectRefused(Check("C-1", "P-404", Day(2), &response), grpc::StatusCode::NOT_FOUND, "PRODUCT_NOT_FOUND");
  ExpectRefused(Check("C-1", "", Day(2), &response), grpc::StatusCode::INVALID_ARGUMENT, "PRODUCT_MISSING");
  ExpectRefused(Check("", "P-2", Day(2), &response), grpc::StatusCode::INVALID_ARGUMENT, "NAME_INVALID");
}

// What is shipped in deploy/policies: admission takes it, it says where its values are from, and it is the matrix that
// the tests of the rule have as a table.
TEST_F(SuitabilityTest, TheShippedPackIsTheMatrixOfTheTable) {
  std::stringstream text;
  text << std::ifstream("deploy/policies/suitability.cn.sac.suitability.json").rdbuf();
  Event event = Published([](Event&) {}).event();
  event.set_event_id("shipped");
  event.set_source("test");
  auto& pack = *event.mutable_suitability_pack_published();
  const auto parsed = google::protobuf::util::JsonStringToMessage(text.str(), &pack);
  ASSERT_TRUE(parsed.ok()) << "run from the top of the checkout; " << parsed.ToString();
  EXPECT_FALSE(pack.source().empty());
  EXPECT_FALSE(pack.confirmed()) << "not all of it was read in the text";
  server_.Publish(event);
  server_.CatchUp();
  const Offset offset(server_.log().EndOffset(Partition(0))->value() - 1);
  EXPECT_EQ(server_.engine().VerdictAt(Partition(0), offset)->outcome(), events::v1::VERDICT_OUTCOME_APPLIED);

  std::ifstream table("projections/sdk/testdata/suitability.txt");
  int cells = 0;
  std::string part;
  for (std::string line; std::getline(table, line);) {
    if (line.starts_with("== ")) part = line;
    if (part != "== matrix" || line.empty() || line[0] == '#' || line[0] == '=') continue;
    std::stringstream words(line);
    std::string name, expected;
    words >> name;
    query::v1::InvestorMoment investor;
    investor.set_lowest(name == "lowest");
    investor.set_investor_class(static_cast<InvestorClass>(name == "lowest" ? 1 : name[1] - '0'));
    investor.mutable_assessed_on()->set_year(2026);
    investor.mutable_assessed_on()->set_month(3);
    investor.mutable_assessed_on()->set_day(1);
    for (int level = 1; words >> expected; ++level, ++cells) {
      const auto verdict = sdk::JudgeSuitability(investor, static_cast<RiskLevel>(level), {{&pack}}, Day(1));
      EXPECT_EQ(verdict.fits ? "fits" : verdict.may_insist ? "insist" : "never", expected) << name << " R" << level;
    }
  }
  EXPECT_EQ(cells, 30);
}

TEST_F(SuitabilityTest, AnInvestorIsThePresentAndWhatCameBefore) {
  Register("C-1");
  server_.Publish(Assessed("C-1", 2, Day(1)));
  server_.Publish(Assessed("C-1", 4, Day(9)));
  server_.CatchUp();
  query::v1::GetInvestorRequest request;
  request.set_name("clients/C-1");
  query::v1::Investor investor;
  {
    Patient context;
    ASSERT_TRUE(server_.suitability->GetInvestor(&context, request, &investor).ok());
  }
  EXPECT_EQ(investor.now().investor_class(), events::v1::INVESTOR_CLASS_C4);
  ASSERT_EQ(investor.history_size(), 1);
  EXPECT_EQ(investor.history(0).investor_class(), events::v1::INVESTOR_CLASS_C2);
  EXPECT_FALSE(investor.position().empty());
  Patient context;
  request.set_name("clients/C-404");
  ExpectRefused(server_.suitability->GetInvestor(&context, request, &investor), grpc::StatusCode::NOT_FOUND,
                "INVESTOR_NOT_FOUND");
}

TEST_F(SuitabilityTest, RecordsThatWereMergedAreOneInvestorAndOneList) {
  for (const char* client : {"C-1", "C-2"}) Register(client);
  server_.Publish(Assessed("C-1", 2, Day(1)));
  server_.Publish(Assessed("C-2", 4, Day(5)));
  server_.Publish(Professional("C-1", Day(6)));
  server_.Publish(Recommended("C-1", "R-1", "P-1", Day(7)));
  server_.Publish(Recommended("C-2", "R-2", "P-1", Day(8)));
  server_.Publish(testkit::Merged("C-1", "C-2").Id("m1").At(Day(9)));
  server_.CatchUp();
  query::v1::GetInvestorRequest of_one;
  of_one.set_name("clients/C-2");
  query::v1::Investor investor;
  {
    Patient context;
    ASSERT_TRUE(server_.suitability->GetInvestor(&context, of_one, &investor).ok());
  }
  EXPECT_EQ(investor.client_id(), "C-1");
  EXPECT_EQ(investor.now().investor_class(), events::v1::INVESTOR_CLASS_C4);
  EXPECT_EQ(investor.now().status(), events::v1::INVESTOR_STATUS_PROFESSIONAL);
  query::v1::ListRecommendationsRequest list;
  list.set_parent("clients/C-1");
  query::v1::ListRecommendationsResponse listed;
  {
    Patient context;
    ASSERT_TRUE(server_.suitability->ListRecommendations(&context, list, &listed).ok());
  }
  ASSERT_EQ(listed.recommendations_size(), 2);
  EXPECT_EQ(listed.recommendations(0).recommendation_id(), "R-2");
  query::v1::GetRecommendationRequest get;
  get.set_name("clients/C-1/recommendations/R-2");
  Recommendation one;
  Patient context;
  ASSERT_TRUE(server_.suitability->GetRecommendation(&context, get, &one).ok());
  EXPECT_EQ(one.client_id(), "C-2");
}

TEST_F(SuitabilityTest, OneRecommendationByItsName) {
  Register("C-1");
  Register("C-2");
  server_.Publish(Assessed("C-1", 2, Day(1)));
  server_.Publish(Recommended("C-1", "R-1", "P-1", Day(2)));
  server_.CatchUp();
  const auto get = [&](const std::string& name, Recommendation* one) {
    query::v1::GetRecommendationRequest request;
    request.set_name(name);
    Patient context;
    return server_.suitability->GetRecommendation(&context, request, one);
  };
  Recommendation one;
  ASSERT_TRUE(get("clients/C-1/recommendations/R-1", &one).ok());
  EXPECT_EQ(one.product_id(), "P-1");
  for (const char* name : {"clients/C-1/recommendations/R-2", "clients/C-2/recommendations/R-1"})
    ExpectRefused(get(name, &one), grpc::StatusCode::NOT_FOUND, "RECOMMENDATION_NOT_FOUND");
  for (const char* name : {"", "clients//recommendations/R-1", "clients/C-1/recommendations/", "R-1"})
    ExpectRefused(get(name, &one), grpc::StatusCode::INVALID_ARGUMENT, "NAME_INVALID");
}

TEST_F(SuitabilityTest, ListsAreWhatBruteForceGivesWhateverIndexIsChosen) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed));
  std::mt19937_64 random(seed);
  for (int c = 0; c < 8; ++c) {
    Register(fmt::format("C-{}", c));
    server_.Publish(Assessed(fmt::format("C-{}", c), 5, Day(1)));
  }
  std::set<int> used;
  for (int i = 0; i < 120; ++i) {
    const std::string client = fmt::format("C-{}", random() % 8), id = fmt::format("R-{}", i);
    // No two at one moment: their order is then that of time alone.
    const int minute = static_cast<int>(random() % 500'000);
    if (!used.insert(minute).second) continue;
    server_.Publish(Recommended(client, id, fmt::format("P-{}", 1 + random() % 5), Day(2) + absl::Minutes(minute),
                                fmt::format("S-{}", 1 + random() % 3)));
    if (random() % 4 == 0)
      server_.Publish(Draft().Client(client).At(Day(500)).With([&](Event& event) {
        auto& body = *event.mutable_work_reassigned();
        body.set_kind(events::v1::WORK_KIND_RECOMMENDATION);
        body.set_work_id(id);
        body.set_to_staff_id(fmt::format("S-{}", 1 + random() % 3));
      }));
    if (random() % 2 == 0)
      server_.Publish(Draft().Client(client).At(Day(501)).With([&](Event& event) {
        event.mutable_recommendation_followed_up()->set_recommendation_id(id);
        event.mutable_recommendation_followed_up()->set_result(
            static_cast<events::v1::RecommendationResult>(1 + random() % 4));
      }));
  }
  server_.CatchUp();
  std::vector<Recommendation> stored;
  for (int32_t p = 0; p < server_.engine().partitions(); ++p) {
    const auto rows = server_.engine().At(Partition(p))->Scan("suitability", "recommendations", {}, {});
    for (; (*rows)->Valid(); (*rows)->Next())
      ASSERT_TRUE(stored.emplace_back().ParseFromString(std::string((*rows)->value())));
  }
  ASSERT_GT(stored.size(), 100u);
  std::sort(stored.begin(), stored.end(), [](const Recommendation& a, const Recommendation& b) {
    return FromProto(a.made_at()) > FromProto(b.made_at());
  });
  const std::string terms[] = {"",
                               "open = true",
                               "open = false",
                               "staff_id = \"S-1\"",
                               "owner_id = \"S-2\"",
                               "staff_id = \"S-1\" AND owner_id = \"S-2\"",
                               "product_id = \"P-3\"",
                               "product_id = \"P-3\" AND open = true",
                               "risk = R5",
                               "result = TAKEN OR result = DECLINED",
                               "insisted = true",
                               "client_id = \"C-3\"",
                               "recommendation_id = \"R-7\"",
                               "branch_id = \"0001\" AND made_time > 2026-06-01T00:00:00Z"};
  for (const std::string& term : terms)
    for (const char* parent : {"clients/-", "clients/C-1", "clients/C-404"}) {
      SCOPED_TRACE(fmt::format("{} {}", parent, term));
      const auto filter = Filter::Parse(term, RecommendationFields());
      ASSERT_TRUE(filter.ok()) << ToString(filter.status());
      std::vector<std::string> expected;
      for (const Recommendation& row : stored)
        if (filter->Matches(row) && (std::string_view(parent) == "clients/-" || parent == "clients/" + row.client_id()))
          expected.push_back(row.recommendation_id());
      query::v1::ListRecommendationsRequest request;
      request.set_parent(parent);
      request.set_filter(term);
      request.set_page_size(7);
      request.set_show_total_size(true);
      std::vector<std::string> got;
      do {
        Patient context;
        query::v1::ListRecommendationsResponse response;
        const auto status = server_.suitability->ListRecommendations(&context, request, &response);
        ASSERT_TRUE(status.ok()) << status.error_message();
        EXPECT_EQ(response.total_size(), static_cast<int64_t>(expected.size()));
        for (const auto& row : response.recommendations()) got.push_back(row.recommendation_id());
        request.set_page_token(response.next_page_token());
      } while (!request.page_token().empty());
      EXPECT_EQ(got, expected);
    }
}

}  // namespace
}  // namespace kefu::query
