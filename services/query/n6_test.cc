// Every recommendation of a past that nobody judged, decided again: exactly the wrong ones are found, each by its rule;
// and what would fail by a proposed matrix is what brute force says.

#include <map>
#include <set>

#include "platform/base/time.h"
#include "platform/testkit/recommendation_history.h"
#include "projections/suitability/suitability.h"
#include "services/query/query_testing.h"

namespace kefu::query {
namespace {

using events::v1::Event;
using events::v1::SuitabilityPackPublished;
using query::v1::RecheckRecommendationsRequest;
using query::v1::RecheckRecommendationsResponse;
using testkit::RecommendationTruth;

constexpr int kRecommendations = 20'000;
constexpr int kWrong = 137;

struct Rechecked {
  // By recommendation: the rules it breaks.
  std::map<std::string, std::string> failed, would_fail;
  query::v1::RecheckSummary summary;
  int progress = 0;
};

class N6 : public testing::Test {
 protected:
  // Once for all tests: the past is only read.
  static void SetUpTestSuite() {
    seed_ = Seed();
    // No admission: what it would have kept out is what is to be found.
    server_ = std::make_unique<QueryServer>(
        4, QueryOptions{}, std::vector<const sdk::Projection*>{&sdk::Describe<suitability::SuitabilityView>()}, false);
    testkit::MakeRecommendationHistory(
        {.seed = seed_, .clients = 600, .recommendations = kRecommendations, .wrong = kWrong},
        [](const Event& event) { server_->Publish(event); },
        [](const RecommendationTruth& truth) { truths_[truth.id] = truth; });
    server_->CatchUp();
  }
  static void TearDownTestSuite() {
    server_.reset();
    truths_.clear();
  }

  static Rechecked Recheck(RecheckRecommendationsRequest request = {}) {
    if (request.max_failures() == 0) request.set_max_failures(50'000);
    Rechecked found;
    Patient context(absl::Seconds(120));
    const auto reader = server_->suitability->RecheckRecommendations(&context, request);
    for (RecheckRecommendationsResponse response; reader->Read(&response);) {
      if (response.has_summary()) found.summary = response.summary();
      found.progress += response.has_progress();
      if (!response.has_failure()) continue;
      const auto& id = response.failure().recommendation().recommendation_id();
      if (!response.failure().rule().empty()) {
        EXPECT_TRUE(found.failed.emplace(id, response.failure().rule()).second) << id << " twice";
      }
      if (!response.failure().proposed_rule().empty()) {
        EXPECT_TRUE(found.would_fail.emplace(id, response.failure().proposed_rule()).second) << id << " twice";
      }
    }
    const auto status = reader->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
    return found;
  }

  static std::map<std::string, std::string> WrongOnes() {
    std::map<std::string, std::string> wrong;
    for (const auto& [id, truth] : truths_)
      if (!truth.rule.empty()) wrong[id] = truth.rule;
    return wrong;
  }

  static inline uint64_t seed_ = 0;
  static inline std::unique_ptr<QueryServer> server_;
  static inline std::map<std::string, RecommendationTruth> truths_;
};

TEST_F(N6, ExactlyTheWrongOnesAreFoundEachByItsRule) {
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed_));
  const Rechecked found = Recheck();
  const auto wrong = WrongOnes();
  ASSERT_EQ(wrong.size(), static_cast<size_t>(kWrong));
  EXPECT_EQ(found.failed, wrong);
  EXPECT_TRUE(found.would_fail.empty()) << "nothing was proposed";
  int insisted = 0;
  for (const auto& [id, truth] : truths_) insisted += truth.rule.empty() && truth.insisted;
  EXPECT_GT(insisted, 500);
  EXPECT_EQ(found.summary.recommendations(), kRecommendations);
  EXPECT_EQ(found.summary.failed(), kWrong);
  EXPECT_EQ(found.summary.insisted(), insisted);
  EXPECT_EQ(found.summary.suitable(), kRecommendations - kWrong - insisted);
  EXPECT_EQ(found.summary.would_fail(), 0);
  EXPECT_FALSE(found.summary.position().empty());
  std::set<std::string> rules;
  for (const auto& [id, rule] : wrong) rules.insert(rule);
  EXPECT_EQ(rules.size(), 7u) << "each kind of wrong is there";
}

TEST_F(N6, TellsHowFarItIs) {
  RecheckRecommendationsRequest request;
  EXPECT_GE(Recheck(request).progress, 1) << "after every 20,000 rows";
}

// The control: a matrix in which all fits everyone finds nothing of what broke the matrix, so what is found is found by
// it and not by the way the past was made up.
TEST_F(N6, ByAMatrixThatTakesEverythingNoMatrixIsBroken) {
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed_));
  RecheckRecommendationsRequest request;
  auto& pack = *request.add_proposed_packs();
  pack = testkit::RecommendationPack(1);
  pack.set_assessment_valid_months(1200);
  for (auto& row : *pack.mutable_rows()) {
    row.set_highest_risk(events::v1::RISK_LEVEL_R5);
    row.clear_highest_insisted_risk();
  }
  const Rechecked found = Recheck(request);
  EXPECT_EQ(found.failed, WrongOnes());
  EXPECT_LT(found.would_fail.size(), static_cast<size_t>(kWrong) * 2 / 3);
  for (const auto& [id, rule] : found.would_fail)
    EXPECT_TRUE(rule == "assessment_missing" || rule == "product_unknown" || truths_[id].valid_until.has_value())
        << id << " " << rule;
}

