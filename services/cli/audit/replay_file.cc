#include "services/cli/audit/replay_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace kefu::cli {
namespace {

Status CannotBe(std::string_view path, std::string_view what) {
  return FailedPrecondition("{} cannot be {}: {}", path, what, std::strerror(errno));
}

}  // namespace

StatusOr<ReplayFile> ReplayFile::Begin(const std::string& path) {
  // x: not one that is there.
  std::FILE* file = std::fopen(path.c_str(), "wbx");
  if (file == nullptr && errno == EEXIST)
    return FailedPrecondition("{} is there already; --resume goes on with it, or name another file", path);
  if (file == nullptr) return CannotBe(path, "made");
  ReplayFile made(path, file);
  RETURN_IF_ERROR(made.Write({}, {}));
  return made;
}

StatusOr<ReplayFile> ReplayFile::GoOn(const std::string& path) {
  ReplayFile made(path, nullptr);
  std::ifstream kept(made.ResumePath());
  if (!(kept >> made.bytes_))
    return FailedPrecondition("there is no {}: nothing is to go on with, or it is complete", made.ResumePath());
  kept >> made.resume_token_;
  std::error_code error;
  const auto size = static_cast<int64_t>(std::filesystem::file_size(path, error));
  if (error || size < made.bytes_)
    return FailedPrecondition("{} is not the file that was begun: {} says that it has at least {} bytes", path,
                              made.ResumePath(), made.bytes_);
  std::filesystem::resize_file(path, static_cast<uintmax_t>(made.bytes_), error);
  if (error) return FailedPrecondition("{} cannot be cut to what is known of it: {}", path, error.message());
  made.file_.reset(std::fopen(path.c_str(), "ab"));
  if (made.file_ == nullptr) return CannotBe(path, "opened");
  return made;
}

Status ReplayFile::Write(std::string_view lines, const std::string& resume_token) {
  if (std::fwrite(lines.data(), 1, lines.size(), file_.get()) != lines.size() || std::fflush(file_.get()) != 0)
    return CannotBe(path_, "written");
  bytes_ += static_cast<int64_t>(lines.size());
  resume_token_ = resume_token;
  // Moved into place: a break leaves the one or the other.
  const std::string beside = ResumePath() + ".new";
  if (!(std::ofstream(beside) << bytes_ << '\n' << resume_token_ << '\n').flush()) return CannotBe(beside, "written");
  std::error_code error;
  std::filesystem::rename(beside, ResumePath(), error);
  if (error) return FailedPrecondition("{} cannot be written: {}", ResumePath(), error.message());
  return OkStatus();
}

Status ReplayFile::Complete() {
  std::error_code error;
  std::filesystem::remove(ResumePath(), error);
  if (error) return FailedPrecondition("{} cannot be removed: {}", ResumePath(), error.message());
  return OkStatus();
}

}  // namespace kefu::cli
