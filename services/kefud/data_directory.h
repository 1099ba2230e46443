#pragma once

#include <string>

#include "platform/base/status.h"

namespace kefu::kefud {

// The folder of one kefud, locked against a second one for as long as this lives.
class DataDirectory {
 public:
  // Makes it if need be. kUnavailable names the process that has it.
  static StatusOr<DataDirectory> Open(const std::string& path);
  ~DataDirectory();
  DataDirectory(DataDirectory&& other) noexcept;
  DataDirectory& operator=(DataDirectory&&) = delete;

  const std::string& path() const { return path_; }
  std::string Below(const std::string& name) const { return path_ + "/" + name; }

  // 32 random bytes that stay the same for the life of the folder; readable by its owner only.
  StatusOr<std::string> Secret(const std::string& name) const;

 private:
  DataDirectory(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}
  std::string path_;
  int lock_;
};

}  // namespace kefu::kefud
