// Durable appends of the embedded log against what RocksDB itself does with the same synced batches, in one run.
//
//   build/bench-bin/append_bench [seconds each]
//
// Prints a JSON line a figure: rates in records a second, and the ratio.

#include <absl/time/clock.h>
#include <rocksdb/db.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <condition_variable>

#include "platform/base/check.h"
#include "platform/base/files.h"
#include "platform/log/embedded/embedded_log.h"
#include "platform/log/embedded/frame.h"

namespace kefu::log {
namespace {

constexpr size_t kValueBytes = 200;

double RocksRate(int batch, absl::Duration time) {
  const TempDirectory directory;
  rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = 64 << 20;
  rocksdb::DB* db = nullptr;
  KEFU_CHECK(rocksdb::DB::Open(options, directory.path(), &db).ok());
  const std::string value(kValueBytes, 'v');
  rocksdb::WriteOptions synced;
  synced.sync = true;
  int64_t next = 0;
  const absl::Time begin = absl::Now();
  while (absl::Now() - begin < time) {
    rocksdb::WriteBatch records;
    for (int i = 0; i < batch; ++i)
      KEFU_CHECK(records.Put(RecordKey(0, Partition(0), Offset(next++)), value).ok());
    KEFU_CHECK(db->Write(synced, &records).ok());
  }
  const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  delete db;
  return static_cast<double>(next) / seconds;
}

// One caller that keeps two batches under way, so that the log always has the next one at hand.
double LogRate(int batch, absl::Duration time) {
  const TempDirectory directory;
  EmbeddedOptions options;
  options.directory = directory.path();
  auto log = EmbeddedLog::Open(options, {{"events", 1}});
  KEFU_CHECK(log.ok());
  EventLog& events = (*log)->Topic("events");
  std::mutex mutex;
  std::condition_variable answered;
  int under_way = 0;
  int64_t done = 0;
  const absl::Time begin = absl::Now();
  while (absl::Now() - begin < time) {
    std::vector<AppendRecord> records(batch, AppendRecord{"", std::string(kValueBytes, 'v')});
    {
      std::unique_lock lock(mutex);
      answered.wait(lock, [&] { return under_way < 2; });
      ++under_way;
    }
    events.Append(Partition(0), std::move(records), [&](StatusOr<Offset> offset) {
      KEFU_CHECK(offset.ok());
      const std::lock_guard lock(mutex);
      --under_way;
      done += batch;
      answered.notify_all();
    });
  }
  std::unique_lock lock(mutex);
  answered.wait(lock, [&] { return under_way == 0; });
  return static_cast<double>(done) / absl::ToDoubleSeconds(absl::Now() - begin);
}

}  // namespace
}  // namespace kefu::log

int main(int argc, char** argv) {
  const absl::Duration time = absl::Seconds(argc > 1 ? std::atof(argv[1]) : 2);
  for (const int batch : {1, 10, 100, 1000}) {
    const double rocks = kefu::log::RocksRate(batch, time);
    const double log = kefu::log::LogRate(batch, time);
    std::printf("{\"figure\":\"durable_append\",\"batch\":%d,\"rocksdb_per_s\":%.0f,\"log_per_s\":%.0f,\"ratio\":%.2f}\n",
                batch, rocks, log, log / rocks);
  }
}
