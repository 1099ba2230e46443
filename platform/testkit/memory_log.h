#pragma once

// A log in memory, for tests: the contract of EventLog without durability, and hands to hurt it.

#include <condition_variable>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "platform/log/log.h"

namespace kefu::testkit {

// Concurrency: thread-safe; callbacks run on the caller's thread.
class MemoryLog final : public log::EventLog {
 public:
  explicit MemoryLog(int32_t partitions, std::string id = "memory-log");

  const log::LogIdentity& identity() const override { return identity_; }
  void Append(Partition partition, std::vector<log::AppendRecord> records, log::AppendCallback done) override;
  StatusOr<std::unique_ptr<log::LogReader>> OpenReader(std::vector<log::ReadFrom> from) override;
  StatusOr<Offset> EndOffset(Partition partition) override;
  StatusOr<std::string> ReadOne(Partition partition, Offset offset) override;
  Status Health() override;

  // Appends and returns the offset.
  Offset Put(Partition partition, std::string value);

  // --- hands to hurt it ---
  // Forgets everything from `offset` on.
  void Cut(Partition partition, Offset offset);
  void Replace(Partition partition, Offset offset, std::string value);
  // Every append is answered with this from now on; OK heals it.
  void FailAppends(Status status);
  void FailReads(Status status);
  // Appends of more bytes than this are refused, as by a full queue.
  void LimitAppends(int64_t bytes);

 private:
  class Reader;
  struct Record {
    std::string key;
    std::string value;
  };

  const log::LogIdentity identity_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Shared with readers' batches, which outlive a Cut.
  std::vector<std::vector<std::shared_ptr<const Record>>> partitions_;
  Status append_failure_;
  int64_t max_append_bytes_ = std::numeric_limits<int64_t>::max();
  Status read_failure_;
};

}  // namespace kefu::testkit
