// The server as a whole: started, asked, killed, started again.

#include "services/kefud/e2e_testing.h"

namespace kefu {
namespace {

TEST_F(KefudTest, WhatIsPublishedIsReadBack) {
  StartServer();
  PublishOneComplaint();

  const json client = KefuJson({"client", "get", "C-1", "--output", "json"});
  EXPECT_EQ(client["displayName"], "王小明");
  EXPECT_EQ(client["openCases"][0]["caseId"], "K-1");

  const json found = KefuJson({"client", "find", "王小", "--output", "json"});
  EXPECT_EQ(found["clientId"], "C-1");

  const json one = KefuJson({"case", "get", "K-1", "--output", "json"});
  EXPECT_EQ(one["assigneeId"], "S-7");
  EXPECT_EQ(one["subject"], "扣款兩次");

  const json said = KefuJson({"search", "扣款", "--output", "json"});
  EXPECT_EQ(said["caseId"], "K-1");
  const Ran shown = Kefu({"search", "两次", "--client", "C-1", "--output", "table"});
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("扣款【兩次】"));
  EXPECT_EQ(Kefu({"search", "，。"}).code, 2) << "nothing to look for";

  const Ran timeline = Kefu({"client", "timeline", "C-1", "--output", "table"});
  EXPECT_EQ(timeline.code, 0) << timeline.err;
  EXPECT_THAT(timeline.out, HasSubstr("complaint_received"));
  EXPECT_THAT(timeline.out, HasSubstr("refused: "));

