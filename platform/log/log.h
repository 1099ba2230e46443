#pragma once

// The log: the only truth. Two kinds keep this contract, and the same tests (contract_test.h) hold them to it:
// embedded (one process, one folder) and Kafka (any number of machines).

#include <absl/time/time.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/ids.h"
#include "platform/base/status.h"

namespace kefu::log {

// A record to append. The key is for tools and for compaction by hand; the caller has chosen the partition by it.
struct AppendRecord {
  std::string key;
  std::string value;
};

// A record as stored. Borrowed from the RecordBatch it came in.
struct RecordView {
  Offset offset;
  std::string_view key;
  std::string_view value;
};

// Records of one partition in offset order, with whatever memory they lie in. Move-only; the views die with it.
struct RecordBatch {
  Partition partition;
  std::vector<RecordView> records;
  std::shared_ptr<const void> owner;
};

// Which log this is. Two logs with equal ids hold the same records at the same offsets.
struct LogIdentity {
  std::string kind;  // "embedded" or "kafka"
  std::string id;    // a UUID; for Kafka "<cluster id>/<topic>"
  int32_t partitions = 0;
};

struct ReadFrom {
  Partition partition;
  Offset next;  // the first offset wanted
};

// Follows some partitions from given offsets.
//
// Concurrency: Poll from one thread at a time; Wake from any.
class LogReader {
 public:
  virtual ~LogReader() = default;

  // Waits up to `max_wait` for records and appends to `batches` what there is, about `max_bytes` of values at most
  // (at least one record, if there is any). Per partition: ascending, from where the last Poll ended, none twice.
  // OK with no batches: nothing came. kOutOfRange: the log of a partition starts after, or ends before, the offset
  // asked for (it was cut, or is another log). kDataLoss: stored bytes are damaged; the message names the offset.
  // kUnavailable: cannot be reached now; Poll again.
  virtual Status Poll(absl::Duration max_wait, size_t max_bytes, std::vector<RecordBatch>* batches) = 0;

  // How many records the log is known to have that no Poll has given out yet: an estimate, and 0 where nothing is known.
  // Costs no call to another machine. On the thread that polls.
  virtual int64_t Behind() const = 0;

  // Makes a waiting Poll return at once.
  virtual void Wake() = 0;
};

// Called once, from a thread of the log: do little in it. OK: the offset of the first record; all are durable.
// kUnavailable: outcome unknown; append again with the same event ids. kResourceExhausted, kInvalidArgument,
// kFailedPrecondition: nothing was written.
using AppendCallback = std::function<void(StatusOr<Offset>)>;

// One topic: a fixed number of partitions, each a sequence of records that only grows.
//
// Operation: Append answers once the records are durable (embedded: fdatasync; Kafka: acks=all). Appends to one
//   partition, called one after the other, are stored in that order, also when the log retries inside. The records of
//   one Append are consecutive in the embedded log; in Kafka they are in order, other writers may come between.
// Concurrency: thread-safe.
// Limitations: no deletion, no compaction. The number of partitions is for life.
class EventLog {
 public:
  virtual ~EventLog() = default;

  virtual const LogIdentity& identity() const = 0;
  int32_t partitions() const { return identity().partitions; }

  // Never blocks. kResourceExhausted (at once) when more than the configured bytes wait to be written, or the disk is
  // nearly full: reads go on, and appends work again when there is room.
  virtual void Append(Partition partition, std::vector<AppendRecord> records, AppendCallback done) = 0;

  // A reader over `from`, each partition at most once. Does not check the offsets; the first Poll does.
  virtual StatusOr<std::unique_ptr<LogReader>> OpenReader(std::vector<ReadFrom> from) = 0;

  // The offset the next record of `partition` will get: all before it are durable. May ask the broker.
  virtual StatusOr<Offset> EndOffset(Partition partition) = 0;

  // The value at one offset, for checks. kNotFound past the end; kOutOfRange before the start.
  virtual StatusOr<std::string> ReadOne(Partition partition, Offset offset) = 0;

  // OK while appends and reads are expected to work; else what is wrong, for health and `kefu doctor`.
  virtual Status Health() = 0;
};

// Append and wait. kDeadlineExceeded means the outcome is unknown.
StatusOr<Offset> AppendAndWait(EventLog& log, Partition partition, std::vector<AppendRecord> records,
                               absl::Time deadline);

}  // namespace kefu::log
