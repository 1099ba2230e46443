#include "services/kefud/data_directory.h"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace kefu::kefud {
namespace {

using ::testing::HasSubstr;

class DataDirectoryTest : public ::testing::Test {
 protected:
  DataDirectoryTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "kefu-data-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~DataDirectoryTest() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

TEST_F(DataDirectoryTest, ASecondOwnerIsToldWhoHasIt) {
  auto first = DataDirectory::Open(folder_ + "/new/data");
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = DataDirectory::Open(folder_ + "/new/data");
  EXPECT_EQ(second.status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(std::string(MessageOf(second.status())), HasSubstr(fmt::format("in use by process {}", getpid())));
  EXPECT_THAT(std::string(MessageOf(second.status())), HasSubstr("choose another --data-dir"));
}

TEST_F(DataDirectoryTest, ItIsFreeAgainWhenItsOwnerIsGone) {
  { ASSERT_TRUE(DataDirectory::Open(folder_).ok()); }
  EXPECT_TRUE(DataDirectory::Open(folder_).ok());
}

TEST_F(DataDirectoryTest, ASecretStaysTheSameAndIsItsOwnersOnly) {
  const auto directory = DataDirectory::Open(folder_);
  const auto secret = directory->Secret("token.key");
  ASSERT_TRUE(secret.ok());
  EXPECT_EQ(secret->size(), 32u);
  EXPECT_EQ(*directory->Secret("token.key"), *secret);
  EXPECT_NE(*directory->Secret("other.key"), *secret);
  struct stat file {};
  ASSERT_EQ(stat(directory->Below("token.key").c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600u);
}

TEST_F(DataDirectoryTest, AFolderThatCannotBeMadeIsToldSo) {
  EXPECT_THAT(std::string(MessageOf(DataDirectory::Open("/proc/kefu").status())), HasSubstr("cannot be made"));
}

}  // namespace
}  // namespace kefu::kefud
