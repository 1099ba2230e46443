#include "services/verify/bundle.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <utility>

#include "services/verify/text.h"

namespace kefu::verify {
namespace {

constexpr size_t kMaxViewName = 200;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int operator*() const { return number_; }
  int Release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

// The rest of an open regular file.
std::optional<std::string> ReadAll(int file, int64_t limit, std::string* why) {
  struct stat state;
  if (fstat(file, &state) != 0 || !S_ISREG(state.st_mode)) {
    *why = "is not a regular file";
    return std::nullopt;
  }
  if (state.st_size > limit) {
    *why = fmt::format("has {} bytes, more than {} are not read", Grouped(state.st_size), Grouped(limit));
    return std::nullopt;
  }
  std::string bytes(static_cast<size_t>(state.st_size), '\0');
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = read(file, bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      *why = got < 0 ? fmt::format("cannot be read: {}", std::strerror(errno)) : "became shorter while it was read";
      return std::nullopt;
    }
    done += static_cast<size_t>(got);
  }
  return bytes;
}

class FolderReader {
 public:
  FolderReader(const FolderLimits& limits, std::vector<FolderFault>* faults) : limits_(limits), faults_(*faults) {}

  // Takes over `folder`. `prefix` is empty, or the folder's name and a slash.
  bool Read(int folder, const std::string& prefix) {
    const std::unique_ptr<DIR, CloseFolder> list(fdopendir(folder));
    if (list == nullptr) {
      close(folder);
      return false;
    }
    while (const dirent* entry = readdir(list.get())) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (static_cast<int64_t>(bundle_.size() + faults_.size()) >= limits_.files) {
        faults_.push_back({prefix + name, fmt::format("more than {} files are not read", Grouped(limits_.files))});
        return true;
      }
      Take(dirfd(list.get()), name, prefix);
    }
    return true;
  }

  Bundle Done() { return std::move(bundle_); }

 private:
  void Take(int folder, const std::string& name, const std::string& prefix) {
    struct stat state;
    if (fstatat(folder, name.c_str(), &state, AT_SYMLINK_NOFOLLOW) != 0) {
      faults_.push_back({prefix + name, fmt::format("cannot be looked at: {}", std::strerror(errno))});
    } else if (S_ISREG(state.st_mode)) {
      TakeFile(folder, name, prefix);
    } else if (S_ISLNK(state.st_mode)) {
      faults_.push_back({prefix + name, "is a symbolic link; a bundle has none, for it could lead elsewhere tomorrow"});
    } else if (!S_ISDIR(state.st_mode)) {
      faults_.push_back({prefix + name, "is neither a file nor a folder"});
    } else if (!prefix.empty() || (name != "records" && name != "checkpoints" && name != "views")) {
      faults_.push_back({prefix + name, "is a folder that no bundle has"});
    } else {
      Descriptor below(openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (*below < 0 || !Read(below.Release(), name + "/"))
        faults_.push_back({name, fmt::format("cannot be read: {}", std::strerror(errno))});
    }
  }

  void TakeFile(int folder, const std::string& name, const std::string& prefix) {
    // Not blocking, should it be a pipe by now.
    const Descriptor file(openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    std::string why = *file < 0 ? fmt::format("cannot be opened: {}", std::strerror(errno)) : "";
    std::optional<std::string> bytes;
    if (why.empty()) bytes = ReadAll(*file, std::min(limits_.file_bytes, limits_.bytes - bytes_), &why);
    if (!bytes.has_value()) {
      faults_.push_back({prefix + name, why});
      return;
    }
    bytes_ += static_cast<int64_t>(bytes->size());
    bundle_.emplace(prefix + name, *std::move(bytes));
  }

  const FolderLimits limits_;
  std::vector<FolderFault>& faults_;
  Bundle bundle_;
  int64_t bytes_ = 0;
};

// "3" → 3, "3-17" → 3 and 17, by how many numbers are wanted.
bool ReadNumbers(std::string_view text, std::initializer_list<int64_t*> numbers) {
  size_t left = numbers.size();
  for (int64_t* number : numbers) {
    const size_t end = --left == 0 ? text.size() : text.find('-');
    if (end == text.npos) return false;
    const std::optional<int64_t> read = ReadNumber(text.substr(0, end));
    if (!read.has_value()) return false;
    *number = *read;
    text.remove_prefix(left == 0 ? end : end + 1);
  }
  return true;
}

bool TakeAround(std::string_view* name, std::string_view before, std::string_view after) {
  if (name->size() < before.size() + after.size() || !name->starts_with(before) || !name->ends_with(after))
    return false;
  name->remove_prefix(before.size());
  name->remove_suffix(after.size());
  return true;
}

}  // namespace

std::optional<Bundle> ReadFolder(const std::string& path, const FolderLimits& limits, std::vector<FolderFault>* faults,
                                 std::string* why) {
  Descriptor folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  FolderReader reader(limits, faults);
  if (*folder < 0 || !reader.Read(folder.Release(), "")) {
    *why = std::strerror(errno);
    return std::nullopt;
  }
  return reader.Done();
}

std::optional<std::string> ReadWholeFile(const std::string& path, int64_t limit, std::string* why) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (*file < 0) {
    *why = fmt::format("cannot be opened: {}", std::strerror(errno));
    return std::nullopt;
  }
  return ReadAll(*file, limit, why);
}

