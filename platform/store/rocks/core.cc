#include "platform/store/rocks/core.h"

#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <mutex>

#include "platform/base/check.h"

namespace kefu::store {

Status FromRocks(const rocksdb::Status& status, std::string_view doing, const std::string& directory) {
  if (status.ok()) return OkStatus();
  const std::string text = status.ToString();
  if (status.IsNoSpace() || status.subcode() == rocksdb::Status::SubCode::kNoSpace)
    return ResourceExhausted("{} in {}: the disk is full: {}", doing, directory, text);
  // A file that the store's own books name is gone: as bad as a damaged one.
  if (status.IsCorruption() || status.subcode() == rocksdb::Status::SubCode::kPathNotFound)
    return DataLoss("{} in {}: {}", doing, directory, text);
  if (status.IsIOError() && text.find("lock") != std::string::npos)
    return Unavailable("{} is in use by another process: {}", directory, text);
  return Unavailable("{} in {}: {}", doing, directory, text);
}

rocksdb::ColumnFamilyOptions TableOptions(TableKind kind, const SharedResources& resources) {
  rocksdb::ColumnFamilyOptions options;
  rocksdb::BlockBasedTableOptions blocks;
  blocks.block_cache = resources.cache;
  blocks.cache_index_and_filter_blocks = true;
  blocks.cache_index_and_filter_blocks_with_high_priority = true;
  // Charged to the cache, but never searched for in it: a read by key asks for several.
  blocks.metadata_cache_options = {rocksdb::PinningTier::kAll, rocksdb::PinningTier::kAll, rocksdb::PinningTier::kAll};
  blocks.format_version = 5;
  // Debian's build computes CRC-32C without the processor's instruction.
  blocks.checksum = rocksdb::kXXH3;
  options.compression = rocksdb::kLZ4Compression;
  if (kind == TableKind::kRows) {
    blocks.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10, false));
    blocks.block_size = 8 << 10;
  } else {
    blocks.block_size = 32 << 10;
    options.bottommost_compression = rocksdb::kZSTD;
  }
  // A catch-up brings few, large files, each over the whole range of keys; merging every four of them, RocksDB's default,
  // was a quarter of its time. A read by key asks so many filters at most, a range in an archive so many files.
  options.level0_file_num_compaction_trigger = kind == TableKind::kRows ? 8 : 20;
  options.level0_slowdown_writes_trigger = 60;
  options.level0_stop_writes_trigger = 80;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(blocks));
  options.write_buffer_size = 32 << 20;
  // With more, a failed flush may be retried out of order in this version.
  options.max_write_buffer_number = 2;
  options.arena_block_size = 256 << 10;
  options.level_compaction_dynamic_level_bytes = true;
  return options;
}

Core::~Core() {
  for (rocksdb::ColumnFamilyHandle* handle : owned) db->DestroyColumnFamilyHandle(handle);
  if (db) db->Close().PermitUncheckedError();
}

rocksdb::ColumnFamilyHandle* Core::Table(TableId id) const {
  const std::shared_lock lock(mutex);
  KEFU_CHECK(id > 0 && id < tables.size(), "table {} of {}", id, tables.size());
  return tables[id];
}

StatusOr<bool> Core::Get(const rocksdb::ReadOptions& options, TableId table, std::string_view key,
                         PinnedValue* value) const {
  rocksdb::PinnableSlice& slice = value->holder().slice;
  slice.Reset();
  const rocksdb::Status status = db->Get(options, Table(table), ToSlice(key), &slice);
  if (status.IsNotFound()) return false;
  RETURN_IF_ERROR(FromRocks(status, "read", directory));
  value->SetView(FromSlice(slice));
  return true;
}

}  // namespace kefu::store
