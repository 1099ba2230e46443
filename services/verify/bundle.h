#pragma once

// A bundle's files in memory, and how they get there.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::verify {

// By name as the manifest has it, such as "records/0-17.pb".
using Bundle = std::map<std::string, std::string, std::less<>>;

struct FolderLimits {
  int64_t files = 4'000'000;
  // Of one file, and of all together: they are held in memory.
  int64_t file_bytes = int64_t{4} << 30;
  int64_t bytes = int64_t{16} << 30;
};

// What lies in a folder that no bundle has.
struct FolderFault {
  std::string name;
  std::string what;
};

// Reads the folder at `path`: files, and those one folder below. Follows no link, opens nothing but regular files;
// what else lies there, and what is over the limits, is told in `faults` and left out. Nothing, and why, if it is no
// folder that can be read.
std::optional<Bundle> ReadFolder(const std::string& path, const FolderLimits& limits, std::vector<FolderFault>* faults,
                                 std::string* why);

// The file at `path` whole, of at most `limit` bytes. Nothing, and why, if that cannot be.
std::optional<std::string> ReadWholeFile(const std::string& path, int64_t limit, std::string* why);

// What a file of a bundle is, by its name.
struct FileName {
  enum Kind {
    // No file that this format has.
    kOther,
    kManifest,
    kEvents,
    kProofs,
    kConsistency,
    // A record: `partition`, `offset`.
    kRecord,
    // A checkpoint's note: of the newest one, or of the one asked for as number `since`; over all, or of `partition`.
    kNote,
    // What was signed of a change of the key: the one of `number`, from 0, oldest first.
    kKeyChange,
    // Made for people or from views: nothing is proven of them.
    kView,
    kPage,
  };
  Kind kind = kOther;
  std::optional<int64_t> since;
  std::optional<int64_t> partition;
  int64_t offset = 0;
  int64_t number = 0;
};
FileName NameOf(std::string_view name);

std::string RecordName(int64_t partition, int64_t offset);
std::string NoteName(std::optional<int64_t> since, std::optional<int64_t> partition);
std::string KeyChangeName(int64_t number);

}  // namespace kefu::verify