FileName NameOf(std::string_view name) {
  if (name == "manifest.json") return {FileName::kManifest};
  if (name == "events.ndjson") return {FileName::kEvents};
  if (name == "proofs.ndjson") return {FileName::kProofs};
  if (name == "summary.txt" || name == "case.html" || name == "client.html") return {FileName::kPage};
  if (name == "checkpoints/consistency.ndjson") return {FileName::kConsistency};
  if (name == "checkpoints/newest.note") return {FileName::kNote};

  FileName found;
  int64_t since = 0;
  int64_t partition = 0;
  if (std::string_view rest = name; TakeAround(&rest, "records/", ".pb")) {
    if (ReadNumbers(rest, {&partition, &found.offset})) {
      found.kind = FileName::kRecord;
      found.partition = partition;
    }
  } else if (rest = name; TakeAround(&rest, "checkpoints/newest-", ".note")) {
    if (ReadNumbers(rest, {&partition})) {
      found.kind = FileName::kNote;
      found.partition = partition;
    }
  } else if (rest = name; TakeAround(&rest, "checkpoints/key-change-", ".note")) {
    if (ReadNumbers(rest, {&found.number})) found.kind = FileName::kKeyChange;
  } else if (rest = name; TakeAround(&rest, "checkpoints/since-", ".note")) {
    const bool is_of_one = rest.find('-') != rest.npos;
    if (is_of_one ? ReadNumbers(rest, {&since, &partition}) : ReadNumbers(rest, {&since})) {
      found.kind = FileName::kNote;
      found.since = since;
      if (is_of_one) found.partition = partition;
    }
  } else if (rest = name; TakeAround(&rest, "views/", ".json")) {
    // As it is shown: nothing in it that a terminal would not show.
    const bool is_plain =
        rest.size() <= kMaxViewName && rest.find_first_of("/\\") == rest.npos && !rest.starts_with('.');
    if (!rest.empty() && is_plain && (rest.size() > 100 || Shown(rest) == rest)) found.kind = FileName::kView;
  }
  return found;
}

std::string RecordName(int64_t partition, int64_t offset) { return fmt::format("records/{}-{}.pb", partition, offset); }

std::string KeyChangeName(int64_t number) { return fmt::format("checkpoints/key-change-{}.note", number); }

std::string NoteName(std::optional<int64_t> since, std::optional<int64_t> partition) {
  std::string name = since.has_value() ? fmt::format("checkpoints/since-{}", *since) : "checkpoints/newest";
  if (partition.has_value()) name += fmt::format("-{}", *partition);
  return name + ".note";
}

}  // namespace kefu::verify
