// Leads and next actions through the server, by verbs.

#include "services/kefud/e2e_testing.h"

namespace kefu {
namespace {

using ::testing::ElementsAre;

class LeadE2eTest : public KefudTest {
 protected:
  // Staff that may take leads, a client that consents, and rules. Copies come in order: where the rules are, staff is.
  void Begin() {
    StartServer();
    const std::string file = folder_ + "/events.ndjson";
    std::ofstream out(file);
    int number = 0;
    const auto line = [&](const json& body) {
      json event = {{"eventId", "B-" + std::to_string(++number)},
                    {"occurredAt", "2026-03-01T09:00:00Z"},
                    {"source", "e2e"}};
      event.update(body);
      out << event.dump() << "\n";
    };
    line({{"unitPublished", {{"unitId", "U-1"}, {"name", "one"}, {"level", "UNIT_LEVEL_BRANCH"}}}});
    line({{"staffPublished", {{"staffId", "S-7"}, {"unitId", "U-1"}}}});
    line({{"qualificationRecorded",
           {{"staffId", "S-7"},
            {"qualification", {{"scheme", "kefu.qualification"}, {"value", "adviser"}}},
            {"validFrom", {{"year", 2020}, {"month", 1}, {"day", 1}}},
            {"permittedActs", {"STAFF_ACT_MARKET"}}}}});
    line({{"clientId", "C-1"}, {"clientRegistered", {{"kind", "CLIENT_KIND_PERSON"}, {"displayName", "王小明"}}}});
    line({{"clientId", "C-1"}, {"consentChanged", {{"consent", {{"purpose", "marketing"}, {"given", true}}}}}});
    out.close();
    const Ran ran = Kefu({"publish", "--wait", "applied", "--output", "json"}, file);
    ASSERT_EQ(ran.code, 0) << ran.out << ran.err;
    const json rules =
        KefuJson({"next-actions", "publish", "deploy/policies/next_actions.json", "--wait", "30s", "--output", "json"});
    EXPECT_EQ(rules["name"], "references/next_action_rules/next_actions/1");
    EXPECT_FALSE(rules.contains("missingPartitions")) << rules.dump();
  }
  std::vector<json> Lines(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--output", "json"});
    const Ran ran = Kefu(arguments);
    EXPECT_EQ(ran.code, 0) << ran.err;
    std::vector<json> lines;
    std::istringstream text(ran.out);
    for (std::string line; std::getline(text, line);) lines.push_back(json::parse(line));
    return lines;
  }
};

TEST_F(LeadE2eTest, ALeadIsRaisedTakenWorkedAndWonAndTheCreditsAddUp) {
  Begin();
  EXPECT_EQ(Kefu({"lead", "raise", "L-1", "--client", "C-1", "--need", "idle_cash", "--team", "wealth", "--due", "48h",
                  "--by", "S-3", "--note", "定存下月到期"})
                .code,
            0);
  const auto open = Lines({"lead", "list", "--team", "wealth"});
  ASSERT_EQ(open.size(), 1u);
  EXPECT_EQ(open[0]["state"], "LEAD_STATE_RAISED");
  EXPECT_EQ(open[0]["raisedBy"], "S-3");
  EXPECT_FALSE(open[0].contains("note")) << "a list shows no texts unless asked to";
  EXPECT_EQ(Lines({"lead", "list", "--team", "wealth", "--personal"})[0]["note"], "定存下月到期");

  // Whose lead it is, the server knows.
  EXPECT_EQ(Kefu({"lead", "accept", "L-1", "--staff", "S-7", "--due", "336h"}).code, 0);
  EXPECT_EQ(Kefu({"lead", "work", "L-1", "called", "--by", "S-7"}).code, 0);
  const Ran unclear = Kefu({"lead", "win", "L-1", "--credit", "S-7=1.234"});
  EXPECT_EQ(unclear.code, 2);
  EXPECT_THAT(unclear.err, HasSubstr("--credit \"S-7=1.234\""));
  const Ran short_of = Kefu({"lead", "win", "L-1", "--credit", "S-7=99.99"});
  EXPECT_EQ(short_of.code, 1);
  EXPECT_THAT(short_of.out + short_of.err, HasSubstr("credits_do_not_add_up"));
  EXPECT_EQ(Kefu({"lead", "win", "L-1", "--amount", "10001", "--currency", "CNY", "--credit", "S-3=33.33", "--credit",
                  "S-7=66.67", "--at", "2026-03-05T10:00:00Z"})
                .code,
            0);
  const Ran again = Kefu({"lead", "lose", "L-1", "--cause", "went_elsewhere"});
  EXPECT_EQ(again.code, 1);
  EXPECT_THAT(again.out + again.err, HasSubstr("lead_not_open"));
  EXPECT_EQ(Lines({"lead", "list"}).size(), 0u);
  const auto all = Lines({"lead", "list", "--client", "C-1", "--state", "won"});
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0]["worked"], 1);

  std::vector<std::string> credits;
  for (const json& each : Lines({"lead", "credits", "--from", "2026-03-05", "--to", "2026-03-05"}))
    credits.push_back(each["staffId"].get<std::string>() + " " + each["amount"]["minorUnits"].get<std::string>());
  EXPECT_THAT(credits, ElementsAre("S-3 3334", "S-7 6667")) << "what is left over is the first one's";

  const Ran unknown = Kefu({"lead", "decline", "L-9"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_THAT(unknown.err, HasSubstr("\"L-9\" is not known"));
  int watching = 0;
  for (const json& duty : Lines({"duty", "list"})) watching += duty["kind"] == "DUTY_KIND_LEADS";
  EXPECT_EQ(watching, 8) << "one for each partition";
}

TEST_F(LeadE2eTest, ANextActionIsProposedWithItsReasonsAndRestsOnceItIsAnswered) {
  Begin();
  const std::vector<std::string> ask = {"next-actions", "list", "C-1", "--as-of", "2026-03-10T09:00:00Z"};
  const auto proposed = Lines(ask);
  ASSERT_EQ(proposed.size(), 1u);
  EXPECT_EQ(proposed[0]["actionId"], "welcome");
  EXPECT_EQ(proposed[0]["rulesVersion"], 1);
  EXPECT_EQ(proposed[0]["priority"], "3991");
  ASSERT_EQ(proposed[0]["reasons"].size(), 2u);
  EXPECT_EQ(proposed[0]["reasons"][0]["fact"], "CLIENT_FACT_DAYS_SINCE_REGISTRATION");
  EXPECT_EQ(proposed[0]["reasons"][0]["value"], "9");
  EXPECT_EQ(Kefu({"next-actions", "answer", "C-1", "welcome", "done", "--at", "2026-03-09T09:00:00Z"}).code, 0);
  EXPECT_EQ(Lines(ask).size(), 0u);
  EXPECT_EQ(Kefu({"next-actions", "list"}).code, 2) << "whose?";
  EXPECT_EQ(Kefu({"next-actions", "list", "C-77"}).code, 1);
}

}  // namespace
}  // namespace kefu