int LevelOf(events::v1::RiskLevel level) { return static_cast<int>(level); }

// What a pack says of one of them, from what was made up and by no code of ours.
std::string BruteForce(const RecommendationTruth& truth, const SuitabilityPackPublished& pack,
                       const std::map<std::string, int>& levels) {
  const auto proposed = levels.find(truth.product_id);
  const int level = proposed != levels.end() ? proposed->second : truth.level;
  if (level == 0) return "product_unknown";
  if (pack.professional_is_free() && truth.professional &&
      (!truth.professional_until || truth.day <= *truth.professional_until))
    return "";
  if (truth.investor_class == 0) return "assessment_missing";
  absl::CivilDay last;
  if (truth.valid_until) {
    last = *truth.valid_until;
  } else {
    // The day of the month, or the last before it that there is.
    const absl::CivilMonth month = absl::CivilMonth(truth.assessed) + pack.assessment_valid_months();
    for (int day = truth.assessed.day(); day > 0; --day)
      if (absl::CivilMonth(last = absl::CivilDay(month.year(), month.month(), day)) == month) break;
  }
  if (truth.day > last) return "assessment_expired";
  int fits = 0, insisting = 0;
  for (const auto& row : pack.rows()) {
    if (static_cast<int>(row.investor_class()) != truth.investor_class || row.lowest() != truth.lowest) continue;
    fits = LevelOf(row.highest_risk());
    insisting = LevelOf(row.highest_insisted_risk());
  }
  if (level <= fits) return "";
  if (!truth.insisted) return "unsuitable";
  if (level > insisting) return "insisting_not_allowed";
  return truth.evidence ? "" : "warning_without_evidence";
}

