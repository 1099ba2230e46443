// What each row says of its moment, against folding the log up to it: once more, by other means.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <map>
#include <string>
#include <vector>

#include "platform/base/time.h"
#include "platform/testkit/recommendation_history.h"
#include "projections/sdk/suitability_rules.h"
#include "projections/suitability/suitability_testing.h"

namespace kefu::suitability {
namespace {

using events::v1::CalendarDate;
using events::v1::Event;
using testing::IsEmpty;
using testkit::RecommendationTruth;

std::string Text(const CalendarDate& date) {
  return fmt::format("{:04}-{:02}-{:02}", date.year(), date.month(), date.day());
}

// The moment of the recommendation at `offset`, from the log before it alone.
std::string RefoldedFrom(const std::vector<testkit::Delivery>& log, size_t offset) {
  const Event& made = log[offset].event;
  const auto day_of = [](const Event& event) {
    return absl::ToCivilDay(FromProto(event.occurred_at()) + absl::Hours(8), absl::UTCTimeZone());
  };
  const Event *assessed = nullptr, *classified = nullptr, *product = nullptr, *pack = nullptr;
  for (size_t i = 0; i < offset; ++i) {
    const Event& event = log[i].event;
    const bool same_client = event.client_id() == made.client_id();
    if (same_client && event.has_risk_assessed() && (assessed == nullptr || day_of(*assessed) <= day_of(event)))
      assessed = &event;
    if (same_client && event.has_investor_classified() &&
        (classified == nullptr || day_of(*classified) <= day_of(event)))
      classified = &event;
    if (event.has_service_product_published() &&
        event.service_product_published().product_id() == made.recommendation_made().product_id())
      product = &event;
    if (event.has_suitability_pack_published() &&
        FromProto(event.suitability_pack_published().effective_from()) <= FromProto(made.occurred_at()))
      pack = &event;
  }
  std::string moment;
  if (assessed != nullptr) {
    const auto& body = assessed->risk_assessed();
    moment += fmt::format("C{}{} on {} by {}", static_cast<int>(body.investor_class()), body.lowest() ? " lowest" : "",
                          absl::FormatCivilTime(day_of(*assessed)), assessed->event_id());
    if (body.has_valid_until()) moment += " until " + Text(body.valid_until());
  }
  if (classified != nullptr) {
    const auto& body = classified->investor_classified();
    moment += fmt::format(", status {} by {}", static_cast<int>(body.status()), classified->event_id());
    if (body.has_valid_until()) moment += " until " + Text(body.valid_until());
  }
  if (product != nullptr)
    moment += fmt::format(", R{} of version {}", static_cast<int>(product->service_product_published().risk()),
                          product->service_product_published().version());
  if (pack != nullptr) moment += fmt::format(", pack {}", pack->suitability_pack_published().version());
  return moment;
}

// The same as the row tells it.
std::string ToldBy(const Recommendation& row) {
  std::string moment;
  const auto& investor = row.investor();
  if (investor.has_assessed_on()) {
    moment += fmt::format("C{}{} on {} by {}", static_cast<int>(investor.investor_class()),
                          investor.lowest() ? " lowest" : "", Text(investor.assessed_on()),
                          investor.assessment_event_id());
    if (investor.has_valid_until()) moment += " until " + Text(investor.valid_until());
  }
  if (investor.has_classified_on()) {
    moment += fmt::format(", status {} by {}", static_cast<int>(investor.status()), investor.status_event_id());
    if (investor.has_status_valid_until()) moment += " until " + Text(investor.status_valid_until());
  }
  if (row.product_version() != 0)
    moment += fmt::format(", R{} of version {}", static_cast<int>(row.risk()), row.product_version());
  for (const auto& pack : row.packs()) moment += fmt::format(", pack {}", pack.version());
  return moment;
}

class Honesty : public testing::TestWithParam<uint64_t> {
 protected:
  void SetUp() override {
    testkit::MakeRecommendationHistory(
        {.seed = GetParam(), .clients = 30, .recommendations = 900, .wrong = 40},
        [&](const Event& event) { test_.Tell(event); },
        [&](const RecommendationTruth& truth) { truths_[truth.id] = truth; });
  }
  // Rows that do not say what the log says.
  std::vector<std::string> Lies(const std::vector<testkit::Delivery>& log) {
    std::vector<std::string> lies;
    for (const auto& [id, truth] : truths_) {
      const Recommendation& row = test_.Recommended(id);
      if (ToldBy(row) != RefoldedFrom(log, static_cast<size_t>(row.offset()))) lies.push_back(id);
    }
    return lies;
  }

  Unjudged test_;
  std::map<std::string, RecommendationTruth> truths_;
};

TEST_P(Honesty, EachRowSaysOfItsMomentWhatTheLogSays) {
  EXPECT_EQ(truths_.size(), 900u);
  EXPECT_THAT(test_.run().parked(), IsEmpty());
  EXPECT_THAT(Lies(test_.deliveries()), IsEmpty());
}

// The control: of another log the rows are not true.
TEST_P(Honesty, RowsOfAnotherLogAreFound) {
  auto other = test_.deliveries();
  int assessed = 0;
  for (auto& delivery : other)
    if (delivery.event.has_risk_assessed() && ++assessed % 10 == 0)
      delivery.event.mutable_risk_assessed()->set_lowest(!delivery.event.risk_assessed().lowest());
  EXPECT_GT(Lies(other).size(), 20u);
}

// Deciding it by the row gives what was true when it was made.
TEST_P(Honesty, DecidedByItsRowEachIsWhatItWasMadeUpToBe) {
  const auto first = testkit::RecommendationPack(1), second = testkit::RecommendationPack(2);
  int wrong = 0;
  for (const auto& [id, truth] : truths_) {
    const Recommendation& row = test_.Recommended(id);
    if (truth.rule == "product_unknown") {
      EXPECT_EQ(row.product_version(), 0);
      continue;
    }
    std::vector<const events::v1::SuitabilityPackPublished*> packs;
    for (const auto& pack : row.packs()) packs.push_back(pack.version() == 1 ? &first : &second);
    const auto verdict = sdk::JudgeSuitability(row.investor(), row.risk(), packs, FromProto(row.made_at()),
                                               row.has_insisted() ? &row.insisted() : nullptr);
    EXPECT_EQ(sdk::NameOf(verdict.refusal), truth.rule) << id << ": " << ToldBy(row);
    wrong += !truth.rule.empty();
  }
  EXPECT_EQ(wrong, 36) << "and four of products that there are not";
}

INSTANTIATE_TEST_SUITE_P(Seeds, Honesty, testing::Values(91, 92, 93));

}  // namespace
}  // namespace kefu::suitability
