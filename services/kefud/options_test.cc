#include "services/kefud/options.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "services/kefud/help.h"

namespace kefu::kefud {
namespace {

using ::testing::HasSubstr;

struct Program {
  Options options;
  runtime::Config config{"KEFU"};
  Program() {
    Declare(&options, &config);
    config.IgnoreVariables(VariablesOfOthers());
  }
};

TEST(KefudOptions, TheDefaultsAreFit) {
  Program program;
  ASSERT_TRUE(program.config.Load({}, {}).ok());
  EXPECT_TRUE(Check(program.options).ok());
}

// Every key, through every source, with the value it has by default: a key that cannot be given anywhere would show.
TEST(KefudOptions, EveryKeyIsTakenFromEverySource) {
  for (const std::string& key : Program().config.Keys()) {
    const std::string value = key.ends_with("settings") ? "security.protocol=SSL"
                              : key == "roles"          ? "view"
                              : key == "listen"         ? "[::1]:0"
                                                        : "";
    const std::string shown = Program().config.Effective();
    const size_t at = ("\n" + shown).find("\n" + key + ": ") + key.size() + 2;
    std::string given = value.empty() ? shown.substr(at, shown.find("  #", at) - at) : value;
    if (given.starts_with('"')) given = given.substr(1, given.size() - 2);
    Program by_flag;
    EXPECT_TRUE(by_flag.config.Load({"--" + key + "=" + given}, {}).ok()) << key << "=" << given;
    EXPECT_EQ(by_flag.config.SourceOf(key), runtime::Source::kFlag);
    Program by_variable;
    EXPECT_TRUE(by_variable.config.Load({}, {{by_variable.config.VariableOf(key), given}}).ok()) << key;
    EXPECT_EQ(by_variable.config.SourceOf(key), runtime::Source::kEnvironment);
  }
}

TEST(KefudOptions, WhatConfigShowsIsAFileThatGivesEveryKey) {
  std::string pattern = (std::filesystem::temp_directory_path() / "kefud-options-XXXXXX").string();
  const std::string path = std::string(mkdtemp(pattern.data())) + "/kefud.yaml";
  std::ofstream(path) << Program().config.Effective();
  Program from_file;
  const auto loaded = from_file.config.Load({"--config", path}, {});
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  for (const std::string& key : from_file.config.Keys()) {
    EXPECT_EQ(from_file.config.SourceOf(key), runtime::Source::kFile) << key;
  }
  std::filesystem::remove_all(pattern);
}

TEST(KefudOptions, SettingsThatNeedEachOtherAreChecked) {
  const auto problem = [](const std::vector<std::string>& arguments) {
    Program program;
    const auto loaded = program.config.Load(arguments, {});
    return std::string(MessageOf(loaded.ok() ? Check(program.options) : loaded.status()));
  };
  EXPECT_THAT(problem({"--log.kind=kafka"}), HasSubstr("log.kafka.bootstrap-servers is needed"));
  EXPECT_THAT(problem({"--tls.certificate=c.pem"}), HasSubstr("go together"));
  EXPECT_THAT(problem({"--roles=view", "--inbox.kafka.bootstrap-servers=k:9092"}), HasSubstr("role ingest"));
  EXPECT_THAT(problem({"--roles=ingest,clock"}), HasSubstr("needs the role view"));
  EXPECT_EQ(problem({"--roles=view,clock"}), "");
  EXPECT_THAT(problem({"--audit.old-key-file=old.pem"}), HasSubstr("needs audit.key-file"));
  EXPECT_EQ(problem({"--audit.key-file=new.pem", "--audit.old-key-file=old.pem"}), "");
  EXPECT_THAT(problem({"--roles=gateway"}), HasSubstr("\"gateway\" is none of: ingest, view, clock"));
  EXPECT_THAT(problem({"--log.kafka.settings=nonsense"}), HasSubstr("not name=value"));
  EXPECT_THAT(problem({"--listen=0.0.0.0:7800"}), HasSubstr("allow-insecure"));
  EXPECT_EQ(problem({"--listen=0.0.0.0:7800", "--allow-insecure"}), "");
  EXPECT_EQ(problem({"--listen=0.0.0.0:7800", "--tls.certificate=c", "--tls.private-key=k"}), "");
  EXPECT_THAT(problem({"--log.partitions=0"}), HasSubstr("less than 1"));
  EXPECT_THAT(problem({"--limits.drain=1h"}), HasSubstr("more than 25s"));
  EXPECT_THAT(problem({"--view.threads=2"}), HasSubstr("did you mean \"views.threads\"?"));
}

TEST(KefudOptions, PasswordsForTheBrokerAreNotShown) {
  Program program;
  ASSERT_TRUE(program.config.Load({}, {{"KEFU_LOG_KAFKA_SETTINGS", "sasl.password=hunter2"}}).ok());
  EXPECT_EQ(program.config.Effective().find("hunter2"), std::string::npos);
}

TEST(KefudOptions, HelpNamesEverySetting) {
  Program program;
  const std::string help = HelpText(program.config);
  for (const std::string& key : program.config.Keys()) EXPECT_THAT(help, HasSubstr("--" + key + " "));
}

TEST(KefudOptions, ExitCodesTellABrokerFromALock) {
  EXPECT_EQ(ExitCodeOf(OkStatus()), 0);
  EXPECT_EQ(ExitCodeOf(InvalidArgument("x")), 2);
  EXPECT_EQ(ExitCodeOf(Unavailable("in use by process 1")), 1);
}

}  // namespace
}  // namespace kefu::kefud
