// The program: its command line, folders that strangers made, and what it is linked with.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "services/verify/bundle_testing.h"
#include "services/verify/command.h"

namespace kefu::verify {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Program : public ::testing::Test {
 protected:
  Program() {
    std::string name = ::testing::TempDir() + "kefu-verify-XXXXXX";
    folder_ = mkdtemp(name.data());
    // Not the empty ones: something must be there to be changed.
    for (uint64_t seed = 1; honest_.bundle["events.ndjson"].empty() || honest_.asked.since.empty() ||
                            !honest_.asked.keys_before.empty();
         ++seed)
      honest_ = MakeHonest(seed);
    Write("evidence", honest_.bundle);
    evidence_ = Path("evidence");
    WriteFile("kefu.vkey", "# of the branch\n\n" + honest_.key.verifier_key() + "\r\n");
  }
  ~Program() override { fs::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  void WriteFile(const std::string& name, const std::string& bytes) const {
    fs::create_directories(fs::path(Path(name)).parent_path());
    std::ofstream(Path(name), std::ios::binary) << bytes;
  }
  void Write(const std::string& name, const Bundle& bundle) const {
    for (const auto& [file, bytes] : bundle) WriteFile(name + "/" + file, bytes);
  }

  struct Ended {
    int code = -1;
    std::string out;
    std::string err;
  };
  Ended Run(const std::vector<std::string>& arguments) const {
    std::ostringstream out;
    std::ostringstream err;
    const int code = RunCommand(arguments, out, err);
    return {code, out.str(), err.str()};
  }
  Ended RunWithKey(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--key", honest_.key.verifier_key()});
    return Run(arguments);
  }

  std::string folder_;
  std::string evidence_;
  Honest honest_ = MakeHonest(1);
};

TEST_F(Program, EndsWithZeroWhereAllHolds) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{evidence_, "--key", honest_.key.verifier_key()},
        {"--key-file", Path("kefu.vkey"), evidence_}}) {
    const Ended ended = Run(arguments);
    EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("\nAll that can be checked holds.\n"));
    EXPECT_THAT(ended.err, IsEmpty());
  }
}

TEST_F(Program, WithTheFirstKeyAloneFollowsWhatItWasChangedTo) {
  Honest changed = MakeHonest(1);
  for (uint64_t seed = 2; changed.asked.keys_before.size() < 2; ++seed) changed = MakeHonest(seed);
  Write("changed", changed.bundle);
  const std::string first = changed.asked.keys_before[0].key.verifier_key();
  const Ended ended = Run({Path("changed"), "--key", first});
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_THAT(ended.out, AllOf(HasSubstr("✓ the key " + first + " was changed to "),
                               HasSubstr("✓ the key " + changed.key.verifier_key() + " signed this checkpoint")));
  // The control: a stranger's key leads nowhere.
  EXPECT_EQ(Run({Path("changed"), "--key", TestKey("kefu", 250).verifier_key()}).code, 1);
}

TEST_F(Program, EndsWithOneWhereSomethingDoesNot) {
  WriteFile("evidence/summary.txt", "another story\n");
  const Ended ended = RunWithKey({evidence_});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.out, AllOf(HasSubstr("✗ summary.txt: "), HasSubstr("This bundle does not hold.")));
}

TEST_F(Program, TakesTheCheckpointsThatTheAuditorKept) {
  WriteFile("kept.note", honest_.key.Sign(honest_.log.Text(honest_.asked.since[0])));
  WriteFile("newest.note", honest_.bundle.at("checkpoints/newest.note"));
  const Ended ended = RunWithKey({"--since", Path("kept.note"), "--since", Path("newest.note"), evidence_});
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_THAT(ended.out, AllOf(HasSubstr("kept.note over "), HasSubstr("newest.note over ")));
}

TEST_F(Program, AnswersProgramsInJson) {
  const Ended ended = RunWithKey({evidence_, "--json"});
  EXPECT_EQ(ended.code, 0);
  const Json json = Json::parse(ended.out);
  EXPECT_EQ(json["holds"], true);
  EXPECT_FALSE(json["not_proven"].empty());
}

TEST_F(Program, EndsWithTwoWhereItIsCalledWrongly) {
  WriteFile("empty.vkey", "# nothing\n");
  WriteFile("not.note", "hello\n");
  const std::vector<std::pair<std::vector<std::string>, std::string>> calls = {
      {{evidence_}, "give the key that the log is signed with"},
      {{evidence_, "--key", "kefu"}, "looks like name+hash+base64"},
      {{evidence_, "--key", honest_.key.verifier_key() + "A"}, "is none"},
      {{evidence_, "--key-file", Path("gone.vkey")}, "cannot be opened"},
      {{evidence_, "--key-file", Path("empty.vkey")}, "has no key in it"},
      {{evidence_, "--key-file", evidence_}, "is not a regular file"},
      {{"--key", honest_.key.verifier_key()}, "DIR is required"},
      {{Path("gone"), "--key", honest_.key.verifier_key()}, "cannot be read as a folder"},
      {{Path("kefu.vkey"), "--key", honest_.key.verifier_key()}, "cannot be read as a folder"},
      {{evidence_, "--key", honest_.key.verifier_key(), "--since", Path("not.note")}, "is not a checkpoint"},
      {{evidence_, "--key", honest_.key.verifier_key(), "--since", Path("gone.note")}, "cannot be opened"},
      {{evidence_, "--keys", "x"}, "--keys"},
  };
  for (const auto& [arguments, said] : calls) {
    const Ended ended = Run(arguments);
    EXPECT_EQ(ended.code, 2) << said;
    EXPECT_THAT(ended.err, HasSubstr(said));
    EXPECT_THAT(ended.out, IsEmpty());
  }
}

