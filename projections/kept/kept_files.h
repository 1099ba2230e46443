#pragma once

// Files of kept views: hashed, compared, put on disk.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "projections/kept/kept_record.h"

namespace kefu::kept {

// A file by where it lies on disk: the same under any name, as long as it is there under one.
struct FileIdentity {
  uint64_t device = 0;
  uint64_t inode = 0;
  friend auto operator<=>(const FileIdentity&, const FileIdentity&) = default;
};
using KnownFiles = std::map<FileIdentity, KeptFile>;

// All files of `folder` with size and hash, by name; those of `known` that never change (tables) are not read again.
StatusOr<std::vector<KeptFile>> HashFolder(const std::string& folder, const KnownFiles& known);

// Adds the tables among `files`, as they lie in `folder`, to `known`.
void Remember(const std::string& folder, const std::vector<KeptFile>& files, KnownFiles* known);

// kDataLoss: `folder` does not hold exactly these files, byte by byte. Reads all of them.
Status CheckFolder(const std::string& folder, const std::vector<KeptFile>& files);

// Writes the file and everything about it to disk.
Status WriteDurably(const std::string& path, std::string_view bytes);
// Which names are in the folder, on disk.
Status SyncFolder(const std::string& path);
StatusOr<std::string> ReadWhole(const std::string& path);

}  // namespace kefu::kept
