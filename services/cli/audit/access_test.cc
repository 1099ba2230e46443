#include "services/cli/audit/access.h"

#include <gmock/gmock.h>

#include <CLI/CLI.hpp>
#include <cstdlib>

namespace kefu::cli {
namespace {

using ::testing::HasSubstr;

AccessFlags Parsed(std::vector<std::string> last_first) {
  CLI::App app;
  AccessFlags flags;
  AddAccessFlags(app, flags);
  app.parse(std::move(last_first));
  return flags;
}

class AccessTest : public ::testing::Test {
 protected:
  AccessTest() {
    for (const char* name : {"KEFU_ACTOR", "USER", "LOGNAME"}) unsetenv(name);
  }
};

TEST_F(AccessTest, TheReasonIsRequired) {
  EXPECT_THROW(Parsed({}), CLI::RequiredError);
  EXPECT_EQ(Parsed({"yearly audit", "--reason"}).reason, "yearly audit");
}

TEST_F(AccessTest, TheActorIsSaidOrElseTheShellsUser) {
  EXPECT_THAT(std::string(MessageOf(AccessOf(Parsed({"x", "--reason"})).status())), HasSubstr("--actor"));
  setenv("LOGNAME", "login", 1);
  EXPECT_EQ(AccessOf(Parsed({"x", "--reason"}))->actor_id(), "login");
  setenv("USER", "user", 1);
  EXPECT_EQ(AccessOf(Parsed({"x", "--reason"}))->actor_id(), "user");
  setenv("KEFU_ACTOR", "A-7", 1);
  EXPECT_EQ(AccessOf(Parsed({"x", "--reason"}))->actor_id(), "A-7");
  const auto access = AccessOf(Parsed({"A-8", "--actor", "x", "--reason"}));
  EXPECT_EQ(access->actor_id(), "A-8");
  EXPECT_EQ(access->reason(), "x");
}

}  // namespace
}  // namespace kefu::cli
