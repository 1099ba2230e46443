#include "platform/log/embedded/record_store.h"

#include <absl/time/clock.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <sys/statvfs.h>

#include <filesystem>
#include <mutex>

#include "platform/codec/key.h"
#include "platform/log/embedded/frame.h"

namespace kefu::log {

namespace {

// Meta keys begin with a byte that no record key begins with (a topic's number is not negative).
constexpr char kMetaPrefix = '\0';
constexpr size_t kReadBlockBytes = 1 << 20;

rocksdb::Slice ToSlice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view FromSlice(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

Status FromRocks(const rocksdb::Status& status, std::string_view doing, const std::string& directory) {
  if (status.ok()) return OkStatus();
  const std::string text = status.ToString();
  if (status.IsCorruption() || status.subcode() == rocksdb::Status::SubCode::kPathNotFound)
    return DataLoss("{} the log in {}: {}", doing, directory, text);
  if (text.find("lock") != std::string::npos)
    return Unavailable("the log in {} is in use by another process; stop that one first: {}", directory, text);
  return Unavailable("{} the log in {}: {}", doing, directory, text);
}

// Dropped: Debian's RocksDB aborts when its own log cannot be written on a full disk.
class NoLogger : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

rocksdb::Options DbOptions() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.info_log = std::make_shared<NoLogger>();
  options.paranoid_checks = true;
  // A torn write at the end of the write-ahead log is what a power cut leaves; damage before it is refused.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.max_write_buffer_number = 2;
  options.write_buffer_size = 64 << 20;
  options.max_total_wal_size = 256 << 20;
  options.max_background_jobs = 2;
  options.max_open_files = 256;
  options.target_file_size_base = 128 << 20;
  options.max_bytes_for_level_base = 512 << 20;
  options.compression = rocksdb::kLZ4Compression;
  options.bottommost_compression = rocksdb::kZSTD;
  rocksdb::BlockBasedTableOptions blocks;
  blocks.block_size = 32 << 10;
  blocks.format_version = 5;
  blocks.block_cache = rocksdb::NewLRUCache(16 << 20);
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(blocks));
  return options;
}

std::string MetaKey(std::string_view key) { return std::string(1, kMetaPrefix) + std::string(key); }

Status Damaged(int32_t topic, Partition partition, Offset offset, std::string_view how) {
  return DataLoss("topic {} partition {} offset {} of the log is {}; restore the log from its copy", topic, partition,
                  offset, how);
}

// Memory for the records of a batch: blocks that do not move.
class Blocks {
 public:
  std::string_view Copy(std::string_view bytes) {
    if (left_ < bytes.size()) {
      left_ = std::max(kReadBlockBytes, bytes.size());
      blocks_.push_back(std::make_unique_for_overwrite<char[]>(left_));
      at_ = blocks_.back().get();
    }
    char* to = at_;
    std::copy(bytes.begin(), bytes.end(), to);
    at_ += bytes.size();
    left_ -= bytes.size();
    return {to, bytes.size()};
  }

 private:
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* at_ = nullptr;
  size_t left_ = 0;
};

}  // namespace

StatusOr<std::unique_ptr<RecordStore>> RecordStore::Open(const EmbeddedOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(options.directory, error);
  if (error) return Unavailable("cannot make {}: {}", options.directory, error.message());
  std::unique_ptr<RecordStore> store(new RecordStore(options));
  RETURN_IF_ERROR(store->OpenDb());
  return store;
}

RecordStore::RecordStore(const EmbeddedOptions& options) : options_(options) {}

RecordStore::~RecordStore() {
  if (db_) db_->Close().PermitUncheckedError();
}

Status RecordStore::OpenDb() {
  rocksdb::DB* db = nullptr;
  RETURN_IF_ERROR(FromRocks(rocksdb::DB::Open(DbOptions(), options_.directory, &db), "open", options_.directory));
  db_.reset(db);
  return OkStatus();
}

Status RecordStore::Recover() {
  const std::unique_lock lock(db_mutex_);
  if (db_ && db_->Resume().ok()) return OkStatus();
  db_.reset();
  return OpenDb();
}

Status RecordStore::CheckRoom(size_t bytes) {
  unchecked_bytes_ += static_cast<int64_t>(bytes);
  const absl::Time now = absl::Now();
  if (unchecked_bytes_ < (8 << 20) && now - checked_at_ < absl::Seconds(1)) return OkStatus();
  struct statvfs disk {};
  if (statvfs(options_.directory.c_str(), &disk) != 0) return OkStatus();
  const auto free = static_cast<int64_t>(disk.f_bavail) * static_cast<int64_t>(disk.f_frsize);
  if (free < options_.reserve_bytes)
    return ResourceExhausted("{}: {} MiB free, less than the reserve of {} MiB; make room, then send again",
                             options_.directory, free >> 20, options_.reserve_bytes >> 20);
  unchecked_bytes_ = 0;
  checked_at_ = now;
  return OkStatus();
}

