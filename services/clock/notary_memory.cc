#include "services/clock/notary_memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "platform/runtime/json.h"

namespace kefu::duties {
namespace {

// Beside it, then moved into its place.
Status WriteWhole(const std::string& path, const std::string& bytes) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  if (error) return FailedPrecondition("the folder of {} cannot be made: {}", path, error.message());
  const std::string beside = path + ".new";
  const int file = open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return FailedPrecondition("{} cannot be written: {}", beside, std::strerror(errno));
  const bool written =
      write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) && fsync(file) == 0;
  const int fault = errno;
  close(file);
  if (!written) return FailedPrecondition("{} cannot be written: {}", beside, std::strerror(fault));
  if (rename(beside.c_str(), path.c_str()) != 0)
    return FailedPrecondition("{} cannot be replaced: {}", path, std::strerror(errno));
  return OkStatus();
}

}  // namespace

StatusOr<std::optional<SignedMemory>> NotaryMemory::Load() {
  if (loaded_ || path_.empty()) return memory_;
  std::error_code error;
  if (std::filesystem::exists(path_, error)) {
    std::ifstream file(path_, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    SignedMemory read;
    const Status parsed = file ? runtime::FromJson(text.str(), &read) : FailedPrecondition("it cannot be opened");
    if (!parsed.ok())
      return DataLoss("{}, which remembers the newest checkpoint, cannot be read: {}. Restore it; or move it away, and "
                      "compare the newest checkpoint with an auditor's",
                      path_, MessageOf(parsed));
    memory_ = std::move(read);
  }
  loaded_ = true;
  return memory_;
}

Status NotaryMemory::Save(const SignedMemory& memory) {
  if (!path_.empty()) {
    ASSIGN_OR_RETURN(const std::string json, runtime::ToJson(memory));
    RETURN_IF_ERROR(WriteWhole(path_, json + "\n"));
  }
  memory_ = memory;
  loaded_ = true;
  return OkStatus();
}

}  // namespace kefu::duties
