#pragma once

// What the files of this folder share. Nothing outside it includes this.

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/write_buffer_manager.h>

#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "platform/store/store.h"

namespace kefu::store {

struct PinnedValue::Holder {
  rocksdb::PinnableSlice slice;
};

struct SharedResources {
  std::shared_ptr<rocksdb::Cache> cache;
  std::shared_ptr<rocksdb::WriteBufferManager> write_buffers;
  int64_t write_buffer_bytes = 0;
  int background_jobs = 2;
};

inline rocksdb::Slice ToSlice(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view FromSlice(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// The one place where RocksDB's errors become ours.
Status FromRocks(const rocksdb::Status& status, std::string_view doing, const std::string& directory);

rocksdb::ColumnFamilyOptions TableOptions(TableKind kind, const SharedResources& resources);

// Tables are column families whose names begin with their kind.
inline std::string KindPrefix(TableKind kind) { return kind == TableKind::kRows ? "r:" : "a:"; }
inline TableKind KindOf(const std::string& stored) {
  return stored.starts_with("a:") ? TableKind::kArchive : TableKind::kRows;
}

// What outlives the store as long as a snapshot or a cursor needs it.
struct Core {
  std::string directory;
  std::shared_ptr<SharedResources> resources;
  std::unique_ptr<rocksdb::DB> db;
  mutable std::shared_mutex mutex;
  // By TableId; the name is empty where dropped. Handles are destroyed with the core, so readers of a dropped table stay
  // safe.
  std::vector<rocksdb::ColumnFamilyHandle*> tables{nullptr};
  std::vector<std::string> names{""};
  std::vector<rocksdb::ColumnFamilyHandle*> owned;

  ~Core();
  rocksdb::ColumnFamilyHandle* Table(TableId id) const;
  StatusOr<bool> Get(const rocksdb::ReadOptions& options, TableId table, std::string_view key,
                     PinnedValue* value) const;
};

}  // namespace kefu::store
