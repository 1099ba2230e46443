// kefu_bench_appends: durable appends of the embedded log, against RocksDB itself with the same synced batches. Both
// take turns, so that a disk that gets slower is slower for both. One line of JSON a batch size.

#include <absl/time/clock.h>
#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "platform/base/status.h"
#include "platform/codec/key.h"
#include "platform/log/embedded/embedded_log.h"
#include "platform/runtime/config.h"

namespace kefu::bench {
namespace {

constexpr int kValueBytes = 220;
constexpr int kRounds = 5;

struct Options {
  std::string directory;
  bool quick = false;
};

// Seconds for `batches` batches, one after the other, each durable before the next begins.
using Round = std::function<StatusOr<double>(int batches, int batch)>;

StatusOr<double> Timed(const std::function<Status()>& work) {
  const absl::Time began = absl::Now();
  RETURN_IF_ERROR(work());
  return absl::ToDoubleSeconds(absl::Now() - began);
}

// What every record holds: nothing that compresses, for neither side compresses it.
std::string Value(int64_t number) {
  std::string value = fmt::format("{:020}", number);
  while (value.size() < kValueBytes)
    value.push_back(static_cast<char>('a' + (value.size() * 7 + static_cast<size_t>(number)) % 26));
  return value;
}

Round OfLog(log::EventLog& log) {
  return [&log, number = int64_t{0}](int batches, int batch) mutable {
    return Timed([&]() -> Status {
      for (int b = 0; b < batches; ++b) {
        std::vector<log::AppendRecord> records;
        for (int i = 0; i < batch; ++i, ++number) records.push_back({fmt::format("C-{:07}", number), Value(number)});
        RETURN_IF_ERROR(
            log::AppendAndWait(log, Partition(0), std::move(records), absl::Now() + absl::Seconds(60)).status());
      }
      return OkStatus();
    });
  };
}

Round OfRocks(rocksdb::DB& db) {
  return [&db, number = int64_t{0}](int batches, int batch) mutable {
    return Timed([&]() -> Status {
      rocksdb::WriteOptions synced;
      synced.sync = true;
      for (int b = 0; b < batches; ++b) {
        rocksdb::WriteBatch records;
        for (int i = 0; i < batch; ++i, ++number) {
          // Key and value as bytes: what the log stores, without knowing how it does.
          const std::string key = codec::Key("kefu.events", int32_t{0}, number);
          if (!records.Put(key, fmt::format("C-{:07}", number) + Value(number)).ok()) return Internal("put failed");
        }
        if (const auto status = db.Write(synced, &records); !status.ok()) return Internal("{}", status.ToString());
      }
      return OkStatus();
    });
  };
}

// Records per second: the median of the rounds.
double Rate(std::vector<double> seconds, int64_t records) {
  std::sort(seconds.begin(), seconds.end());
  return static_cast<double>(records) / seconds[seconds.size() / 2];
}

Status Compare(const Options& options, Round log, Round rocks) {
  for (const int batch : {1, 100, 1000}) {
    const int batches = (options.quick ? 20 : batch == 1000 ? 100 : 300);
    std::vector<double> of_log;
    std::vector<double> of_rocks;
    for (int round = 0; round < kRounds; ++round) {
      ASSIGN_OR_RETURN(const double log_seconds, log(batches, batch));
      ASSIGN_OR_RETURN(const double rocks_seconds, rocks(batches, batch));
      of_log.push_back(log_seconds);
      of_rocks.push_back(rocks_seconds);
    }
    const int64_t records = int64_t{batches} * batch;
    fmt::print(
        "{{\"what\":\"append\",\"batch\":{},\"records_per_second\":{:.0f},\"rocksdb_records_per_second\":{:.0f}}}\n",
        batch, Rate(of_log, records), Rate(of_rocks, records));
  }
  return OkStatus();
}

Status Main(const std::vector<std::string>& arguments) {
  Options options;
  runtime::Config config("KEFU_BENCH_APPENDS");
  config.Add("directory", &options.directory, "Empty folder to write to");
  config.Add("quick", &options.quick, "Few batches");
  RETURN_IF_ERROR(config.Load(arguments, {}).status());
  if (config.help_wanted()) {
    fmt::print("{}", config.Help());
    return OkStatus();
  }
  if (options.directory.empty()) return InvalidArgument("give --directory");
  ASSIGN_OR_RETURN(auto log, log::EmbeddedLog::Open({.directory = options.directory + "/log"}, {{"kefu.events", 8}}));
  rocksdb::Options rocks_options;
  rocks_options.create_if_missing = true;
  rocks_options.compression = rocksdb::kNoCompression;
  rocksdb::DB* opened = nullptr;
  if (const auto status = rocksdb::DB::Open(rocks_options, options.directory + "/rocks", &opened); !status.ok())
    return Internal("{}", status.ToString());
  const std::unique_ptr<rocksdb::DB> db(opened);
  return Compare(options, OfLog(log->Topic("kefu.events")), OfRocks(*db));
}

}  // namespace
}  // namespace kefu::bench

int main(int argc, char** argv) {
  const kefu::Status status = kefu::bench::Main({argv + 1, argv + argc});
  if (status.ok()) return 0;
  fmt::print(stderr, "kefu_bench_appends: {}\n", kefu::MessageOf(status));
  return 1;
}
