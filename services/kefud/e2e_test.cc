// The real kefud and the real kefu, as processes, on the embedded log.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace kefu {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A child with its output in files. Ended with SIGKILL if the test forgets it.
class Process {
 public:
  Process(const std::vector<std::string>& command, const std::string& output, const std::string& input = "/dev/null")
      : output_(output) {
    pid_ = fork();
    if (pid_ == 0) {
      dup2(open(input.c_str(), O_RDONLY), 0);
      dup2(open((output + ".out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
      dup2(open((output + ".err").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
      std::vector<char*> arguments;
      for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
      arguments.push_back(nullptr);
      execv(arguments[0], arguments.data());
      _exit(127);
    }
  }
  ~Process() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      Wait();
    }
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void Signal(int number) const { kill(pid_, number); }
  pid_t pid() const { return pid_; }

  // The exit code; 128 and the signal's number if one ended it.
  int Wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  std::string out() const { return ReadFile(output_ + ".out"); }
  std::string err() const { return ReadFile(output_ + ".err"); }

 private:
  const std::string output_;
  pid_t pid_;
};

struct Ran {
  int code;
  std::string out;
  std::string err;
};

class KefudTest : public ::testing::Test {
 protected:
  KefudTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "kefu-e2e-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    // What is set around the tests must not reach the programs.
    for (const char* name : {"KEFU_SERVER", "KEFU_CONFIG"}) unsetenv(name);
  }
  ~KefudTest() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::unique_ptr<Process> Launch(const std::string& name,
                                  const std::vector<std::string>& more = {"--listen", "127.0.0.1:0"}) {
    std::vector<std::string> command = {KEFUD_BINARY, "--data-dir", folder_ + "/data", "--log.format", "json"};
    command.insert(command.end(), more.begin(), more.end());
    return std::make_unique<Process>(command, folder_ + "/" + name);
  }

  // Starts kefud and waits until it serves.
  void StartServer() {
    const std::string ready = folder_ + "/ready";
    std::filesystem::remove(ready);
    const int watch = inotify_init1(IN_CLOEXEC);
    inotify_add_watch(watch, folder_.c_str(), IN_MOVED_TO);
    server_ = Launch("kefud", {"--listen", "127.0.0.1:0", "--ready-file", ready});
    // Other files may be moved too; a server that does not start would keep us until the limit.
    while (!std::filesystem::exists(ready)) {
      pollfd waiting{watch, POLLIN, 0};
      ASSERT_EQ(poll(&waiting, 1, 30'000), 1) << "kefud did not come up\n" << server_->err();
      char events[4096];
      ASSERT_GT(read(watch, events, sizeof(events)), 0);
    }
    close(watch);
    address_ = ReadFile(ready);
    address_.erase(address_.find('\n'));
  }

  int StopServer() {
    server_->Signal(SIGTERM);
    const int code = server_->Wait();
    if (code != 0) ADD_FAILURE() << server_->err();
    server_.reset();
    return code;
  }

  std::vector<std::string> KefuCommand(const std::vector<std::string>& arguments) const {
    std::vector<std::string> command = {KEFU_BINARY, "--server", address_};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return command;
  }
  Ran Kefu(const std::vector<std::string>& arguments, const std::string& input = "/dev/null") {
    Process process(KefuCommand(arguments), folder_ + "/kefu", input);
    const int code = process.Wait();
    return {code, process.out(), process.err()};
  }
  // The one line of JSON that a verb prints.
  json KefuJson(const std::vector<std::string>& arguments) {
    const Ran ran = Kefu(arguments);
    EXPECT_EQ(ran.code, 0) << ran.err;
    return json::parse(ran.out, nullptr, false);
  }

  // A client, a contact, a complaint through its life, and one event that no rule allows.
  void PublishOneComplaint() {
    const std::string file = folder_ + "/events.ndjson";
    std::ofstream out(file);
    const auto line = [&](const std::string& id, const std::string& at, const json& body) {
      json event = {{"eventId", id}, {"clientId", "C-1"}, {"occurredAt", at}, {"source", "e2e"}};
      event.update(body);
      out << event.dump() << "\n";
    };
    line("E-1", "2026-03-01T09:00:00Z",
         {{"clientRegistered",
           {{"kind", "CLIENT_KIND_PERSON"}, {"displayName", "王小明"}, {"phones", {"+886912345678"}}}}});
    line("E-2", "2026-03-01T09:05:00Z",
         {{"contactRecorded",
           {{"contactId", "T-1"}, {"channel", "CHANNEL_PHONE"}, {"direction", "DIRECTION_INBOUND"}}}});
    line("E-3", "2026-03-01T09:06:00Z",
         {{"complaintReceived",
           {{"caseId", "K-1"}, {"opening", {{"channel", "CHANNEL_PHONE"}, {"subject", "扣款兩次"}}}}}});
    line("E-4", "2026-03-01T10:00:00Z", {{"caseAssigned", {{"caseId", "K-1"}, {"assigneeId", "S-7"}}}});
    line("E-5", "2026-03-01T11:00:00Z", {{"caseClosed", {{"caseId", "K-1"}}}});  // not resolved yet: refused
    line("E-1", "2026-03-01T09:00:00Z",
         {{"clientRegistered",
           {{"kind", "CLIENT_KIND_PERSON"}, {"displayName", "王小明"}, {"phones", {"+886912345678"}}}}});
    out.close();
    const Ran ran = Kefu({"publish", "--wait", "applied", "--output", "json"}, file);
    EXPECT_EQ(ran.code, 1) << "one event was refused\n" << ran.err;
    std::istringstream lines(ran.out);
    std::vector<std::string> outcomes;
    for (std::string text; std::getline(lines, text);) {
      const json result = json::parse(text);
      outcomes.push_back(result["eventId"].get<std::string>() + " " + result["verdict"]["outcome"].get<std::string>());
    }
    EXPECT_THAT(outcomes, ::testing::ElementsAre("E-1 VERDICT_OUTCOME_APPLIED", "E-2 VERDICT_OUTCOME_APPLIED",
                                                 "E-3 VERDICT_OUTCOME_APPLIED", "E-4 VERDICT_OUTCOME_APPLIED",
                                                 "E-5 VERDICT_OUTCOME_REFUSED", "E-1 VERDICT_OUTCOME_DUPLICATE"));
  }

  std::string folder_;
  std::string address_;
  std::unique_ptr<Process> server_;
};

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
