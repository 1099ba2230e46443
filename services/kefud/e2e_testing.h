#pragma once

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

using nlohmann::json;
using ::testing::HasSubstr;

inline std::string ReadFile(const std::string& path) {
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

}  // namespace kefu
