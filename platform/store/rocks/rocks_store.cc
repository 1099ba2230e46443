#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>
#include <sys/statvfs.h>

#include <atomic>
#include <filesystem>
#include <limits>
#include <mutex>
#include <shared_mutex>

#include "platform/store/copy.h"
#include "platform/store/rocks/bulk_batch.h"
#include "platform/store/rocks/core.h"
#include "platform/store/store.h"

namespace kefu::store {

PinnedValue::PinnedValue() = default;
PinnedValue::~PinnedValue() = default;
PinnedValue::PinnedValue(PinnedValue&&) noexcept = default;
PinnedValue& PinnedValue::operator=(PinnedValue&&) noexcept = default;
PinnedValue::Holder& PinnedValue::holder() {
  if (!holder_) holder_ = std::make_unique<Holder>();
  return *holder_;
}

std::shared_ptr<SharedResources> MakeSharedResources(const ResourceOptions& options) {
  auto shared = std::make_shared<SharedResources>();
  shared->cache = rocksdb::NewLRUCache(static_cast<size_t>(options.cache_bytes));
  shared->write_buffers = std::make_shared<rocksdb::WriteBufferManager>(static_cast<size_t>(options.write_buffer_bytes));
  shared->write_buffer_bytes = options.write_buffer_bytes;
  shared->background_jobs = options.background_jobs;
  rocksdb::Env::Default()->SetBackgroundThreads(options.background_jobs, rocksdb::Env::Priority::LOW);
  rocksdb::Env::Default()->SetBackgroundThreads(1, rocksdb::Env::Priority::HIGH);
  return shared;
}

namespace {

// RocksDB's own log is dropped: Debian's build aborts when it cannot be written on a full disk, and it prints keys.
class NoLogger : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

class RocksCursor : public Cursor {
 public:
  RocksCursor(std::shared_ptr<const Core> core, rocksdb::ReadOptions options, TableId table, std::string_view lower,
              std::string_view upper, Order order)
      : core_(std::move(core)), lower_(lower), upper_(upper), descending_(order == Order::kDescending) {
    lower_slice_ = lower_;
    upper_slice_ = upper_;
    if (!lower_.empty()) options.iterate_lower_bound = &lower_slice_;
    if (!upper_.empty()) options.iterate_upper_bound = &upper_slice_;
    iterator_.reset(core_->db->NewIterator(options, core_->Table(table)));
    if (descending_) {
      iterator_->SeekToLast();  // honours the upper bound
    } else {
      iterator_->SeekToFirst();  // honours the lower bound
    }
  }

  bool Valid() const override { return iterator_->Valid(); }
  std::string_view key() const override { return FromSlice(iterator_->key()); }
  std::string_view value() const override { return FromSlice(iterator_->value()); }
  void Next() override { descending_ ? iterator_->Prev() : iterator_->Next(); }
  Status status() const override { return FromRocks(iterator_->status(), "scan", core_->directory); }

 private:
  std::shared_ptr<const Core> core_;
  std::string lower_;
  std::string upper_;
  rocksdb::Slice lower_slice_;
  rocksdb::Slice upper_slice_;
  bool descending_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

class RocksSnapshot : public Snapshot {
 public:
  explicit RocksSnapshot(std::shared_ptr<const Core> core) : core_(std::move(core)) {
    snapshot_ = core_->db->GetSnapshot();
    options_.snapshot = snapshot_;
  }
  ~RocksSnapshot() override { core_->db->ReleaseSnapshot(snapshot_); }

  StatusOr<bool> Get(TableId table, std::string_view key, PinnedValue* value) const override {
    return core_->Get(options_, table, key, value);
  }
  std::unique_ptr<Cursor> Scan(TableId table, std::string_view lower, std::string_view upper,
                               Order order) const override {
    return std::make_unique<RocksCursor>(core_, options_, table, lower, upper, order);
  }

 private:
  std::shared_ptr<const Core> core_;
  const rocksdb::Snapshot* snapshot_;
  rocksdb::ReadOptions options_;
};

class RocksBatch final : public StoreBatch {
 public:
  explicit RocksBatch(const Core& core) : core_(core) {}
  void Put(TableId table, std::string_view key, std::string_view value) override {
    batch_.Put(core_.Table(table), ToSlice(key), ToSlice(value)).PermitUncheckedError();
  }
  void Delete(TableId table, std::string_view key) override {
    batch_.Delete(core_.Table(table), ToSlice(key)).PermitUncheckedError();
  }
  size_t bytes() const override { return batch_.GetDataSize(); }
  void Clear() override { batch_.Clear(); }
  rocksdb::Status WriteTo(rocksdb::DB& db) override { return db.Write(rocksdb::WriteOptions(), &batch_); }