TEST_F(Program, ExplainsItself) {
  const Ended ended = Run({"--help"});
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.out, AllOf(HasSubstr("kefu-verify evidence/ --key-file kefu.vkey --since last-year.note"),
                               HasSubstr("0 all holds, 1 something\ndoes not, 2 wrong usage")));
  EXPECT_EQ(Run({"--version"}).code, 0);
}

TEST_F(Program, FollowsNoLinkAndOpensNoPipe) {
  WriteFile("elsewhere", honest_.bundle.at("summary.txt"));
  fs::remove(Path("evidence/summary.txt"));
  fs::create_symlink(Path("elsewhere"), Path("evidence/summary.txt"));
  fs::create_directory_symlink(folder_, Path("evidence/views2"));
  ASSERT_EQ(mkfifo(Path("evidence/views/pipe.json").c_str(), 0600), 0);
  fs::create_directories(Path("evidence/records/more"));
  fs::create_directories(Path("evidence/secret"));
  const Ended ended = RunWithKey({evidence_});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.out,
              AllOf(HasSubstr("✗ summary.txt: is a symbolic link"), HasSubstr("✗ views2: is a symbolic link"),
                    HasSubstr("✗ views/pipe.json: is neither a file nor a folder"),
                    HasSubstr("✗ records/more: is a folder that no bundle has"),
                    HasSubstr("✗ secret: is a folder that no bundle has")));
}

TEST_F(Program, ShowsHostileNamesHarmlessly) {
  WriteFile("evidence/\x1b[2Jx", "");
  const Ended ended = RunWithKey({evidence_});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.out, AllOf(HasSubstr("\\x1b[2Jx"), Not(HasSubstr("\x1b"))));
  EXPECT_EQ(Json::parse(RunWithKey({evidence_, "--json"}).out)["holds"], false);
}

TEST_F(Program, ReadsNoMoreThanItsLimits) {
  std::vector<FolderFault> faults;
  std::string why;
  const int64_t all = static_cast<int64_t>(honest_.bundle.size());
  ASSERT_TRUE(ReadFolder(evidence_, {.files = all - 2}, &faults, &why).has_value());
  EXPECT_FALSE(faults.empty());
  faults.clear();
  const auto small = ReadFolder(evidence_, {.file_bytes = 20}, &faults, &why);
  ASSERT_TRUE(small.has_value());
  EXPECT_EQ(small->size() + faults.size(), honest_.bundle.size());
  for (const auto& [name, bytes] : *small) EXPECT_LE(bytes.size(), 20u) << name;
  faults.clear();
  const auto few = ReadFolder(evidence_, {.bytes = 300}, &faults, &why);
  int64_t total = 0;
  for (const auto& [name, bytes] : *few) total += static_cast<int64_t>(bytes.size());
  EXPECT_LE(total, 300);
  // A sparse file that claims to be huge is not read at all.
  fs::resize_file(Path("evidence/case.html"), uint64_t{1} << 40);
  EXPECT_THAT(RunWithKey({evidence_}).out, HasSubstr("✗ case.html: has 1,099,511,627,776 bytes, more than "));
}

std::string OutputOf(const std::string& command) {
  std::string output;
  FILE* pipe = popen(command.c_str(), "r");
  char buffer[4096];
  for (size_t got; (got = fread(buffer, 1, sizeof(buffer), pipe)) > 0;) output.append(buffer, got);
  return pclose(pipe) == 0 ? output : "";
}

// What would be a server's, or lead to one.
std::vector<std::string> Foreign(const std::string& libraries) {
  std::vector<std::string> found;
  for (const char* name : {"grpc", "rocksdb", "rdkafka", "curl", "libssl", "resolv", "icu", "spdlog", "libkefu"})
    if (libraries.find(name) != std::string::npos) found.push_back(name);
  return found;
}

TEST(Independence, ItLoadsNoLibraryThatSpeaksToAnyone) {
  const std::string libraries = OutputOf("ldd " KEFU_VERIFY_PROGRAM);
  EXPECT_THAT(libraries, HasSubstr("libcrypto"));
  EXPECT_THAT(Foreign(libraries), IsEmpty());
  // One that does load such a library is found.
  EXPECT_THAT(Foreign(OutputOf("ldd " KEFU_GRPC_PROGRAM)), ::testing::Contains("grpc"));
}

TEST(Independence, ItAsksTheSystemForNoSocket) {
  const std::string symbols = OutputOf("nm -D --undefined-only " KEFU_VERIFY_PROGRAM);
  EXPECT_THAT(symbols, HasSubstr(" openat"));
  for (const char* call : {" socket", " connect", " getaddrinfo", " execve", " system@"})
    EXPECT_THAT(symbols, Not(HasSubstr(call)));
  // The shell, which can open /dev/tcp, would be found.
  EXPECT_THAT(OutputOf("nm -D --undefined-only /bin/bash"), HasSubstr(" socket"));
}

TEST(Independence, NothingOfTheServersCodeIsInIt) {
  const std::string symbols = OutputOf("nm -C " KEFU_VERIFY_PROGRAM);
  EXPECT_THAT(symbols, HasSubstr("kefu::verify::"));
  for (const char* space :
       {"kefu::merkle", "kefu::note", "kefu::event::", "kefu::rpc", "kefu::engine", "kefu::sdk", "kefu::cli"})
    EXPECT_THAT(symbols, Not(HasSubstr(space)));
  // In this test it is, for made-up events.
  EXPECT_THAT(OutputOf("nm -C " KEFU_TEST_PROGRAM), HasSubstr("kefu::event::"));
}

}  // namespace
}  // namespace kefu::verify