  const json count = KefuJson({"case", "count", "--open", "--kind", "complaint", "--output", "json"});
  EXPECT_EQ(count["count"], "1");
  EXPECT_EQ(StopServer(), 0);
}

TEST_F(KefudTest, ACaseIsMovedByVerbsAndShowsWhatHasToBeDoneNext) {
  StartServer();
  PublishOneComplaint();
  EXPECT_EQ(KefuJson({"case", "get", "K-1", "--output", "json"})["nextAction"]["value"], "acknowledge");
  EXPECT_EQ(Kefu({"case", "start", "K-1", "--by", "S-7"}).code, 0);
  const json set =
      KefuJson({"case", "next-action", "K-1", "--action", "call_client", "--due", "24h", "--output", "json"});
  EXPECT_EQ(set["verdict"]["outcome"], "VERDICT_OUTCOME_APPLIED");
  EXPECT_EQ(Kefu({"case", "refer", "K-1", "--scheme", "cn.csrc.12386", "--number", "2026-17"}).code, 0);
  EXPECT_EQ(Kefu({"case", "matter", "K-1", "--matter", "M-1"}).code, 0);
  EXPECT_EQ(Kefu({"case", "respond", "K-1", "--kind", "holding", "--channel", "letter"}).code, 0);
  const Ran shown = Kefu({"case", "get", "K-1", "--output", "table"});
  EXPECT_THAT(shown.out, HasSubstr("call_client by S-7 until "));
  EXPECT_THAT(shown.out, HasSubstr("cn.csrc.12386 2026-17"));
  for (const std::vector<std::string>& by :
       {std::vector<std::string>{"--matter", "M-1"}, std::vector<std::string>{"--owner", "S-7"},
        std::vector<std::string>{"--due", "25h"}, std::vector<std::string>{"--external", "2026-17"}}) {
    std::vector<std::string> list{"case", "list", "--output", "json"};
    list.insert(list.end(), by.begin(), by.end());
    EXPECT_EQ(KefuJson(list)["caseId"], "K-1") << by[0];
  }
  EXPECT_EQ(Kefu({"case", "list", "--due", "23h", "--output", "json"}).out, "");
  const Ran refused = Kefu({"case", "close", "K-1", "--output", "table"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.out, HasSubstr("refused: case_not_resolved"));
  EXPECT_EQ(Kefu({"case", "list", "--due", "soon"}).code, 2);
}

TEST_F(KefudTest, PromisesAndCallBacksAreMadeListedAndSettled) {
  StartServer();
  const json made = KefuJson({"promise", "make", "P-1", "--client", "C-1", "--text", "寄對帳單", "--due", "24h", "--owner",
                              "S-7", "--output", "json"});
  EXPECT_EQ(made["verdict"]["outcome"], "VERDICT_OUTCOME_APPLIED");
  EXPECT_EQ(Kefu({"promise", "make", "P-1", "--client", "C-1", "--due", "24h"}).code, 1) << "there is one of this name";
  EXPECT_EQ(Kefu({"promise", "list", "--overdue", "--output", "json"}).out, "");
  const json late = KefuJson({"promise", "list", "--overdue", "--as-of", "25h", "--output", "json"});
  EXPECT_EQ(late["undertakingId"], "P-1");
  EXPECT_EQ(late["overdue"], true);
  EXPECT_EQ(late.count("text"), 0u) << "personal data only when asked";
  const Ran counted = Kefu({"promise", "list", "--owner", "S-7", "--count", "--personal", "--output", "table"});
  EXPECT_THAT(counted.out, HasSubstr("寄對帳單"));
  EXPECT_THAT(counted.err, HasSubstr("1 in all"));
  EXPECT_EQ(Kefu({"promise", "keep", "P-1", "--by", "S-7"}).code, 0) << "its client is asked for";
  EXPECT_EQ(Kefu({"promise", "list", "--output", "json"}).out, "");
  EXPECT_EQ(Kefu({"promise", "release", "P-1"}).code, 1) << "it is kept";
  EXPECT_EQ(Kefu({"promise", "make", "P-2", "--client", "C-1"}).code, 2) << "until when?";

  EXPECT_EQ(Kefu({"callback", "plan", "B-1", "--client", "C-2", "--programme", "new_account", "--due", "240h"}).code, 0);
  EXPECT_EQ(Kefu({"callback", "done", "B-1", "--by", "S-3", "--independent", "--finding", "knows_risks=no"}).code, 0);
  const json done = KefuJson({"callback", "list", "--state", "done", "--client", "C-2", "--output", "json"});
  EXPECT_EQ(done["programme"]["value"], "new_account");
  EXPECT_EQ(done["callerIsIndependent"], true);
  EXPECT_EQ(Kefu({"callback", "cancel", "B-1"}).code, 1) << "it is done";
  EXPECT_EQ(Kefu({"callback", "cancel", "nobody"}).code, 1);
}

TEST_F(KefudTest, ListsOverManyClientsShowPersonalDataOnlyWhenAsked) {
  StartServer();
  PublishOneComplaint();
  for (const std::vector<std::string>& list :
       {std::vector<std::string>{"client", "list"}, std::vector<std::string>{"case", "list"}}) {
    for (const char* output : {"table", "json"}) {
      std::vector<std::string> arguments = list;
      arguments.insert(arguments.end(), {"--output", output});
      const Ran hidden = Kefu(arguments);
      EXPECT_THAT(hidden.out, HasSubstr("C-1"));
      EXPECT_EQ(hidden.out.find("王小明"), std::string::npos);
      EXPECT_EQ(hidden.out.find("扣款兩次"), std::string::npos);
      arguments.push_back("--personal");
      EXPECT_THAT(Kefu(arguments).out, HasSubstr(list[0] == "client" ? "王小明" : "扣款兩次"));
    }
  }
}

// The broadcast duty at work: published once, and in every partition.
TEST_F(KefudTest, ASecondServerOnTheSameFolderIsRefusedByName) {
  StartServer();
  const auto second = Launch("second");
  EXPECT_EQ(second->Wait(), 1);
  EXPECT_THAT(second->err(), HasSubstr("is in use by process " + std::to_string(server_->pid())));
  EXPECT_EQ(Kefu({"doctor"}).code, 0) << "the first one goes on";
}

TEST_F(KefudTest, ARestartServesTheSame) {
  StartServer();
  PublishOneComplaint();
  const std::string views[] = {"client", "case", "journal", "directory", "text"};
  std::vector<json> digests;
  for (const std::string& view : views) digests.push_back(KefuJson({"view", "digest", view, "--output", "json"}));
  const json before = KefuJson({"client", "get", "C-1", "--output", "json"});
  EXPECT_EQ(StopServer(), 0);

  StartServer();
  EXPECT_EQ(KefuJson({"client", "get", "C-1", "--output", "json"}), before);
  for (size_t i = 0; i < digests.size(); ++i) {
    EXPECT_EQ(KefuJson({"view", "digest", views[i], "--output", "json"}), digests[i]) << views[i];
  }
}

TEST_F(KefudTest, NothingAcknowledgedIsLostByKillAndDeletedViewsAreRebuiltAlike) {
  StartServer();
  PublishOneComplaint();
  const json position = KefuJson({"view", "digest", "client", "--output", "json"});
  server_->Signal(SIGKILL);
  EXPECT_EQ(server_->Wait(), 128 + SIGKILL);
  std::filesystem::remove_all(folder_ + "/data/views");

  StartServer();
  const json again = KefuJson(
      {"view", "digest", "client", "--min-position", position["position"].get<std::string>(), "--output", "json"});
  EXPECT_EQ(again["digest"], position["digest"]);
}

TEST_F(KefudTest, ARebuiltViewIsTheSame) {
  StartServer();
  PublishOneComplaint();
  const json before = KefuJson({"view", "digest", "case", "--output", "json"});
  const Ran rebuilt = Kefu({"view", "rebuild", "case", "--output", "table"});
  EXPECT_EQ(rebuilt.code, 0) << rebuilt.err;
  EXPECT_THAT(rebuilt.out, HasSubstr("views/case is rebuilt."));
  EXPECT_EQ(KefuJson({"view", "digest", "case", "--output", "json"}), before);
}

TEST_F(KefudTest, AWatchShowsChangesAndEndsWellOnCtrlC) {
  StartServer();
  PublishOneComplaint();
  int shown[2];
  ASSERT_EQ(pipe(shown), 0);
  const std::vector<std::string> command = KefuCommand({"client", "watch", "C-1", "--output", "json"});
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(shown[1], 1);
    close(shown[0]);
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  close(shown[1]);
  FILE* lines = fdopen(shown[0], "r");
  char line[1 << 16];
  ASSERT_NE(fgets(line, sizeof(line), lines), nullptr);
  EXPECT_EQ(json::parse(line)["client"]["clientId"], "C-1");
  EXPECT_EQ(
      Kefu(
          {"publish", "--json",
           R"({"clientId":"C-1","contactRecorded":{"channel":"CHANNEL_APP","contactId":"T-2","direction":"DIRECTION_INBOUND"}})"})
          .code,
      0);
  ASSERT_NE(fgets(line, sizeof(line), lines), nullptr);
  EXPECT_EQ(json::parse(line)["client"]["lastContacts"].size(), 2u);
  kill(pid, SIGINT);
  int status = 0;
  waitpid(pid, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  fclose(lines);
}

TEST_F(KefudTest, SigtermEndsAnOpenWatchAndTheServer) {
  StartServer();
  PublishOneComplaint();
  Process watch(KefuCommand({"case", "watch", "--output", "json"}), folder_ + "/watch");
  EXPECT_EQ(KefuJson({"case", "count", "--output", "json"})["count"], "1");
  EXPECT_EQ(StopServer(), 0);
  EXPECT_EQ(watch.Wait(), 3) << watch.err();
}

TEST_F(KefudTest, ErrorsSayWhatToDoNext) {
  StartServer();
  const Ran unknown = Kefu({"client", "get", "nobody"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_THAT(unknown.err, HasSubstr("nobody"));
  const Ran bad = Kefu({"publish", "--json", R"({"clientId":"C-1","occuredAt":"2026-03-01T09:00:00Z"})"});
  EXPECT_EQ(bad.code, 2) << bad.err;
  EXPECT_THAT(bad.err, HasSubstr("occuredAt"));
  Process full({"/bin/sh", "-c", "exec \"$@\" > /dev/full", "sh", KEFU_BINARY, "--server", address_, "case", "count"},
               folder_ + "/full");
  EXPECT_EQ(full.Wait(), 1);
  EXPECT_THAT(full.err(), HasSubstr("the output cannot be written"));
  EXPECT_EQ(StopServer(), 0);
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/ready")) << "a stale address would mislead";
  const Ran unreachable = Kefu({"client", "get", "C-1"});
  EXPECT_EQ(unreachable.code, 3);
  EXPECT_THAT(unreachable.err, HasSubstr("Is kefud running there?"));
}

TEST_F(KefudTest, BadSettingsAreRefusedBeforeAnythingIsTouched) {
  const auto misspelt = Launch("misspelt", {"--view.threads", "2"});
  EXPECT_EQ(misspelt->Wait(), 2);
  EXPECT_THAT(misspelt->err(), HasSubstr("did you mean \"views.threads\"?"));
  const auto open = Launch("open", {"--listen", "0.0.0.0:0"});
  EXPECT_EQ(open->Wait(), 2);
  EXPECT_THAT(open->err(), HasSubstr("allow-insecure"));
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/data"));
}

TEST_F(KefudTest, EveryLineOfTheLogIsJson) {
  StartServer();
  PublishOneComplaint();
  server_->Signal(SIGTERM);
  EXPECT_EQ(server_->Wait(), 0);
  std::istringstream lines(server_->err());
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_TRUE(json::accept(line)) << line;
    EXPECT_EQ(line.find("王小明"), std::string::npos) << "personal data is never logged";
  }
  EXPECT_GE(count, 4);
}

}  // namespace
}  // namespace kefu
