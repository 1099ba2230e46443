#include "platform/base/files.h"

#include <cstdlib>
#include <filesystem>

#include "platform/base/check.h"

namespace kefu {

TempDirectory::TempDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "kefu-XXXXXX").string();
  KEFU_CHECK(mkdtemp(pattern.data()) != nullptr, "cannot make {}", pattern);
  path_ = pattern;
}

TempDirectory::~TempDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace kefu
