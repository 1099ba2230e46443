#include "projections/kept/kept_files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace kefu::kept {
namespace {

constexpr std::string_view kTable = ".sst";

Status Failed(std::string_view doing, const std::string& path, int error) {
  if (error == ENOSPC) return ResourceExhausted("cannot {} {}: the disk is full", doing, path);
  return Unavailable("cannot {} {}: {}", doing, path, std::strerror(error));
}

class File {
 public:
  File(const std::string& path, int flags) : path_(path), descriptor_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {
    error_ = descriptor_ < 0 ? errno : 0;
  }
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  Status opened() const { return descriptor_ >= 0 ? OkStatus() : Failed("open", path_, error_); }
  int get() const { return descriptor_; }

 private:
  const std::string path_;
  const int descriptor_;
  int error_ = 0;
};

StatusOr<struct stat> StatOf(const File& file, const std::string& path) {
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return Failed("look at", path, errno);
  return info;
}

FileIdentity IdentityOf(const struct stat& info) {
  return {static_cast<uint64_t>(info.st_dev), static_cast<uint64_t>(info.st_ino)};
}

// Mapped, so that a table of any size takes no memory of ours.
StatusOr<Hash128> HashOf(const File& file, size_t size, const std::string& path) {
  if (size == 0) return FastHash128("");
  void* const mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (mapped == MAP_FAILED) return Failed("read", path, errno);
  ::madvise(mapped, size, MADV_SEQUENTIAL);
  const Hash128 hash = FastHash128({static_cast<const char*>(mapped), size});
  ::munmap(mapped, size);
  return hash;
}

bool IsTable(std::string_view name) { return name.ends_with(kTable); }

}  // namespace

StatusOr<std::vector<KeptFile>> HashFolder(const std::string& folder, const KnownFiles& known) {
  std::vector<KeptFile> files;
  std::error_code error;
  std::filesystem::directory_iterator each(folder, error);
  for (; !error && each != std::filesystem::directory_iterator(); each.increment(error)) {
    const std::string path = each->path().string();
    const File file(path, O_RDONLY);
    RETURN_IF_ERROR(file.opened());
    ASSIGN_OR_RETURN(const struct stat info, StatOf(file, path));
    KeptFile& added = files.emplace_back();
    added.name = each->path().filename().string();
    added.size = static_cast<int64_t>(info.st_size);
    const auto found = IsTable(added.name) ? known.find(IdentityOf(info)) : known.end();
    if (found != known.end() && found->second.size == added.size) {
      added.hash = found->second.hash;
      continue;
    }
    ASSIGN_OR_RETURN(added.hash, HashOf(file, static_cast<size_t>(info.st_size), path));
  }
  if (error) return Unavailable("cannot read {}: {}", folder, error.message());
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return files;
}

void Remember(const std::string& folder, const std::vector<KeptFile>& files, KnownFiles* known) {
  for (const KeptFile& file : files) {
    struct stat info {};
    if (IsTable(file.name) && ::stat((folder + "/" + file.name).c_str(), &info) == 0)
      known->insert_or_assign(IdentityOf(info), file);
  }
}

Status CheckFolder(const std::string& folder, const std::vector<KeptFile>& files) {
  ASSIGN_OR_RETURN(const auto there, HashFolder(folder, {}));
  for (size_t i = 0; i < std::max(there.size(), files.size()); ++i) {
    if (i >= there.size() || (i < files.size() && files[i].name < there[i].name))
      return DataLoss("{} is missing", files[i].name);
    if (i >= files.size() || there[i].name < files[i].name) return DataLoss("{} does not belong to it", there[i].name);
    if (there[i] != files[i]) return DataLoss("{} is not as it was written", there[i].name);
  }
  return OkStatus();
}

Status WriteDurably(const std::string& path, std::string_view bytes) {
  const File file(path, O_WRONLY | O_CREAT | O_TRUNC);
  RETURN_IF_ERROR(file.opened());
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed("write", path, errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return ::fsync(file.get()) == 0 ? OkStatus() : Failed("write", path, errno);
}

Status SyncFolder(const std::string& path) {
  const File folder(path, O_RDONLY | O_DIRECTORY);
  RETURN_IF_ERROR(folder.opened());
  return ::fsync(folder.get()) == 0 ? OkStatus() : Failed("write", path, errno);
}

StatusOr<std::string> ReadWhole(const std::string& path) {
  const File file(path, O_RDONLY);
  RETURN_IF_ERROR(file.opened());
  ASSIGN_OR_RETURN(const struct stat info, StatOf(file, path));
  std::string bytes(static_cast<size_t>(info.st_size), '\0');
  size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t got = ::read(file.get(), bytes.data() + at, bytes.size() - at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failed("read", path, errno);
    if (got == 0) break;
    at += static_cast<size_t>(got);
  }
  bytes.resize(at);
  return bytes;
}

}  // namespace kefu::kept
