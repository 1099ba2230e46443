#pragma once

// Copies of whole stores that share the files which never change.

#include <memory>
#include <string>

#include "platform/store/store.h"

namespace kefu::store {

// `store` as it is now, in `directory`, which must not be there while the folder above it must. Files that never change are
// shared by hard links (copied where it is another file system); the copy can be opened as a store, and neither sees
// what becomes of the other. On disk when this returns. Answers with the store at exactly the moment of the copy.
//
// First writes memtables out, while writing goes on; then writes wait while files are linked: milliseconds. Shared files
// take disk for as long as one of those who share them is there.
// kResourceExhausted: no room, or less free than the reserve. On an error nothing is left. Thread-safe.
StatusOr<std::shared_ptr<const Snapshot>> CopyStore(Store& store, const std::string& directory);

// The same of a copy that nobody has open: `from` to `to`, which is made, with the folders above it.
Status CopyClosedStore(const std::string& from, const std::string& to);

}  // namespace kefu::store