Status RecordStore::Write(const std::vector<PlacedRecord>& records) {
  rocksdb::WriteBatch batch;
  for (const PlacedRecord& record : records) {
    const std::string key = RecordKey(record.topic, record.partition, record.offset);
    batch.Put(ToSlice(key), ToSlice(EncodeRecord(key, record.key, record.value))).PermitUncheckedError();
  }
  RETURN_IF_ERROR(CheckRoom(batch.GetDataSize()));
  rocksdb::WriteOptions options;
  options.sync = options_.sync;
  const std::shared_lock lock(db_mutex_);
  if (!db_) return Unavailable("the log in {} could not be opened again", options_.directory);
  return FromRocks(db_->Write(options, &batch), "write", options_.directory);
}

StatusOr<Offset> RecordStore::EndOf(int32_t topic, Partition partition) const {
  const std::shared_lock lock(db_mutex_);
  const std::string lower = RecordKey(topic, partition, Offset(0));
  const std::string upper = RecordKey(topic, partition, Offset(INT64_MAX));
  const rocksdb::Slice lower_slice(lower), upper_slice(upper);
  rocksdb::ReadOptions options;
  options.iterate_lower_bound = &lower_slice;
  options.iterate_upper_bound = &upper_slice;
  const std::unique_ptr<rocksdb::Iterator> iterator(db_->NewIterator(options));
  iterator->SeekToLast();
  RETURN_IF_ERROR(FromRocks(iterator->status(), "read", options_.directory));
  if (!iterator->Valid()) return Offset(0);
  const auto offset = OffsetOfKey(FromSlice(iterator->key()));
  if (!offset) return DataLoss("a key of the log in {} is damaged", options_.directory);
  if (!DecodeRecord(FromSlice(iterator->key()), FromSlice(iterator->value())))
    return Damaged(topic, partition, *offset, "damaged");
  return offset->Next();
}

Status RecordStore::Read(int32_t topic, Partition partition, Offset from, Offset end, size_t max_bytes,
                         RecordBatch* batch) const {
  const std::shared_lock lock(db_mutex_);
  if (!db_) return Unavailable("the log in {} could not be opened again", options_.directory);
  const std::string lower = RecordKey(topic, partition, from);
  const std::string upper = RecordKey(topic, partition, end);
  const rocksdb::Slice lower_slice(lower), upper_slice(upper);
  rocksdb::ReadOptions options;
  options.iterate_lower_bound = &lower_slice;
  options.iterate_upper_bound = &upper_slice;
  options.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> iterator(db_->NewIterator(options));
  auto blocks = std::make_shared<Blocks>();
  size_t bytes = 0;
  Offset next = from;
  for (iterator->SeekToFirst(); iterator->Valid() && (bytes == 0 || bytes < max_bytes); iterator->Next()) {
    const std::string_view record_key = FromSlice(iterator->key());
    const auto offset = OffsetOfKey(record_key);
    if (!offset || *offset != next) return Damaged(topic, partition, next, "missing");
    const auto record = DecodeRecord(record_key, FromSlice(iterator->value()));
    if (!record) return Damaged(topic, partition, next, "damaged");
    batch->records.push_back({next, blocks->Copy(record->key), blocks->Copy(record->value)});
    bytes += record->value.size() + 1;
    next = next.Next();
  }
  if (!iterator->status().ok())
    return Annotate(FromRocks(iterator->status(), "read", options_.directory),
                    fmt::format("topic {} partition {} offset {}", topic, partition, next));
  if (!iterator->Valid() && next != end) return Damaged(topic, partition, next, "missing");
  batch->partition = partition;
  batch->owner = std::move(blocks);
  return OkStatus();
}

Status RecordStore::Verify(int32_t topic, Partition partition, Offset end) const {
  for (Offset next(0); next < end;) {
    RecordBatch batch;
    RETURN_IF_ERROR(Read(topic, partition, next, end, 8 << 20, &batch));
    next = batch.records.back().offset.Next();
  }
  return OkStatus();
}

StatusOr<std::string> RecordStore::GetMeta(std::string_view key) const {
  const std::shared_lock lock(db_mutex_);
  std::string value;
  const rocksdb::Status status = db_->Get(rocksdb::ReadOptions(), MetaKey(key), &value);
  if (status.IsNotFound()) return std::string();
  RETURN_IF_ERROR(FromRocks(status, "read", options_.directory));
  return value;
}

Status RecordStore::PutMeta(std::string_view key, std::string_view value) {
  const std::shared_lock lock(db_mutex_);
  rocksdb::WriteOptions options;
  options.sync = true;
  return FromRocks(db_->Put(options, MetaKey(key), ToSlice(value)), "write", options_.directory);
}

}  // namespace kefu::log
