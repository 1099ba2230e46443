#pragma once

// A replay that is written to a file, and can go on after a break.

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "platform/base/status.h"

namespace kefu::cli {

// Lines go to FILE; beside it FILE.resume says up to which byte they belong to which token. Whatever a break left behind
// that byte is cut off when it goes on. When the replay is complete, FILE.resume is gone.
class ReplayFile {
 public:
  // A new file. kFailedPrecondition: there is one of that name already, or it cannot be made.
  static StatusOr<ReplayFile> Begin(const std::string& path);
  // One that was begun. kFailedPrecondition: nothing is to go on with, or the file is shorter than it was.
  static StatusOr<ReplayFile> GoOn(const std::string& path);

  // Where to go on; empty from the beginning.
  const std::string& resume_token() const { return resume_token_; }

  // Writes whole lines and what to go on with after them.
  Status Write(std::string_view lines, const std::string& resume_token);
  // All is written: what to go on with is not kept.
  Status Complete();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  ReplayFile(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {}
  std::string ResumePath() const { return path_ + ".resume"; }

  std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
  int64_t bytes_ = 0;
  std::string resume_token_;
};

}  // namespace kefu::cli
