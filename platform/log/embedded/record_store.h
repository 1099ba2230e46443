#pragma once

// The records of all topics in one RocksDB. The only file, with its .cc, that includes RocksDB for the log.

#include <memory>
#include <shared_mutex>
#include <string>
#include <vector>

#include "platform/log/embedded/embedded_log.h"
#include "platform/log/log.h"

namespace rocksdb {
class DB;
}  // namespace rocksdb

namespace kefu::log {

// One record on its way in.
struct PlacedRecord {
  int32_t topic;
  Partition partition;
  Offset offset;
  std::string_view key;
  std::string_view value;
};

// Concurrency: reads from any thread, Write from one. A write that failed may leave RocksDB read-only; Recover closes
//   and opens it again, with readers waiting.
class RecordStore {
 public:
  static StatusOr<std::unique_ptr<RecordStore>> Open(const EmbeddedOptions& options);
  ~RecordStore();

  // Durable when it returns OK (with options.sync). kResourceExhausted: nearly full, nothing written.
  Status Write(const std::vector<PlacedRecord>& records);
  Status Recover();

  // The first free offset; 0 for an empty partition. kDataLoss if the last record is damaged.
  StatusOr<Offset> EndOf(int32_t topic, Partition partition) const;
  // Appends records [from, end) to `batch` until its values pass `max_bytes`; at least one if there is any.
  Status Read(int32_t topic, Partition partition, Offset from, Offset end, size_t max_bytes, RecordBatch* batch) const;
  // Every record of a partition: decodable, and none missing before `end`.
  Status Verify(int32_t topic, Partition partition, Offset end) const;

  StatusOr<std::string> GetMeta(std::string_view key) const;  // empty if absent
  Status PutMeta(std::string_view key, std::string_view value);

 private:
  explicit RecordStore(const EmbeddedOptions& options);
  Status OpenDb();
  Status CheckRoom(size_t bytes);

  const EmbeddedOptions options_;
  mutable std::shared_mutex db_mutex_;
  std::unique_ptr<rocksdb::DB> db_;
  // Bytes written since the free space was looked at; Write is called from one thread.
  int64_t unchecked_bytes_ = INT64_MAX / 2;
  absl::Time checked_at_ = absl::InfinitePast();
};

}  // namespace kefu::log
