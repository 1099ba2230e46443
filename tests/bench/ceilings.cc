// kefu_bench_ceilings: what the parts under a projector can do at all, so that its own figures can be judged. One line
// of JSON.
//
//   consume         every record of a topic, by our own readers, one a thread
//   parse           the same, and each record read into an Event, as the engine does it
//   rocksdb_writes  rows written in batches in key order, one store a thread

#include <absl/time/clock.h>
#include <fmt/format.h>
#include <google/protobuf/arena.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "kefu/events/v1/event.pb.h"
#include "platform/base/status.h"
#include "platform/event/record.h"
#include "platform/log/kafka/kafka_log.h"
#include "platform/runtime/config.h"
#include "platform/store/store.h"
#include "tests/bench/measure.h"

namespace kefu::bench {
namespace {

// As the engine's workers read and parse.
constexpr size_t kPollBytes = 4 << 20;
constexpr absl::Duration kPollWait = absl::Milliseconds(200);
constexpr size_t kEventsOnArena = 64;
constexpr size_t kArenaBytes = 64 << 10;

struct Options {
  std::string mode;
  std::string bootstrap;
  std::string topic = "kefu.events";
  std::string directory;
  int threads = 2;
  int64_t rows = 1'000'000;
  int64_t keys = 100'000;
  int64_t row_bytes = 1000;
  int64_t batch_rows = 5000;
  absl::Duration limit = absl::Minutes(10);
};

// Runs `work(thread)` on each of `threads` threads; the first error of any.
Status OnThreads(int threads, const std::function<Status(int)>& work) {
  std::vector<Status> results(static_cast<size_t>(threads));
  std::vector<std::thread> running;
  for (int t = 0; t < threads; ++t) running.emplace_back([&, t] { results[static_cast<size_t>(t)] = work(t); });
  for (auto& thread : running) thread.join();
  for (const Status& result : results) RETURN_IF_ERROR(result);
  return OkStatus();
}

// Parses records and forgets them. One thread.
class Parser {
 public:
  Parser() : block_(kArenaBytes, '\0'), arena_(InitialBlock(block_)) {}

  Status Take(const log::RecordView& record) {
    if (on_arena_ == kEventsOnArena) {
      arena_.Reset();
      on_arena_ = 0;
    }
    ++on_arena_;
    return event::ParseRecorded(record.value, google::protobuf::Arena::CreateMessage<events::v1::Event>(&arena_));
  }

 private:
  static google::protobuf::ArenaOptions InitialBlock(std::string& block) {
    google::protobuf::ArenaOptions options;
    options.initial_block = block.data();
    options.initial_block_size = block.size();
    return options;
  }

