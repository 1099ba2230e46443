#pragma once

// The log of one process in one folder.

#include <memory>
#include <string>
#include <vector>

#include "platform/log/log.h"

namespace kefu::log {

struct EmbeddedOptions {
  std::string directory;
  // fdatasync before an append is answered. Off only in tests that show what it is for.
  bool sync = true;
  // Appends are refused while less than this is free on the disk; must exceed what recovery may write.
  int64_t reserve_bytes = int64_t{256} << 20;
  // Waiting appends beyond this are refused.
  int64_t queue_bytes = int64_t{64} << 20;
  // Compare the store with its head file when opening. Off only in tests that show what it is for.
  bool check_head = true;
};

struct EmbeddedTopic {
  std::string name;
  int32_t partitions = 0;
};

// Several topics in one store, opened together; one process at a time.
//
// Operation: RocksDB keys topic‖partition‖offset; one writer thread gathers what waits, from all topics, into one
//   synced batch (group commit). Readers follow with iterators and are woken by appends.
// Concurrency: thread-safe. The logs returned by `Topic` live as long as this object.
// Limitations: one process; durable as far as the disk honours fdatasync.
class EmbeddedLog {
 public:
  // Opens or creates. A topic that exists keeps its number of partitions; another number is kFailedPrecondition.
  // kUnavailable: another process has it open (names it). kDataLoss: stored bytes are damaged, or the store is shorter
  // than what it acknowledged (head file); the message names topic, partition and offset.
  static StatusOr<std::unique_ptr<EmbeddedLog>> Open(const EmbeddedOptions& options,
                                                     const std::vector<EmbeddedTopic>& topics);
  virtual ~EmbeddedLog() = default;

  // The topic named at Open.
  virtual EventLog& Topic(std::string_view name) = 0;

  // Reads every record and checks it. kDataLoss names the first damaged one.
  virtual Status Verify() = 0;
};

}  // namespace kefu::log
