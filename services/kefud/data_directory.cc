#include "services/kefud/data_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace kefu::kefud {
namespace {

constexpr size_t kSecretBytes = 32;

std::string OwnerOf(int lock) {
  std::array<char, 32> text{};
  const ssize_t size = pread(lock, text.data(), text.size() - 1, 0);
  return size > 0 ? std::string(text.data(), size) : "unknown";
}

// Written beside and moved into place, so that a crash leaves no half secret.
Status WriteWhole(const std::string& path, const std::string& bytes) {
  const std::string beside = path + ".new";
  const int file = open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return Internal("{} cannot be written: {}", beside, std::strerror(errno));
  const bool written =
      write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) && fsync(file) == 0;
  const int error = errno;
  close(file);
  if (!written) return Internal("{} cannot be written: {}", beside, std::strerror(error));
  if (rename(beside.c_str(), path.c_str()) != 0) return Internal("{}: {}", path, std::strerror(errno));
  return OkStatus();
}

}  // namespace

StatusOr<DataDirectory> DataDirectory::Open(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return FailedPrecondition("data-dir {} cannot be made: {}", path, error.message());
  const std::string whole = std::filesystem::absolute(path).lexically_normal().string();
  const std::string lock_path = whole + "/kefud.lock";
  const int lock = open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return FailedPrecondition("{} cannot be written: {}", lock_path, std::strerror(errno));
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    const std::string owner = OwnerOf(lock);
    close(lock);
    return Unavailable("{} is in use by process {} (lock {}); stop that kefud first, or choose another --data-dir",
                       whole, owner, lock_path);
  }
  const std::string pid = fmt::format("{}", getpid());
  if (ftruncate(lock, 0) != 0 || pwrite(lock, pid.data(), pid.size(), 0) < 0) {
    close(lock);
    return FailedPrecondition("{} cannot be written: {}", lock_path, std::strerror(errno));
  }
  return DataDirectory(whole, lock);
}

DataDirectory::DataDirectory(DataDirectory&& other) noexcept : path_(std::move(other.path_)), lock_(other.lock_) {
  other.lock_ = -1;
}

DataDirectory::~DataDirectory() {
  if (lock_ >= 0) close(lock_);
}

StatusOr<std::string> DataDirectory::Secret(const std::string& name) const {
  const std::string path = Below(name);
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file && text << file.rdbuf() && text.str().size() == kSecretBytes) return text.str();
  std::string secret(kSecretBytes, '\0');
  if (getrandom(secret.data(), secret.size(), 0) != static_cast<ssize_t>(secret.size())) {
    return Internal("the system gives no random bytes: {}", std::strerror(errno));
  }
  RETURN_IF_ERROR(WriteWhole(path, secret));
  return secret;
}

}  // namespace kefu::kefud
