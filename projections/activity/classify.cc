#include "projections/activity/classify.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "platform/base/time.h"
#include "platform/rules/churn_model.h"
#include "platform/rules/segment_rules.h"
#include "projections/activity/months.h"
#include "projections/sdk/branch_time.h"

namespace kefu::activity {
namespace {

using events::v1::ChurnModelPublished;
using events::v1::ClientFact;
using events::v1::SegmentRulesPublished;

// Which events a fact counts, and over how many whole months besides the present one; -1: since ever.
struct Behind {
  std::string_view filter;
  int32_t months = 0;
};

constexpr int32_t kEver = -1;

Behind BehindOf(ClientFact fact) {
  switch (fact) {
    case events::v1::CLIENT_FACT_ASSETS:
      return {R"(kind = "assets_valued")", kEver};
    case events::v1::CLIENT_FACT_ASSETS_PEAK_12M:
      return {R"(kind = "assets_valued")", 12};
    case events::v1::CLIENT_FACT_NET_INFLOW_3M:
      return {R"(kind = "assets_valued")", 3};
    case events::v1::CLIENT_FACT_TRADES_1M:
      return {R"(kind = "trading_day_summarised")", 1};
    case events::v1::CLIENT_FACT_TRADES_3M:
    case events::v1::CLIENT_FACT_TURNOVER_3M:
      return {R"(kind = "trading_day_summarised")", 3};
    case events::v1::CLIENT_FACT_TRADES_12M:
    case events::v1::CLIENT_FACT_TURNOVER_12M:
      return {R"(kind = "trading_day_summarised")", 12};
    case events::v1::CLIENT_FACT_DAYS_SINCE_TRADE:
      return {R"(kind = "trading_day_summarised")", kEver};
    case events::v1::CLIENT_FACT_DAYS_SINCE_CONTACT:
      return {R"(kind = "contact_recorded")", kEver};
    case events::v1::CLIENT_FACT_CONTACTS_IN_3M:
    case events::v1::CLIENT_FACT_CONTACTS_OUT_3M:
      return {R"(kind = "contact_recorded")", 3};
    case events::v1::CLIENT_FACT_COMPLAINTS_12M:
      return {R"(kind = "complaint_received")", 12};
    case events::v1::CLIENT_FACT_OPEN_COMPLAINTS:
      return {R"(kind = "complaint_received")", kEver};
    case events::v1::CLIENT_FACT_REQUESTS_12M:
      return {R"(kind = "service_request_opened")", 12};
    case events::v1::CLIENT_FACT_SATISFACTION_12M:
    case events::v1::CLIENT_FACT_RATINGS_12M:
      return {R"(kind = "satisfaction_rated")", 12};
    case events::v1::CLIENT_FACT_CLOCK_BREACHES_12M:
      return {R"(kind = "clock_breached")", 12};
    default:
      return {};
  }
}

absl::Time StartOf(int32_t month) {
  return absl::FromCivil(FirstDayOf(month), absl::UTCTimeZone()) - absl::Seconds(sdk::kBranchOffsetSeconds);
}

// "2026-05-01T00:00:00+08:00".
std::string BranchText(absl::Time time) {
  static_assert(sdk::kBranchOffsetSeconds % 3600 == 0 && sdk::kBranchOffsetSeconds > 0);
  const absl::CivilSecond at = sdk::BranchTimeOf(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}+{:02}:00", at.year(), at.month(), at.day(), at.hour(),
                     at.minute(), at.second(), sdk::kBranchOffsetSeconds / 3600);
}

bool Names(const events::v1::Expression& expression, ClientFact fact) {
  const auto facts = rules::FactsNamed(expression, rules::kFacts);
  return std::find(facts.begin(), facts.end(), fact) != facts.end();
}

std::vector<ClientFact> ReasonsOf(const SegmentRulesPublished& rules, std::optional<int> deciding) {
  if (deciding.has_value()) return rules::FactsNamed(rules.rules(*deciding).condition(), kMostReasons);
  std::vector<ClientFact> facts;
  for (const auto& rule : rules.rules())
    for (const ClientFact fact : rules::FactsNamed(rule.condition(), kMostReasons))
      if (facts.size() < kMostReasons && std::find(facts.begin(), facts.end(), fact) == facts.end())
        facts.push_back(fact);
  return facts;
}

}  // namespace

Facts FactsAt(const query::v1::ClientActivity& row, const ChurnModelPublished* model, absl::Time as_of) {
  const absl::CivilDay day = sdk::BranchDayOf(as_of);
  Facts facts = FactsOf(row, day, Resolution::kDay);
  if (model != nullptr)
    facts[events::v1::CLIENT_FACT_CHURN_SCORE] = rules::ScoreOf(*model, FactsOf(row, day, Resolution::kMonth));
  return facts;
}

const std::string& SegmentOf(const SegmentRulesPublished& rules, const Facts& facts) {
  static const std::string none;
  const std::optional<int> deciding = rules::DecidingRule(rules, facts);
  return deciding.has_value() ? rules.rules(*deciding).segment() : none;
}

bool UsesScore(const SegmentRulesPublished& rules) {
  return std::any_of(rules.rules().begin(), rules.rules().end(),
                     [](const auto& rule) { return Names(rule.condition(), events::v1::CLIENT_FACT_CHURN_SCORE); });
}

events::v1::ClientClassified Classify(const SegmentRulesPublished& rules, const ChurnModelPublished* model,
                                      const Facts& facts, absl::Time as_of) {
  events::v1::ClientClassified classified;
  classified.set_scheme(rules.scheme());
  classified.set_rules_version(rules.version());
  const std::optional<int> deciding = rules::DecidingRule(rules, facts);
  if (deciding.has_value()) classified.set_segment(rules.rules(*deciding).segment());
  *classified.mutable_as_of() = ToProto(as_of);
  for (const ClientFact fact : ReasonsOf(rules, deciding)) {
    auto& reason = *classified.add_reasons();
    reason.set_fact(fact);
    if (const auto number = static_cast<size_t>(fact); number < facts.size()) reason.set_value(facts[number]);
    reason.set_timeline_filter(TimelineFilterOf(fact, as_of));
  }
  if (model != nullptr && UsesScore(rules)) classified.set_model_version(model->version());
  return classified;
}

std::string EventIdOf(const events::v1::ClientClassified& classified, const std::string& client_id) {
  return fmt::format("class/{}/{}/{}/{}/{}", classified.scheme(), classified.rules_version(),
                     classified.model_version(), classified.as_of().seconds(), client_id);
}

std::string TimelineFilterOf(ClientFact fact, absl::Time as_of) {
  const Behind behind = BehindOf(fact);
  if (behind.filter.empty()) return {};
  std::string filter(behind.filter);
  if (behind.months != kEver) {
    const absl::Time from = StartOf(MonthOf(sdk::BranchDayOf(as_of)) - behind.months);
    filter += fmt::format(R"( AND occurred_time >= "{}")", BranchText(from));
  }
  return filter + fmt::format(R"( AND occurred_time <= "{}")", BranchText(as_of));
}

}  // namespace kefu::activity
