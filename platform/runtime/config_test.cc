#include "platform/runtime/config.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace kefu::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// One setting of each type.
struct Options {
  std::string text = "a";
  int number = 1;
  int64_t large = 2;
  bool flag = false;
  Bytes size{1024};
  absl::Duration wait = absl::Seconds(1);
  std::vector<std::string> list = {"x"};
  std::string password;
};

struct Program {
  Options options;
  Config config{"KEFU"};

  Program() {
    config.Add("some.text", &options.text, "A text", {.one_of = {"a", "b", "c", "d"}});
    config.Add("some.number", &options.number, "A number", {.min = 0, .max = 100});
    config.Add("some.large-number", &options.large, "A large number");
    config.Add("some.flag", &options.flag, "A flag");
    config.Add("size", &options.size, "A size", {.max = int64_t{1} << 30});
    config.Add("wait", &options.wait, "A wait", {.max = 60'000});
    config.Add("list", &options.list, "A list", {.max = 3});
    config.Add("password", &options.password, "A secret", {.secret = true});
  }
};

class ConfigTest : public ::testing::Test {
 protected:
  ConfigTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "kefu-config-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~ConfigTest() override { std::filesystem::remove_all(folder_); }

  std::string WriteFile(const std::string& text) {
    const std::string path = folder_ + "/kefu.yaml";
    std::ofstream(path) << text;
    return path;
  }

  // What Load says is wrong; empty if nothing is.
  static std::string ProblemWith(const std::vector<std::string>& arguments, const Environment& environment = {}) {
    Program program;
    return std::string(MessageOf(program.config.Load(arguments, environment).status()));
  }

  std::string folder_;
};

// For each setting: four different values, one a source.
struct Row {
  std::string key;
  std::string in_default, in_file, in_environment, in_flag;  // as Effective shows them
  std::string file_text, environment_text, flag_text;        // as they are written
};

const std::vector<Row>& Rows() {
  static const std::vector<Row> rows = {
      {"some.text", "\"a\"", "\"b\"", "\"c\"", "\"d\"", "b", "c", "d"},
      {"some.number", "1", "10", "20", "30", "10", "20", "30"},
      {"some.large-number", "2", "5000000000", "6000000000", "-7", "5000000000", "6000000000", "-7"},
      {"size", "1KiB", "1MiB", "2MiB", "1536KiB", "1MiB", "2 MiB", "1.5MiB"},
      {"wait", "1s", "2s", "250ms", "1m", "2s", "250ms", "60s"},
      {"list", "[\"x\"]", "[\"y\", \"z\"]", "[\"p\", \"q\"]", "[\"r\"]", "[y, z]", "p,q", "r"},
  };
  return rows;
}

std::string Shown(const Config& config, const std::string& key) {
  const std::string all = config.Effective();
  const size_t at = ("\n" + all).find("\n" + key + ": ");
  if (at == std::string::npos) return "";
  const size_t from = at + key.size() + 2;
  return all.substr(from, all.find("  #", from) - from);
}

TEST_F(ConfigTest, EachSettingTakesEachSourceAndTheStrongerOneWins) {
  for (const Row& row : Rows()) {
    SCOPED_TRACE(row.key);
    const std::string path = WriteFile(row.key + ": " + row.file_text + "\n");
    for (int sources = 0; sources < 8; ++sources) {
      Program program;
      std::vector<std::string> arguments;
      Environment environment = {{"HOME", "/nowhere"}};
      std::string expected = row.in_default;
      Source source = Source::kDefault;
      if (sources & 1) arguments = {"--config", path}, expected = row.in_file, source = Source::kFile;
      if (sources & 2) {
        environment.emplace_back(program.config.VariableOf(row.key), row.environment_text);
        expected = row.in_environment, source = Source::kEnvironment;
      }
      if (sources & 4) {
        arguments.insert(arguments.end(), {"--" + row.key, row.flag_text});
        expected = row.in_flag, source = Source::kFlag;
      }
      const auto words = program.config.Load(arguments, environment);
      ASSERT_TRUE(words.ok()) << words.status();
      EXPECT_EQ(Shown(program.config, row.key), expected) << "sources " << sources;
      EXPECT_EQ(program.config.SourceOf(row.key), source) << "sources " << sources;
    }
  }
}

TEST_F(ConfigTest, AFlagAloneIsTrue) {
  Program program;
  ASSERT_TRUE(program.config.Load({"--some.flag", "config"}, {{"KEFU_SOME_FLAG", "false"}}).ok());
  EXPECT_TRUE(program.options.flag);
  Program other;
  ASSERT_TRUE(other.config.Load({"--some.flag=false"}, {{"KEFU_SOME_FLAG", "true"}}).ok());
  EXPECT_FALSE(other.options.flag);
}

TEST_F(ConfigTest, VariablesAreNamedAfterTheSetting) {
  EXPECT_EQ(Program().config.VariableOf("some.large-number"), "KEFU_SOME_LARGE_NUMBER");
}

TEST_F(ConfigTest, ANestedFileIsTheSameAsDottedNames) {
  Program program;
  const std::string path = WriteFile("some:\n  text: b\n  number: 7\nlist:\n  name: value\n  other: 2\n");
  ASSERT_TRUE(program.config.Load({"--config=" + path}, {}).ok());
  EXPECT_EQ(program.options.text, "b");
  EXPECT_EQ(program.options.number, 7);
  EXPECT_THAT(program.options.list, ElementsAre("name=value", "other=2"));
}

TEST_F(ConfigTest, WhatIsShownCanBeReadBack) {
  Program first;
  ASSERT_TRUE(first.config.Load({"--some.text=c", "--list=a,b", "--size=3MiB"}, {}).ok());
  Program second;
  ASSERT_TRUE(second.config.Load({"--config", WriteFile(first.config.Effective())}, {}).ok());
  EXPECT_EQ(second.options.text, "c");
  EXPECT_THAT(second.options.list, ElementsAre("a", "b"));
  EXPECT_EQ(second.options.size.value, 3 << 20);
}

TEST_F(ConfigTest, SecretsAreNeverShown) {
  Program program;
  ASSERT_TRUE(program.config.Load({}, {{"KEFU_PASSWORD", "hunter2"}}).ok());
  EXPECT_EQ(program.options.password, "hunter2");
  EXPECT_THAT(program.config.Effective(), HasSubstr("password: (secret, not shown)  # KEFU_PASSWORD"));
  EXPECT_THAT(program.config.Effective(), Not(HasSubstr("hunter2")));
}

TEST_F(ConfigTest, UnknownNamesAreRefusedWithTheNearest) {
  EXPECT_THAT(ProblemWith({"--some.tetx", "b"}), HasSubstr("--some.tetx: no such flag; did you mean \"some.text\"?"));
  EXPECT_THAT(ProblemWith({"--large-number", "3"}), HasSubstr("did you mean \"some.large-number\"?"));
  EXPECT_THAT(ProblemWith({}, {{"KEFU_SOME_NUMBR", "3"}}),
              HasSubstr("KEFU_SOME_NUMBR: no such setting; did you mean \"KEFU_SOME_NUMBER\"?"));
  const std::string path = WriteFile("size: 1MiB\nsome:\n  txt: b\n");
  EXPECT_THAT(ProblemWith({"--config", path}),
              HasSubstr("kefu.yaml:3: no setting \"some.txt\"; did you mean \"some.text\"?"));
  EXPECT_THAT(ProblemWith({"--zzzzzzzz"}), Not(HasSubstr("did you mean")));
}

TEST_F(ConfigTest, VariablesOfOthersAreLeftAlone) {
  Program program;
  program.config.IgnoreVariables({"KEFU_SERVER"});
  EXPECT_TRUE(program.config.Load({}, {{"KEFU_SERVER", "h:1"}, {"KEFUTUBE", "1"}}).ok());
}

TEST_F(ConfigTest, EveryProblemIsToldAtOnce) {
  const std::string problems = ProblemWith({"--size=many", "--wait", "2h"}, {{"KEFU_SOME_NUMBER", "101"}});
  EXPECT_THAT(problems, HasSubstr("--size: \"many\" is no size"));
  EXPECT_THAT(problems, HasSubstr("--wait: 2h is more than 1m"));
  EXPECT_THAT(problems, HasSubstr("KEFU_SOME_NUMBER: 101 is more than 100, the most allowed"));
}

TEST_F(ConfigTest, BadValuesAreRefused) {
  EXPECT_THAT(ProblemWith({"--some.text=e"}), HasSubstr("\"e\" is none of: a, b, c, d"));
  EXPECT_THAT(ProblemWith({"--some.number=1.5"}), HasSubstr("is no number"));
  EXPECT_THAT(ProblemWith({"--some.number=-1"}), HasSubstr("is less than 0"));
  EXPECT_THAT(ProblemWith({"--some.flag=yes"}), HasSubstr("neither true nor false"));
  EXPECT_THAT(ProblemWith({"--size=-1MiB"}), HasSubstr("less than"));
  EXPECT_THAT(ProblemWith({"--wait=5"}), HasSubstr("no duration"));
  EXPECT_THAT(ProblemWith({"--list=a,b,c,d"}), HasSubstr("4 is more than 3"));
  EXPECT_THAT(ProblemWith({"--size"}), HasSubstr("a value is missing"));
  EXPECT_THAT(ProblemWith({"--size=1", "--size=2"}), HasSubstr("given twice"));
  EXPECT_THAT(ProblemWith({"-x"}), HasSubstr("two dashes"));
}

TEST_F(ConfigTest, BadFilesAreRefusedWithTheLine) {
  EXPECT_THAT(ProblemWith({"--config", WriteFile("size: 1MiB\nwait: [1s, 2s]\n")}),
              HasSubstr("kefu.yaml:2: \"wait\" takes one value"));
  EXPECT_THAT(ProblemWith({"--config", WriteFile("size: 1MiB\nsize: 2MiB\n")}),
              HasSubstr("kefu.yaml:2: \"size\" is also on line 1"));
  EXPECT_THAT(ProblemWith({"--config", WriteFile("size:\n")}), HasSubstr("kefu.yaml:1: \"size\" has no value"));
  EXPECT_THAT(ProblemWith({"--config", WriteFile("size: 1MiB\n  x: [\n")}), HasSubstr("kefu.yaml:2"));
  EXPECT_THAT(ProblemWith({"--config", WriteFile("- a\n- b\n")}), HasSubstr("settings are expected"));
  EXPECT_THAT(ProblemWith({"--config", folder_ + "/none.yaml"}), HasSubstr("cannot be read"));
}

TEST_F(ConfigTest, WordsAreGivenBack) {
  Program program;
  const auto words = program.config.Load({"config", "--size", "1MiB", "now"}, {});
  ASSERT_TRUE(words.ok());
  EXPECT_THAT(*words, ElementsAre("config", "now"));
}

TEST_F(ConfigTest, HelpIsGivenWhateverElseIsWrong) {
  Program program;
  ASSERT_TRUE(program.config.Load({"--help"}, {{"KEFU_NONSENSE", "1"}}).ok());
  EXPECT_TRUE(program.config.help_wanted());
  EXPECT_THAT(program.config.Help(), HasSubstr("--size size\n      A size (default 1KiB)"));
}

}  // namespace
}  // namespace kefu::runtime
