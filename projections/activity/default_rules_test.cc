// The rules that come with Kefu (deploy/policies/segments.json): they can be published, and mean what their titles say.

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "platform/rules/segment_rules.h"
#include "projections/activity/classify.h"

namespace kefu::activity {
namespace {

using namespace events::v1;  // NOLINT: facts by their names
using google::protobuf::util::JsonStringToMessage;
using google::protobuf::util::MessageToJsonString;

std::map<std::string, SegmentRulesPublished> ReadAll() {
  std::map<std::string, SegmentRulesPublished> all;
  std::ostringstream text;
  text << std::ifstream("deploy/policies/segments.json").rdbuf();
  google::protobuf::ListValue list;
  const auto read = JsonStringToMessage(text.str(), &list);
  EXPECT_TRUE(read.ok()) << read.ToString();
  for (const auto& item : list.values()) {
    std::string json;
    EXPECT_TRUE(MessageToJsonString(item, &json).ok());
    SegmentRulesPublished rules;
    const auto parsed = JsonStringToMessage(json, &rules);
    EXPECT_TRUE(parsed.ok()) << parsed.ToString();
    const std::string scheme = rules.scheme();
    EXPECT_TRUE(all.emplace(scheme, std::move(rules)).second) << scheme << " is there twice";
  }
  return all;
}

TEST(DefaultRules, CanBePublished) {
  const auto all = ReadAll();
  EXPECT_EQ(all.size(), 6u);
  for (const auto& [scheme, rules] : all) {
    EXPECT_EQ(rules::CheckSegmentRules(rules), rules::RulesFault::kNone) << scheme;
    EXPECT_EQ(rules.version(), 0) << scheme << ": it becomes the next one";
    EXPECT_LE(scheme.size(), 24u);
    for (const auto& rule : rules.rules()) {
      EXPECT_LE(rule.segment().size(), 24u);
      EXPECT_LE(rules::FactsNamed(rule.condition(), 100).size(), kMostReasons) << "its reasons could not be told";
    }
  }
}

TEST(DefaultRules, MeanWhatTheirTitlesSay) {
  const auto all = ReadAll();
  using Given = std::map<ClientFact, int64_t>;
  struct Line {
    const char* scheme;
    Given facts;
    const char* segment;
  };
  const auto client = [](Given facts) {
    facts.emplace(CLIENT_FACT_KIND, CLIENT_KIND_PERSON);
    facts.emplace(CLIENT_FACT_STATUS, CLIENT_STATUS_ACTIVE);
    facts.emplace(CLIENT_FACT_DAYS_SINCE_REGISTRATION, 1000);
    facts.emplace(CLIENT_FACT_DAYS_SINCE_TRADE, 10);
    facts.emplace(CLIENT_FACT_ASSETS, 1'000'000);
    return facts;
  };
  const Line lines[] = {
      {"asset_tier", {{CLIENT_FACT_ASSETS, 600'000'000}}, "diamond"},
      {"asset_tier", {{CLIENT_FACT_ASSETS, 599'999'999}}, "platinum"},
      {"asset_tier", {{CLIENT_FACT_ASSETS, 99'999'999}}, "gold"},
      {"asset_tier", {{CLIENT_FACT_ASSETS, 29'999'999}}, "silver"},
      {"asset_tier", {{CLIENT_FACT_ASSETS, 0}}, "standard"},
      {"trading_frequency", {{CLIENT_FACT_TRADES_3M, 120}}, "very_active"},
      {"trading_frequency", {{CLIENT_FACT_TRADES_3M, 24}}, "active"},
      {"trading_frequency", {{CLIENT_FACT_TRADES_3M, 23}}, "regular"},
      {"trading_frequency", {{CLIENT_FACT_TRADES_3M, 1}}, "occasional"},
      {"trading_frequency", {}, "inactive"},
      {"life_cycle", {}, "prospect"},
      {"life_cycle", client({{CLIENT_FACT_STATUS, CLIENT_STATUS_CLOSED}}), "closed"},
      {"life_cycle", client({{CLIENT_FACT_DAYS_SINCE_REGISTRATION, 90}}), "new"},
      {"life_cycle", client({{CLIENT_FACT_ASSETS, 0}, {CLIENT_FACT_DAYS_SINCE_TRADE, 366}}), "lost"},
      {"life_cycle", client({{CLIENT_FACT_DAYS_SINCE_TRADE, 366}}), "dormant"},
      {"life_cycle", client({{CLIENT_FACT_ASSETS_PEAK_12M, 2'000'001}}), "declining"},
      {"life_cycle", client({{CLIENT_FACT_NET_INFLOW_3M, 100'000}}), "growing"},
      {"life_cycle", client({{CLIENT_FACT_NET_INFLOW_3M, 99'000}}), "mature"},
      {"rfm",
       {{CLIENT_FACT_DAYS_SINCE_TRADE, 30}, {CLIENT_FACT_TRADES_12M, 50}, {CLIENT_FACT_TURNOVER_12M, 100'000'000}},
       "champions"},
      {"rfm", {{CLIENT_FACT_DAYS_SINCE_TRADE, 60}, {CLIENT_FACT_TRADES_12M, 24}}, "loyal"},
      {"rfm", {{CLIENT_FACT_DAYS_SINCE_TRADE, 180}, {CLIENT_FACT_TURNOVER_12M, 100'000'000}}, "big_tickets"},
      {"rfm", {{CLIENT_FACT_DAYS_SINCE_TRADE, 5}, {CLIENT_FACT_TRADES_12M, 2}}, "promising"},
      {"rfm", {{CLIENT_FACT_DAYS_SINCE_TRADE, 91}, {CLIENT_FACT_TRADES_12M, 12}}, "at_risk"},
      {"rfm", {{CLIENT_FACT_DAYS_SINCE_TRADE, 181}}, "hibernating"},
      {"rfm", {{CLIENT_FACT_DAYS_SINCE_TRADE, 61}}, "steady"},
      {"satisfaction", {{CLIENT_FACT_RATINGS_12M, 1}, {CLIENT_FACT_SATISFACTION_12M, 2999}}, "unhappy"},
      {"satisfaction", {{CLIENT_FACT_OPEN_COMPLAINTS, 1}}, "unhappy"},
      {"satisfaction", {{CLIENT_FACT_RATINGS_12M, 3}, {CLIENT_FACT_SATISFACTION_12M, 4500}}, "happy"},
      {"satisfaction",
       {{CLIENT_FACT_RATINGS_12M, 3}, {CLIENT_FACT_SATISFACTION_12M, 4500}, {CLIENT_FACT_COMPLAINTS_12M, 1}},
       "content"},
      {"satisfaction", {}, "unknown"},
      {"churn_risk", {{CLIENT_FACT_CHURN_SCORE, -847'298}}, "high"},
      {"churn_risk", {{CLIENT_FACT_CHURN_SCORE, -2'197'225}}, "medium"},
      {"churn_risk", {{CLIENT_FACT_CHURN_SCORE, -2'197'226}}, "low"},
      {"churn_risk", {}, ""},
  };
  std::map<std::string, std::set<std::string>> met;
  for (const Line& line : lines) {
    Facts facts{};
    for (const auto& [fact, value] : line.facts) facts[static_cast<size_t>(fact)] = value;
    ASSERT_TRUE(all.contains(line.scheme)) << line.scheme;
    EXPECT_EQ(SegmentOf(all.at(line.scheme), facts), line.segment) << line.scheme;
    met[line.scheme].insert(line.segment);
  }
  for (const auto& [scheme, rules] : all)
    for (const auto& rule : rules.rules())
      EXPECT_TRUE(met[scheme].contains(rule.segment())) << scheme << " " << rule.segment() << " is not tested";
}

}  // namespace
}  // namespace kefu::activity
