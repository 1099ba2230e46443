// What rules propose: conditions, rests and suitability against a naive evaluation, reasons, order.

#include "services/query/next_actions.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include "platform/base/time.h"
#include "platform/rules/expression.h"
#include "projections/activity/classify.h"
#include "projections/sdk/branch_time.h"
#include "projections/sdk/suitability_rules.h"

namespace kefu::query {
namespace {

using events::v1::ClientFact;
using events::v1::Expression;
using query::v1::NextAction;
using testing::ElementsAre;
using testing::IsEmpty;

const absl::Time kNow = absl::FromUnixSeconds(1'772'600'000);

int32_t DaysAgo(int days) {
  return static_cast<int32_t>(sdk::BranchDayOf(kNow) - absl::CivilDay(1970, 1, 1)) - days;
}

Expression Constant(int64_t number) {
  Expression expression;
  expression.set_constant(number);
  return expression;
}
Expression Fact(ClientFact fact) {
  Expression expression;
  expression.set_fact(fact);
  return expression;
}
Expression Apply(events::v1::Operator op, const Expression& a, const Expression& b) {
  Expression expression;
  expression.mutable_operation()->set_operator_(op);
  *expression.mutable_operation()->add_operands() = a;
  *expression.mutable_operation()->add_operands() = b;
  return expression;
}
Expression AtLeast(ClientFact fact, int64_t bound) {
  return Apply(events::v1::OPERATOR_LESS_OR_EQUAL, Constant(bound), Fact(fact));
}

events::v1::NextActionRule& AddRule(NextActionRules& rules, const std::string& action_id, const Expression& condition,
                                    const Expression& priority, const std::string& product_id = {}) {
  if (!rules.rules.has_value()) rules.rules.emplace().set_version(3);
  auto& rule = *rules.rules->add_rules();
  rule.set_action_id(action_id);
  rule.set_title("title of " + action_id);
  *rule.mutable_condition() = condition;
  *rule.mutable_priority() = priority;
  rule.set_product_id(product_id);
  return rule;
}

void AddProduct(NextActionRules& rules, const std::string& id, events::v1::RiskLevel risk) {
  auto& product = rules.products[id];
  product.set_product_id(id);
  product.set_kind(events::v1::PRODUCT_KIND_INSTRUMENT);
  product.set_risk(risk);
}

// C1 bears R1, C5 bears R5; all may insist on R5.
void AddPack(NextActionRules& rules) {
  auto& pack = rules.packs.emplace_back();
  pack.set_pack_id("test");
  pack.set_version(1);
  pack.set_assessment_valid_months(24);
  for (int level = 1; level <= 5; ++level) {
    auto& row = *pack.add_rows();
    row.set_investor_class(static_cast<events::v1::InvestorClass>(level));
    row.set_highest_risk(static_cast<events::v1::RiskLevel>(level));
    row.set_highest_insisted_risk(events::v1::RISK_LEVEL_R5);
  }
}

ClientSituation Client(const std::string& id, int contact_days_ago, int open_complaints = 0) {
  ClientSituation client;
  client.activity.set_client_id(id);
  client.activity.set_status(events::v1::CLIENT_STATUS_ACTIVE);
  client.activity.set_last_contact_day(DaysAgo(contact_days_ago));
  client.activity.set_open_complaints(open_complaints);
  return client;
}

void Assess(ClientSituation& client, int investor_class) {
  client.investor.set_investor_class(static_cast<events::v1::InvestorClass>(investor_class));
  const absl::CivilDay day = sdk::BranchDayOf(kNow) - 30;
  client.investor.mutable_assessed_on()->set_year(static_cast<int32_t>(day.year()));
  client.investor.mutable_assessed_on()->set_month(day.month());
  client.investor.mutable_assessed_on()->set_day(day.day());
}

void Answer(ClientSituation& client, const std::string& action_id, absl::Time at) {
  auto& entry = *client.answers.add_actions();
  entry.set_action_id(action_id);
  *entry.mutable_answered_at() = ToProto(at);
}

std::vector<std::string> Ids(const std::vector<NextAction>& actions) {
  std::vector<std::string> ids;
  for (const auto& action : actions) ids.push_back(action.action_id());
  return ids;
}

TEST(NextActions, AreProposedWithRuleFactsAndValues) {
  NextActionRules rules;
  AddRule(rules, "call", AtLeast(events::v1::CLIENT_FACT_DAYS_SINCE_CONTACT, 60),
          Apply(events::v1::OPERATOR_ADD, Fact(events::v1::CLIENT_FACT_DAYS_SINCE_CONTACT),
                Fact(events::v1::CLIENT_FACT_OPEN_COMPLAINTS)));
  EXPECT_THAT(NextActionsOf(rules, Client("C-1", 59), kNow), IsEmpty());
  const auto actions = NextActionsOf(rules, Client("C-1", 60, 2), kNow);
  ASSERT_EQ(actions.size(), 1u);
  const NextAction& action = actions.front();
  EXPECT_EQ(action.client_id(), "C-1");
  EXPECT_EQ(action.action_id(), "call");
  EXPECT_EQ(action.title(), "title of call");
  EXPECT_EQ(action.priority(), 62);
  EXPECT_EQ(action.rules_version(), 3);
  ASSERT_EQ(action.reasons_size(), 2) << "each fact once";
  EXPECT_EQ(action.reasons(0).fact(), events::v1::CLIENT_FACT_DAYS_SINCE_CONTACT);
  EXPECT_EQ(action.reasons(0).value(), 60);
  EXPECT_EQ(action.reasons(0).timeline_filter(),
            activity::TimelineFilterOf(events::v1::CLIENT_FACT_DAYS_SINCE_CONTACT, kNow));
  EXPECT_EQ(action.reasons(1).fact(), events::v1::CLIENT_FACT_OPEN_COMPLAINTS);
  EXPECT_EQ(action.reasons(1).value(), 2);
}

TEST(NextActions, WithoutRulesOrForAClosedClientThereAreNone) {
  NextActionRules rules;
  EXPECT_THAT(NextActionsOf(rules, Client("C-1", 60), kNow), IsEmpty());
  AddRule(rules, "call", Constant(1), Constant(0));
  ClientSituation closed = Client("C-1", 60);
  EXPECT_THAT(Ids(NextActionsOf(rules, closed, kNow)), ElementsAre("call"));
  closed.activity.set_status(events::v1::CLIENT_STATUS_CLOSED);
  EXPECT_THAT(NextActionsOf(rules, closed, kNow), IsEmpty());
}

TEST(NextActions, AnAnsweredOneRestsAsLongAsItsRuleSays) {
  NextActionRules rules;
  AddRule(rules, "call", Constant(1), Constant(0)).set_rests_days(30);
  AddRule(rules, "write", Constant(1), Constant(0)).set_rests_days(0);
  ClientSituation client = Client("C-1", 60);
  Answer(client, "call", kNow);
  Answer(client, "write", kNow);
  EXPECT_THAT(Ids(NextActionsOf(rules, client, kNow)), ElementsAre("write"));
  EXPECT_THAT(Ids(NextActionsOf(rules, client, kNow + absl::Hours(24 * 30) - absl::Seconds(1))), ElementsAre("write"));
  EXPECT_THAT(Ids(NextActionsOf(rules, client, kNow + absl::Hours(24 * 30))), ElementsAre("call", "write"));
}

TEST(NextActions, OfEveryClassAndLevelOnlyWhatFitsIsProposed) {
  NextActionRules rules;
  AddPack(rules);
  for (int level = 1; level <= 5; ++level) {
    AddProduct(rules, fmt::format("R{}", level), static_cast<events::v1::RiskLevel>(level));
    AddRule(rules, fmt::format("offer-r{}", level), Constant(1), Constant(0), fmt::format("R{}", level));
  }
  for (int investor_class = 1; investor_class <= 5; ++investor_class) {
    ClientSituation client = Client("C-1", 1);
    Assess(client, investor_class);
    std::vector<std::string> fitting;
    for (int level = 1; level <= investor_class; ++level) fitting.push_back(fmt::format("offer-r{}", level));
    EXPECT_EQ(Ids(NextActionsOf(rules, client, kNow)), fitting)
        << "insisting is allowed up to R5, and nothing is proposed on the strength of it";
  }
  EXPECT_THAT(NextActionsOf(rules, Client("C-1", 1), kNow), IsEmpty()) << "never assessed";
  ClientSituation old = Client("C-1", 1);
  Assess(old, 5);
  EXPECT_THAT(NextActionsOf(rules, old, kNow + absl::Hours(24 * 800)), IsEmpty()) << "assessed too long ago";
}

TEST(NextActions, AProductThatIsUnknownOrWithdrawnIsNotOffered) {
  NextActionRules rules;
  AddPack(rules);
  AddProduct(rules, "PR-1", events::v1::RISK_LEVEL_R1);
  AddRule(rules, "known", Constant(1), Constant(0), "PR-1");
  AddRule(rules, "unknown", Constant(1), Constant(0), "PR-2");
  ClientSituation client = Client("C-1", 1);
  Assess(client, 3);
  EXPECT_THAT(Ids(NextActionsOf(rules, client, kNow)), ElementsAre("known"));
  rules.products["PR-1"].set_withdrawn(true);
  EXPECT_THAT(NextActionsOf(rules, client, kNow), IsEmpty());
  rules.products["PR-1"].set_withdrawn(false);
  rules.packs.clear();
  EXPECT_THAT(NextActionsOf(rules, client, kNow), IsEmpty()) << "nothing says what fits";
}

TEST(NextActions, AgreeWithLookingAtEachRuleOneByOne) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  const auto below = [&](int bound) { return static_cast<int>(random() % static_cast<uint64_t>(bound)); };
  int proposed = 0, unsuitable = 0, resting = 0;
  for (int round = 0; round < 2'000; ++round) {
    NextActionRules rules;
    AddPack(rules);
    struct Plain {
      int at_least, rests, level;
    };
    std::vector<Plain> plain;
    for (int i = 0; i < 1 + below(8); ++i) {
      const Plain rule{below(100), below(40), below(6)};
      const std::string product = rule.level == 0 ? "" : fmt::format("R{}", rule.level);
      if (rule.level > 0) AddProduct(rules, product, static_cast<events::v1::RiskLevel>(rule.level));
      AddRule(rules, fmt::format("a{}", i), AtLeast(events::v1::CLIENT_FACT_DAYS_SINCE_CONTACT, rule.at_least),
              Constant(i), product)
          .set_rests_days(rule.rests);
      plain.push_back(rule);
    }
    const int contact_days_ago = below(100), investor_class = below(6);
    ClientSituation client = Client("C-1", contact_days_ago);
    if (investor_class > 0) Assess(client, investor_class);
    std::vector<int> answered_days_ago(plain.size(), -1);
    for (size_t i = 0; i < plain.size(); ++i) {
      if (below(2) == 0) continue;
      answered_days_ago[i] = below(50);
      Answer(client, fmt::format("a{}", i), kNow - absl::Hours(24) * answered_days_ago[i]);
    }
    std::vector<std::string> expected;
    for (size_t i = 0; i < plain.size(); ++i) {
      if (contact_days_ago < plain[i].at_least) continue;
      if (answered_days_ago[i] >= 0 && answered_days_ago[i] < plain[i].rests) {
        ++resting;
        continue;
      }
      if (plain[i].level > 0 && (investor_class == 0 || plain[i].level > investor_class)) {
        ++unsuitable;
        continue;
      }
      expected.push_back(fmt::format("a{}", i));
      ++proposed;
    }
    ASSERT_EQ(Ids(NextActionsOf(rules, client, kNow)), expected) << round;
  }
  EXPECT_GT(proposed, 1'000);
  EXPECT_GT(unsuitable, 1'000);
  EXPECT_GT(resting, 500);
}

// The rules that come with Kefu (deploy/policies/next_actions.json).
NextActionRules DefaultRules() {
  std::ostringstream text;
  text << std::ifstream("deploy/policies/next_actions.json").rdbuf();
  NextActionRules rules;
  const auto parsed = google::protobuf::util::JsonStringToMessage(text.str(), &rules.rules.emplace());
  EXPECT_TRUE(parsed.ok()) << parsed.ToString();
  return rules;
}

TEST(DefaultNextActions, CanBePublished) {
  const NextActionRules rules = DefaultRules();
  EXPECT_EQ(rules.rules->version(), 0) << "it becomes the next one";
  std::set<std::string> ids;
  for (const auto& rule : rules.rules->rules()) {
    EXPECT_TRUE(ids.insert(rule.action_id()).second) << rule.action_id();
    EXPECT_LE(rule.action_id().size(), 24u);
    EXPECT_FALSE(rule.title().empty()) << rule.action_id();
    EXPECT_EQ(rules::CheckExpression(rule.condition()), rules::ExpressionFault::kNone) << rule.action_id();
    EXPECT_EQ(rules::CheckExpression(rule.priority()), rules::ExpressionFault::kNone) << rule.action_id();
    EXPECT_GT(rule.rests_days(), 0) << rule.action_id();
    EXPECT_TRUE(rule.product_id().empty()) << "which products there are is the firm's to say";
  }
  EXPECT_EQ(ids.size(), 7u);
}

TEST(DefaultNextActions, MeanWhatTheirTitlesSay) {
  const NextActionRules rules = DefaultRules();
  const auto proposed = [&](const ClientSituation& client) { return Ids(NextActionsOf(rules, client, kNow)); };
  ClientSituation calm = Client("C-1", 5);
  calm.activity.set_registered_day(DaysAgo(400));
  calm.activity.set_last_trade_day(DaysAgo(3));
  EXPECT_THAT(proposed(calm), IsEmpty());
  ClientSituation one = calm;
  one.activity.set_open_complaints(1);
  EXPECT_THAT(proposed(one), ElementsAre("settle_complaint"));
  one = calm;
  one.activity.set_registered_day(DaysAgo(30));
  EXPECT_THAT(proposed(one), ElementsAre("welcome"));
  one.activity.set_registered_day(DaysAgo(31));
  EXPECT_THAT(proposed(one), IsEmpty());
}

TEST(NextActionPlaces, ComeMostUrgentFirstThenByClientAndActionAndSurviveEncoding) {
  std::vector<NextActionPlace> places = {{5, "C-2", "a"}, {5, "C-1", "b"},  {5, "C-1", "a"},
                                         {9, "C-9", "z"}, {-3, "C-0", "a"}, {INT64_MIN, "C-0", "a"}};
  std::sort(places.begin(), places.end());
  std::vector<std::string> order;
  for (const auto& place : places) {
    order.push_back(fmt::format("{} {} {}", place.priority, place.client_id, place.action_id));
    const auto decoded = NextActionPlace::Decode(place.Encode());
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(decoded->priority, place.priority);
    EXPECT_EQ(decoded->client_id, place.client_id);
    EXPECT_EQ(decoded->action_id, place.action_id);
  }
  EXPECT_THAT(order, ElementsAre("9 C-9 z", "5 C-1 a", "5 C-1 b", "5 C-2 a", "-3 C-0 a",
                                 fmt::format("{} C-0 a", INT64_MIN)));
  EXPECT_FALSE(NextActionPlace::Decode("x").has_value());
}

}  // namespace
}  // namespace kefu::query