 private:
  const Core& core_;
  rocksdb::WriteBatch batch_;
};

class RocksStore : public Store {
 public:
  RocksStore(std::shared_ptr<Core> core, int64_t reserve_bytes)
      : core_(std::move(core)), reserve_bytes_(reserve_bytes) {}

  StatusOr<TableId> OpenTable(const std::string& name, TableKind kind) override {
    const std::string stored = KindPrefix(kind) + name;
    const std::shared_lock standing(standing_);
    const std::unique_lock lock(core_->mutex);
    for (TableId id = 1; id < core_->names.size(); ++id)
      if (core_->names[id] == stored) return id;
    rocksdb::ColumnFamilyHandle* handle = nullptr;
    RETURN_IF_ERROR(FromRocks(
        core_->db->CreateColumnFamily(TableOptions(kind, *core_->resources), stored, &handle), "make a table",
        core_->directory));
    core_->owned.push_back(handle);
    core_->tables.push_back(handle);
    core_->names.push_back(stored);
    return static_cast<TableId>(core_->tables.size() - 1);
  }

  Status DropTable(const std::string& name) override {
    const std::shared_lock standing(standing_);
    const std::unique_lock lock(core_->mutex);
    for (TableId id = 1; id < core_->names.size(); ++id) {
      if (core_->names[id].empty() || core_->names[id].substr(2) != name) continue;
      RETURN_IF_ERROR(
          FromRocks(core_->db->DropColumnFamily(core_->tables[id]), "drop a table", core_->directory));
      // The handle stays valid for readers of older snapshots; the name is free again.
      core_->names[id].clear();
    }
    return OkStatus();
  }

  std::vector<std::string> TableNames() const override {
    const std::shared_lock lock(core_->mutex);
    std::vector<std::string> names;
    for (size_t id = 1; id < core_->names.size(); ++id)
      if (!core_->names[id].empty()) names.push_back(core_->names[id].substr(2));
    return names;
  }

  std::unique_ptr<WriteBatch> NewBatch() override { return std::make_unique<RocksBatch>(*core_); }
  std::unique_ptr<WriteBatch> NewBulkBatch() override { return std::make_unique<BulkBatch>(*core_, ++bulk_batches_); }

  Status Write(WriteBatch& batch) override {
    RETURN_IF_ERROR(CheckRoom(batch.bytes()));
    const std::shared_lock standing(standing_);
    const rocksdb::Status status = static_cast<StoreBatch&>(batch).WriteTo(*core_->db);
    if (!status.ok() && !status.IsCorruption()) {
      // After a full disk RocksDB stays read-only until it is told to go on.
      core_->db->Resume().PermitUncheckedError();
    }
    return FromRocks(status, "write", core_->directory);
  }

  StatusOr<bool> Get(TableId table, std::string_view key, PinnedValue* value) const override {
    return core_->Get(rocksdb::ReadOptions(), table, key, value);
  }

  Status MultiGet(TableId table, const std::vector<std::string_view>& keys, std::vector<PinnedValue>* values,
                  std::vector<bool>* found) const override {
    std::vector<rocksdb::Slice> slices(keys.size());
    for (size_t i = 0; i < keys.size(); ++i) slices[i] = ToSlice(keys[i]);
    std::vector<rocksdb::PinnableSlice> pinned(keys.size());
    std::vector<rocksdb::Status> statuses(keys.size());
    core_->db->MultiGet(rocksdb::ReadOptions(), core_->Table(table), keys.size(), slices.data(), pinned.data(),
                        statuses.data(), /*sorted_input=*/true);
    values->clear();
    values->resize(keys.size());
    found->assign(keys.size(), false);
    for (size_t i = 0; i < keys.size(); ++i) {
      if (statuses[i].IsNotFound()) continue;
      RETURN_IF_ERROR(FromRocks(statuses[i], "read", core_->directory));
      rocksdb::PinnableSlice& slice = (*values)[i].holder().slice;
      slice = std::move(pinned[i]);
      (*values)[i].SetView(FromSlice(slice));
      (*found)[i] = true;
    }
    return OkStatus();
  }

  std::shared_ptr<const Snapshot> TakeSnapshot() override { return std::make_shared<RocksSnapshot>(core_); }

  Status Flush() override {
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    {
      const std::shared_lock lock(core_->mutex);
      for (size_t id = 1; id < core_->names.size(); ++id)
        if (!core_->names[id].empty()) handles.push_back(core_->tables[id]);
    }
    return FromRocks(core_->db->Flush(rocksdb::FlushOptions(), handles), "flush", core_->directory);
  }

