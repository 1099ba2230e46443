#pragma once

// Where the log ended, noted outside RocksDB. RocksDB takes a damaged end of its write-ahead log for a torn write and
// drops it without a word; against this note, what it dropped is missed.

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "platform/base/status.h"
#include "platform/log/embedded/frame.h"

namespace kefu::log {

// Operation: two slots in one file, written in turn and synced, at most once a second while the ends move, and when
//   closed: an fdatasync a batch would halve the log's rate, and one every 20 ms put its p99 above 50 ms.
// Limitations: records younger than that are not covered; damage to them looks like a torn write.
// Concurrency: thread-safe.
class HeadFile {
 public:
  // Reads what is there; `Last` is empty for a new file. kDataLoss if neither slot can be read.
  static StatusOr<std::unique_ptr<HeadFile>> Open(const std::string& path);
  ~HeadFile();

  const std::optional<Head>& last() const { return last_; }
  // Notes that a partition ends at `end`, durably. Written soon, on a thread of its own.
  void Note(int32_t topic, Partition partition, Offset end);
  // Writes now.
  Status Write();

 private:
  HeadFile(int file, std::optional<Head> last);
  void Run();

  const int file_;
  const std::optional<Head> last_;
  std::mutex mutex_;
  std::condition_variable wake_;
  Head head_;
  bool changed_ = false;
  bool stopping_ = false;
  std::mutex write_mutex_;
  std::thread thread_;
};

}  // namespace kefu::log
