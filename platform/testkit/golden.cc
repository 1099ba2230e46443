#include "platform/testkit/golden.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace kefu::testkit {

void ExpectGolden(const std::string& path, std::string_view text) {
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return;
  }
  std::ifstream file(path, std::ios::binary);
  ASSERT_TRUE(file) << path << " is missing: run from the top of the checkout, or with UPDATE_GOLDEN=1 to write it";
  std::stringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(golden.str(), text) << "differs from " << path << "; if that is meant, run with UPDATE_GOLDEN=1";
}

}  // namespace kefu::testkit
