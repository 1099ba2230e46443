#include "services/cli/audit/note_files.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace kefu::cli {
namespace {

// True: it was not there.
StatusOr<bool> WriteOne(const std::string& path, const std::string& note) {
  std::error_code error;
  if (std::filesystem::exists(path, error)) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream kept;
    kept << file.rdbuf();
    if (kept.str() == note) return false;
    return DataLoss("{} is there already and says something else of a log of this size: the log was changed since, or the "
                    "folder keeps another log's; it was left as it is",
                    path);
  }
  std::ofstream file(path, std::ios::binary);
  file << note;
  file.close();
  if (!file) return FailedPrecondition("{} cannot be written: {}", path, std::strerror(errno));
  return true;
}

}  // namespace

StatusOr<bool> WriteNotes(const audit::v1::Checkpoint& checkpoint, const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return FailedPrecondition("{} cannot be made: {}", directory, error.message());
  int64_t size = 0;
  for (const auto& part : checkpoint.signed_().partitions()) size += part.size();
  const std::string stem = fmt::format("{}/checkpoint-{}", directory, size);
  ASSIGN_OR_RETURN(bool any, WriteOne(stem + ".note", checkpoint.signed_().note()));
  for (const auto& part : checkpoint.signed_().partitions()) {
    ASSIGN_OR_RETURN(const bool one, WriteOne(fmt::format("{}-{}.note", stem, part.partition()), part.note()));
    any = any || one;
  }
  return any;
}

StatusOr<int> WriteKeyChanges(const KeyChanges& changes, const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return FailedPrecondition("{} cannot be made: {}", directory, error.message());
  int count = 0;
  for (int i = 0; i < changes.size(); ++i) {
    ASSIGN_OR_RETURN(const bool is_new,
                     WriteOne(fmt::format("{}/key-change-{}.note", directory, i), changes[i].changed().statement()));
    count += is_new;
  }
  return count;
}

}  // namespace kefu::cli
