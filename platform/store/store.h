#pragma once

// A small ordered store for views. Every partition has one. RocksDB is behind it, in rocks/ only.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/status.h"

namespace kefu::store {

// A table (column family) of an open store. Plain number; 0 is never valid.
using TableId = uint32_t;

// What a table holds decides how it is stored.
enum class TableKind {
  kRows,     // read by key, rewritten often
  kArchive,  // written once, read in ranges: strong compression, larger blocks
};

// A value pinned where it lies, without a copy. Empty after construction. Must die before its store.
class PinnedValue {
 public:
  PinnedValue();
  ~PinnedValue();
  PinnedValue(PinnedValue&&) noexcept;
  PinnedValue& operator=(PinnedValue&&) noexcept;
  std::string_view view() const { return view_; }

  struct Holder;  // rocks/ knows
  Holder& holder();
  void SetView(std::string_view view) { view_ = view; }

 private:
  std::unique_ptr<Holder> holder_;
  std::string_view view_;
};

// Walks keys in byte order within [lower, upper). Key and value are valid until the next move.
class Cursor {
 public:
  virtual ~Cursor() = default;
  virtual bool Valid() const = 0;
  virtual std::string_view key() const = 0;
  virtual std::string_view value() const = 0;
  virtual void Next() = 0;
  // Not OK if the walk ended because of a fault.
  virtual Status status() const = 0;
};

enum class Order { kAscending, kDescending };

// The store at one moment. Thread-safe.
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  // False: no such key.
  virtual StatusOr<bool> Get(TableId table, std::string_view key, PinnedValue* value) const = 0;
  // An empty `upper` means to the end. With kDescending it starts at the largest key below `upper`.
  virtual std::unique_ptr<Cursor> Scan(TableId table, std::string_view lower, std::string_view upper,
                                       Order order = Order::kAscending) const = 0;
};

// Changes that are written together or not at all.
class WriteBatch {
 public:
  virtual ~WriteBatch() = default;
  virtual void Put(TableId table, std::string_view key, std::string_view value) = 0;
  virtual void Delete(TableId table, std::string_view key) = 0;
  virtual size_t bytes() const = 0;
  virtual void Clear() = 0;
};

// Memory and threads that all stores of a process share.
struct SharedResources;
struct ResourceOptions {
  // Cache for blocks, indexes and filters.
  int64_t cache_bytes = int64_t{256} << 20;
  // All memtables together.
  int64_t write_buffer_bytes = int64_t{256} << 20;
  int background_jobs = 2;
};
std::shared_ptr<SharedResources> MakeSharedResources(const ResourceOptions& options);

struct StoreOptions {
  std::string directory;
  std::shared_ptr<SharedResources> resources;
  // Writes are refused below this much free disk.
  int64_t reserve_bytes = int64_t{128} << 20;
};

// Operation: tables are made and dropped by name; a batch may touch all of them. Not synced to disk at each write:
//   after a power cut the store is as it was some writes ago, with its position, and is folded on from there.
// Concurrency: thread-safe; writes queue.
class Store {
 public:
  // kDataLoss: damaged; delete the folder, it is rebuilt from the log. kUnavailable: another process has it.
  static StatusOr<std::unique_ptr<Store>> Open(const StoreOptions& options);
  virtual ~Store() = default;

  virtual StatusOr<TableId> OpenTable(const std::string& name, TableKind kind) = 0;
  virtual Status DropTable(const std::string& name) = 0;
  virtual std::vector<std::string> TableNames() const = 0;

  virtual std::unique_ptr<WriteBatch> NewBatch() = 0;
  // For many changes at once: each table's keys must come in ascending order, each once. They go into sorted files that
  // the store takes over, past its log and memtables: a fraction of the cost a row, and some milliseconds a table.
  // What was written before is on disk when it is.
  virtual std::unique_ptr<WriteBatch> NewBulkBatch() = 0;
  // kResourceExhausted: no room, nothing written, try again later (with a bulk batch filled anew). kDataLoss: the store
  // is damaged.
  virtual Status Write(WriteBatch& batch) = 0;

  // The newest state, without a snapshot.
  virtual StatusOr<bool> Get(TableId table, std::string_view key, PinnedValue* value) const = 0;
  // As many results as keys; keys ascending and distinct.
  virtual Status MultiGet(TableId table, const std::vector<std::string_view>& keys, std::vector<PinnedValue>* values,
                          std::vector<bool>* found) const = 0;

  virtual std::shared_ptr<const Snapshot> TakeSnapshot() = 0;
  // Writes memtables out and syncs.
  virtual Status Flush() = 0;
  virtual int64_t DiskBytes() const = 0;
};

}  // namespace kefu::store