TEST_F(N6, WhatWouldFailByAProposalIsWhatBruteForceSays) {
  SCOPED_TRACE(fmt::format("KEFU_SEED={}", seed_));
  std::mt19937_64 random(seed_);
  size_t failed = 0;
  for (int round = 0; round < 6; ++round) {
    RecheckRecommendationsRequest request;
    auto& pack = *request.add_proposed_packs();
    pack = testkit::RecommendationPack(1);
    pack.set_assessment_valid_months(static_cast<int>(1 + random() % 36));
    pack.set_professional_is_free(random() % 2 == 0);
    for (int row = pack.rows_size() - 1; row >= 0; --row) {
      const auto highest = 1 + random() % 5;
      pack.mutable_rows(row)->set_highest_risk(static_cast<events::v1::RiskLevel>(highest));
      pack.mutable_rows(row)->set_highest_insisted_risk(
          static_cast<events::v1::RiskLevel>(random() % 2 == 0 ? 0 : highest + random() % (6 - highest)));
      if (random() % 10 == 0) pack.mutable_rows()->DeleteSubrange(row, 1);
    }
    if (pack.rows().empty()) continue;
    std::map<std::string, int> levels;
    for (int p = 0; p < 40; p += static_cast<int>(1 + random() % 10)) {
      const std::string product = fmt::format("P-{}", p);
      levels[product] = static_cast<int>(1 + random() % 5);
      auto& risk = *request.add_proposed_risks();
      risk.set_product_id(product);
      risk.set_risk(static_cast<events::v1::RiskLevel>(levels[product]));
    }
    std::map<std::string, std::string> expected;
    for (const auto& [id, truth] : truths_)
      if (const std::string rule = BruteForce(truth, pack, levels); !rule.empty()) expected[id] = rule;
    SCOPED_TRACE(request.ShortDebugString());
    const Rechecked found = Recheck(request);
    EXPECT_EQ(found.would_fail, expected);
    EXPECT_EQ(found.summary.would_fail(), static_cast<int64_t>(expected.size()));
    EXPECT_EQ(found.failed, WrongOnes()) << "what is proposed does not change what was";
    failed += expected.size();
  }
  EXPECT_GT(failed, 1000u);
}

TEST_F(N6, OnlyThoseOfTheSpanCountAndOnlySoManyAreSent) {
  const absl::CivilDay from(2024, 3, 1), until(2024, 9, 1);
  int in_span = 0, wrong = 0;
  for (const auto& [id, truth] : truths_) {
    if (truth.day < from || truth.day >= until) continue;
    ++in_span;
    wrong += !truth.rule.empty();
  }
  ASSERT_GT(wrong, 10);
  RecheckRecommendationsRequest request;
  const auto start = [](absl::CivilDay day) { return absl::FromCivil(day, absl::UTCTimeZone()) - absl::Hours(8); };
  *request.mutable_from() = ToProto(start(from));
  *request.mutable_until() = ToProto(start(until));
  request.set_max_failures(3);
  const Rechecked found = Recheck(request);
  EXPECT_EQ(found.summary.recommendations(), in_span);
  EXPECT_EQ(found.summary.failed(), wrong) << "all are counted";
  EXPECT_EQ(found.failed.size(), 3u);
}

TEST_F(N6, WhatCannotBeProposedIsRefused) {
  const auto refused = [](RecheckRecommendationsRequest request, std::string_view reason) {
    Patient context;
    const auto reader = server_->suitability->RecheckRecommendations(&context, request);
    RecheckRecommendationsResponse response;
    EXPECT_FALSE(reader->Read(&response));
    ExpectRefused(reader->Finish(), grpc::StatusCode::INVALID_ARGUMENT, reason);
  };
  RecheckRecommendationsRequest twice;
  *twice.add_proposed_packs() = testkit::RecommendationPack(1);
  *twice.add_proposed_packs() = testkit::RecommendationPack(2);
  refused(twice, "PACK_INVALID");
  RecheckRecommendationsRequest no_matrix;
  *no_matrix.add_proposed_packs() = testkit::RecommendationPack(1);
  no_matrix.mutable_proposed_packs(0)->mutable_rows(3)->set_lowest(true);
  refused(no_matrix, "PACK_INVALID");
  RecheckRecommendationsRequest no_level;
  no_level.add_proposed_risks()->set_product_id("P-1");
  refused(no_level, "RISK_INVALID");
  RecheckRecommendationsRequest too_many;
  too_many.set_max_failures(1'000'000);
  refused(too_many, "MAX_FAILURES_INVALID");
  RecheckRecommendationsRequest no_time;
  no_time.mutable_from()->set_nanos(-1);
  refused(no_time, "TIME_INVALID");
  RecheckRecommendationsRequest elsewhere;
  elsewhere.set_min_position("nowhere");
  refused(elsewhere, "POSITION_INVALID");
}

}  // namespace
}  // namespace kefu::query