  std::string block_;
  google::protobuf::Arena arena_;
  size_t on_arena_ = 0;
};

// The partitions that fall to one thread, read to their ends.
Status ReadAll(const Options& options, log::EventLog& log, const std::vector<Offset>& ends, int thread) {
  std::vector<log::ReadFrom> from;
  int64_t left = 0;
  for (int32_t p = thread; p < log.partitions(); p += options.threads) {
    from.push_back({Partition(p), Offset(0)});
    left += ends[static_cast<size_t>(p)].value();
  }
  if (from.empty()) return OkStatus();
  ASSIGN_OR_RETURN(auto reader, log.OpenReader(std::move(from)));
  const bool parse = options.mode == "parse";
  const absl::Time give_up = absl::Now() + options.limit;
  Parser parser;
  std::vector<log::RecordBatch> batches;
  while (left > 0) {
    if (absl::Now() > give_up) return DeadlineExceeded("{} events were not read in time", left);
    batches.clear();
    const Status polled = reader->Poll(kPollWait, kPollBytes, &batches);
    if (!polled.ok() && polled.code() != StatusCode::kUnavailable) return polled;
    for (const log::RecordBatch& batch : batches) {
      left -= static_cast<int64_t>(batch.records.size());
      if (!parse) continue;
      for (const log::RecordView& record : batch.records) RETURN_IF_ERROR(parser.Take(record));
    }
  }
  return OkStatus();
}

Status Consume(const Options& options) {
  ASSIGN_OR_RETURN(auto log, log::OpenKafkaLog({.bootstrap_servers = options.bootstrap, .topic = options.topic}));
  std::vector<Offset> ends;
  int64_t events = 0;
  for (int32_t p = 0; p < log->partitions(); ++p) {
    ASSIGN_OR_RETURN(const Offset end, log->EndOffset(Partition(p)));
    ends.push_back(end);
    events += end.value();
  }
  const absl::Duration cpu_before = CpuTime();
  const absl::Time began = absl::Now();
  RETURN_IF_ERROR(OnThreads(options.threads, [&](int thread) { return ReadAll(options, *log, ends, thread); }));
  fmt::print(
      "{{\"what\":\"ceiling\",\"mode\":\"{}\",\"threads\":{},\"events\":{},\"seconds\":{:.3f},\"cpu_seconds\":{:.3f},"
      "\"peak_rss_mib\":{}}}\n",
      options.mode, options.threads, events, absl::ToDoubleSeconds(absl::Now() - began),
      absl::ToDoubleSeconds(CpuTime() - cpu_before), PeakRssMib());
  return OkStatus();
}

// Rows of one thread: batches of keys picked at random, written in their order.
Status WriteRows(const Options& options, store::Store& store, int thread) {
  ASSIGN_OR_RETURN(const store::TableId table, store.OpenTable("rows", store::TableKind::kRows));
  std::mt19937_64 random(static_cast<uint64_t>(thread) + 1);
  // Half noise, half not: rows of views compress about so.
  std::string row(static_cast<size_t>(options.row_bytes), 'r');
  for (size_t i = 0; i < row.size() / 2; ++i) row[i] = static_cast<char>(random());
  std::vector<int64_t> keys(static_cast<size_t>(options.batch_rows));
  const auto batch = store.NewBatch();
  for (int64_t written = 0; written < options.rows / options.threads; written += options.batch_rows) {
    for (int64_t& key : keys) key = static_cast<int64_t>(random() % static_cast<uint64_t>(options.keys));
    std::sort(keys.begin(), keys.end());
    batch->Clear();
    for (const int64_t key : keys) {
      row[static_cast<size_t>(key) % row.size()] = static_cast<char>(written);
      batch->Put(table, fmt::format("C-{:08}", key), row);
    }
    RETURN_IF_ERROR(store.Write(*batch));
  }
  return OkStatus();
}

Status WriteAll(const Options& options) {
  const auto resources = store::MakeSharedResources({});
  std::vector<std::unique_ptr<store::Store>> stores;
  for (int t = 0; t < options.threads; ++t) {
    ASSIGN_OR_RETURN(auto store, store::Store::Open({.directory = fmt::format("{}/{}", options.directory, t),
                                                     .resources = resources}));
    stores.push_back(std::move(store));
  }
  const absl::Duration cpu_before = CpuTime();
  const absl::Time began = absl::Now();
  RETURN_IF_ERROR(OnThreads(
      options.threads, [&](int thread) { return WriteRows(options, *stores[static_cast<size_t>(thread)], thread); }));
  fmt::print(
      "{{\"what\":\"ceiling\",\"mode\":\"rocksdb_writes\",\"threads\":{},\"events\":{},\"row_bytes\":{},\"batch_rows\":"
      "{},"
      "\"seconds\":{:.3f},\"cpu_seconds\":{:.3f},\"peak_rss_mib\":{}}}\n",
      options.threads, options.rows, options.row_bytes, options.batch_rows, absl::ToDoubleSeconds(absl::Now() - began),
      absl::ToDoubleSeconds(CpuTime() - cpu_before), PeakRssMib());
  return OkStatus();
}

Status Main(const std::vector<std::string>& arguments) {
  Options options;
  runtime::Config config("KEFU_BENCH_CEILINGS");
  config.Add("mode", &options.mode, "What to do", {.one_of = {"consume", "parse", "rocksdb_writes"}});
  config.Add("bootstrap", &options.bootstrap, "Kafka broker to read from");
  config.Add("topic", &options.topic, "Topic to read");
  config.Add("directory", &options.directory, "Empty folder for rocksdb_writes");
  config.Add("threads", &options.threads, "Threads", {.min = 1, .max = 256});
  config.Add("rows", &options.rows, "Rows to write, over all threads", {.min = 1});
  config.Add("keys", &options.keys, "Different keys a thread", {.min = 1});
  config.Add("row-bytes", &options.row_bytes, "Size of a row", {.min = 1, .max = 1 << 20});
  config.Add("batch-rows", &options.batch_rows, "Rows of a batch", {.min = 1, .max = 1'000'000});
  config.Add("limit", &options.limit, "Give up after this long");
  ASSIGN_OR_RETURN(const auto words, config.Load(arguments, {}));
  if (!words.empty()) return InvalidArgument("\"{}\" belongs to no flag", words.front());
  if (config.help_wanted()) {
    fmt::print("{}", config.Help());
    return OkStatus();
  }
  if (options.mode == "rocksdb_writes")
    return options.directory.empty() ? InvalidArgument("give --directory, an empty folder") : WriteAll(options);
  if (options.mode.empty()) return InvalidArgument("give --mode");
  return options.bootstrap.empty() ? InvalidArgument("give --bootstrap") : Consume(options);
}

}  // namespace
}  // namespace kefu::bench

int main(int argc, char** argv) {
  const kefu::Status status = kefu::bench::Main({argv + 1, argv + argc});
  if (status.ok()) return 0;
  fmt::print(stderr, "kefu_bench_ceilings: {}\n", kefu::MessageOf(status));
  return 1;
}