  StatusOr<std::shared_ptr<const Snapshot>> CopyTo(const std::string& directory) {
    RETURN_IF_ERROR(CheckRoomNow());
    // Before others have to wait: what is copied of RocksDB's own log is then what was written meanwhile.
    RETURN_IF_ERROR(Flush());
    rocksdb::Checkpoint* made = nullptr;
    RETURN_IF_ERROR(FromRocks(rocksdb::Checkpoint::Create(core_->db.get(), &made), "copy", core_->directory));
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
    // A copy holds the list of tables as it was, and then the log as it is a little later. A bulk batch is in the first
    // and not in the second: were one written in between, the copy would lack it and hold what came after it.
    const std::unique_lock standing(standing_);
    RETURN_IF_ERROR(FromRocks(checkpoint->CreateCheckpoint(directory, std::numeric_limits<uint64_t>::max()), "copy",
                              core_->directory));
    return TakeSnapshot();
  }

  int64_t DiskBytes() const override {
    int64_t bytes = 0;
    std::error_code error;
    for (const auto& file : std::filesystem::directory_iterator(core_->directory, error)) {
      const auto size = file.file_size(error);
      if (!error) bytes += static_cast<int64_t>(size);
    }
    return bytes;
  }

 private:
  // Refuses before the disk is full: RocksDB recovers badly from a full one, and recovery itself needs room.
  Status CheckRoom(size_t batch_bytes) {
    unchecked_bytes_ += static_cast<int64_t>(batch_bytes);
    if (unchecked_bytes_ < (4 << 20) && !was_full_) return OkStatus();
    return CheckRoomNow();
  }

  Status CheckRoomNow() {
    struct statvfs disk {};
    if (statvfs(core_->directory.c_str(), &disk) != 0) return OkStatus();
    const auto free = static_cast<int64_t>(disk.f_bavail) * static_cast<int64_t>(disk.f_frsize);
    was_full_ = free < reserve_bytes_;
    if (was_full_)
      return ResourceExhausted("{}: {} MiB free, less than the reserve of {} MiB; make room and it goes on by itself",
                               core_->directory, free >> 20, reserve_bytes_ >> 20);
    unchecked_bytes_ = 0;
    return OkStatus();
  }

  std::shared_ptr<Core> core_;
  const int64_t reserve_bytes_;
  // Shared by who writes; alone: the store stands still.
  std::shared_mutex standing_;
  std::atomic<int64_t> bulk_batches_{0};
  // Written by the partition's one writer; another writer only makes the check come a little early or late.
  std::atomic<int64_t> unchecked_bytes_{INT64_C(4) << 20};
  std::atomic<bool> was_full_{false};
};

}  // namespace

StatusOr<std::shared_ptr<const Snapshot>> CopyStore(Store& store, const std::string& directory) {
  return static_cast<RocksStore&>(store).CopyTo(directory);
}

StatusOr<std::unique_ptr<Store>> Store::Open(const StoreOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(options.directory, error);
  if (error) return Unavailable("cannot make {}: {}", options.directory, error.message());

  auto core = std::make_shared<Core>();
  core->directory = options.directory;
  core->resources = options.resources ? options.resources : MakeSharedResources({});

  rocksdb::DBOptions db_options;
  db_options.create_if_missing = true;
  db_options.info_log = std::make_shared<NoLogger>();
  db_options.paranoid_checks = true;
  db_options.write_buffer_manager = core->resources->write_buffers;
  db_options.max_background_jobs = core->resources->background_jobs;
  db_options.max_total_wal_size = 128 << 20;
  db_options.max_open_files = 256;
  db_options.bytes_per_sync = 1 << 20;
  db_options.keep_log_file_num = 1;

  std::vector<std::string> names;
  if (!rocksdb::DB::ListColumnFamilies(db_options, options.directory, &names).ok()) names = {"default"};
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string& name : names)
    families.emplace_back(name, TableOptions(KindOf(name), *core->resources));

  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  RETURN_IF_ERROR(FromRocks(rocksdb::DB::Open(db_options, options.directory, families, &handles, &db), "open",
                            options.directory));
  core->db.reset(db);
  // Files of bulk batches that were never taken over. Now, since the store is ours.
  std::filesystem::remove_all(BulkBatch::FolderIn(options.directory), error);
  core->owned = handles;
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == "default") continue;
    core->tables.push_back(handles[i]);
    core->names.push_back(names[i]);
  }
  return std::unique_ptr<Store>(std::make_unique<RocksStore>(std::move(core), options.reserve_bytes));
}

}  // namespace kefu::store
