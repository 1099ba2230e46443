#include "services/cli/app.h"

#include <gmock/gmock.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "kefu/ingest/v1/ingest.pb.h"
#include "kefu/query/v1/client.pb.h"
#include "services/cli/output.h"
#include "services/cli/show.h"

namespace kefu::cli {
namespace {

using ::testing::HasSubstr;

constexpr const char* kGolden = "services/cli/testdata/help.txt";

// Calls `visit(app, path)` for every verb and group, the root first.
template <class Visit>
void Walk(const CLI::App& app, const std::string& path, const Visit& visit) {
  visit(app, path);
  for (const CLI::App* verb : app.get_subcommands(nullptr)) {
    if (!verb->get_name().empty()) Walk(*verb, path + " " + verb->get_name(), visit);
  }
}

bool IsVerb(const CLI::App& app) {
  for (const CLI::App* verb : app.get_subcommands(nullptr)) {
    if (!verb->get_name().empty()) return false;
  }
  return true;
}

// The words of the first command of a shell line: up to a pipe or a redirection, quotes taken off.
std::vector<std::string> Words(const std::string& line) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (const char c : line) {
    if (quote != 0) {
      if (c == quote)
        quote = 0;
      else
        word.push_back(c);
    } else if (c == '\'' || c == '"') {
      quote = c, in_word = true;
    } else if (c == '|' || c == '<' || c == '>') {
      break;
    } else if (c == ' ') {
      if (in_word) words.push_back(word);
      word.clear(), in_word = false;
    } else {
      word.push_back(c), in_word = true;
    }
  }
  if (in_word) words.push_back(word);
  return words;
}

std::vector<std::string> ExamplesOf(const CLI::App& app) {
  std::vector<std::string> examples;
  std::istringstream lines(app.get_footer());
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("  ")) examples.push_back(line.substr(2));
  }
  return examples;
}

TEST(CommandLine, HelpIsAsReviewed) {
  Tool tool;
  const auto app = MakeApp(tool);
  std::string all;
  Walk(*app, "kefu", [&](const CLI::App& verb, const std::string& path) {
    const size_t space = path.rfind(' ');
    all += "$ " + path + " --help\n" + verb.help(space == std::string::npos ? "" : path.substr(0, space)) + "\n";
  });
  if (std::getenv("KEFU_TEST_UPDATE_GOLDEN") != nullptr) std::ofstream(kGolden) << all;
  std::ifstream file(kGolden);
  std::ostringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(all, golden.str()) << "If the change is meant, run this test with KEFU_TEST_UPDATE_GOLDEN=1 and review "
                               << kGolden;
}

TEST(CommandLine, EveryVerbHasThreeExamplesAndEachIsACommandLineThatParses) {
  Tool tool;
  const auto app = MakeApp(tool);
  int verbs = 0;
  Walk(*app, "kefu", [&](const CLI::App& verb, const std::string& path) {
    if (!IsVerb(verb)) return;
    ++verbs;
    const std::vector<std::string> examples = ExamplesOf(verb);
    EXPECT_GE(examples.size(), 3u) << path;
    for (const std::string& example : examples) {
      SCOPED_TRACE(example);
      std::vector<std::string> words = Words(example);
      EXPECT_TRUE(example.starts_with(path)) << "an example of " << path;
      std::vector<std::string> last_first(words.rbegin(), words.rend() - 1);
      Tool fresh;
      const auto parser = MakeApp(fresh);
      EXPECT_NO_THROW(parser->parse(last_first));
      EXPECT_TRUE(fresh.has_verb());
    }
  });
  EXPECT_GT(verbs, 15);
}

TEST(CommandLine, TheNearestVerbOrOptionIsNamed) {
  Tool tool;
  const auto app = MakeApp(tool);
  EXPECT_EQ(ExplainUsage(*app, {"cleint", "get", "C-1"}), "no verb \"cleint\"; did you mean \"client\"?");
  EXPECT_EQ(ExplainUsage(*app, {"--server", "h:1", "view", "lits"}), "no verb \"lits\"; did you mean \"list\"?");
  EXPECT_EQ(ExplainUsage(*app, {"client", "get", "C-1", "--sevrer=x"}),
            "no option --sevrer; did you mean \"--server\"?");
  EXPECT_EQ(ExplainUsage(*app, {"client", "find", "--phnoe", "1"}), "no option --phnoe; did you mean \"--phone\"?");
  EXPECT_EQ(ExplainUsage(*app, {"client", "get", "C-1"}), "") << "nothing is wrong with it";
}

TEST(CommandLine, ExitCodesTellUsageFromFailureFromAnUnreachableServer) {
  EXPECT_EQ(ExitCodeOf(OkStatus()), 0);
  EXPECT_EQ(ExitCodeOf(NotFound("x")), 1);
  EXPECT_EQ(ExitCodeOf(InvalidArgument("x")), 2);
  EXPECT_EQ(ExitCodeOf(Unavailable("x")), 3);
  EXPECT_EQ(RunApp({"client", "get"}), 2);
  EXPECT_EQ(RunApp({"client", "get", "C-1", "--tls-cert", "x.pem"}), 2);
  EXPECT_EQ(RunApp({"--version"}), 0);
}

TEST(Output, PersonalFieldsAreClearedAtAnyDepthAndTheRestStays) {
  query::v1::ListClientsResponse response;
  auto* client = response.add_clients();
  client->set_client_id("C-1");
  client->set_display_name("王小明");
  client->add_phones("+886912345678");
  client->mutable_profile()->mutable_person()->set_identity_number("A123456789");
  client->mutable_profile()->set_location("north");
  client->set_event_count(3);
  ClearPersonal(&response);
  const std::string left = response.ShortDebugString();
  EXPECT_THAT(left, HasSubstr("C-1"));
  EXPECT_THAT(left, HasSubstr("north"));
  EXPECT_EQ(response.clients(0).event_count(), 3);
  EXPECT_TRUE(response.clients(0).display_name().empty());
  EXPECT_EQ(response.clients(0).phones_size(), 0);
  EXPECT_THAT(left, Not(HasSubstr("A123456789")));
}

TEST(Output, MoneyEnumsAndTimesAreReadable) {
  events::v1::Money money;
  EXPECT_EQ(MoneyText(money), "");
  money.set_currency("CNY");
  money.set_minor_units(-123456);
  EXPECT_EQ(MoneyText(money), "-1,234.56 CNY");
  money.set_minor_units(-5);
  EXPECT_EQ(MoneyText(money), "-0.05 CNY");
  money.set_currency("JPY");
  EXPECT_EQ(MoneyText(money), "-5 JPY");
  EXPECT_EQ(EnumText(events::v1::CASE_STATUS_IN_PROGRESS), "in_progress");
  EXPECT_EQ(EnumText(events::v1::CASE_STATUS_UNSPECIFIED), "");
  EXPECT_EQ(EnumText(events::v1::CaseStatus_descriptor(), 99), "99");
  EXPECT_EQ(TimeText({}), "");
}

TEST(Output, VerdictsSayWhatToLookAt) {
  events::v1::Verdict verdict;
  verdict.set_outcome(events::v1::VERDICT_OUTCOME_REFUSED);
  verdict.set_rule("case_not_open");
  verdict.set_revision(3);
  EXPECT_EQ(VerdictText(verdict), "refused: case_not_open, revision is 3");
}

}  // namespace
}  // namespace kefu::cli
