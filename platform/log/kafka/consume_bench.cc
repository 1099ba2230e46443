// How fast one reader takes records from a real broker: the ceiling of every catch-up.
//
//   consume_bench [EVENTS [BYTES [PARTITIONS [CODEC]]]]     2000000 records of 150 bytes in 8 partitions, lz4

#include <absl/time/clock.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>

#include "platform/log/kafka/kafka_log.h"
#include "platform/testkit/kafka_broker.h"

namespace kefu::log {
namespace {

struct Load {
  int64_t events = 2'000'000;
  size_t bytes = 150;
  int partitions = 8;
  std::string codec = "lz4";
};

double CpuSeconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// About half of it compresses, as half of a real event does.
std::string Value(std::mt19937_64* random, size_t bytes) {
  std::string value(bytes, 'x');
  for (size_t i = 0; i < bytes / 2; ++i) value[i] = static_cast<char>((*random)());
  return value;
}

Status Fill(EventLog& log, const Load& load) {
  constexpr int64_t kEach = 100;
  std::mt19937_64 random(1);
  std::atomic<int64_t> failed{0};
  std::atomic<int64_t> written{0};
  const absl::Time began = absl::Now();
  for (int64_t sent = 0; sent < load.events; sent += kEach) {
    std::vector<AppendRecord> records;
    for (int64_t i = 0; i < kEach; ++i) records.push_back({"", Value(&random, load.bytes)});
    while (sent - written > 100'000) absl::SleepFor(absl::Milliseconds(1));
    log.Append(Partition(static_cast<int32_t>(sent / kEach % load.partitions)), std::move(records),
               [&](const StatusOr<Offset>& offset) {
                 if (!offset.ok()) ++failed;
                 written += kEach;
               });
  }
  while (written < load.events) absl::SleepFor(absl::Milliseconds(1));
  if (failed > 0) return Internal("{} appends failed", failed.load());
  const double seconds = absl::ToDoubleSeconds(absl::Now() - began);
  printf("append   %9.0f records/s\n", static_cast<double>(load.events) / seconds);
  return OkStatus();
}

Status Consume(EventLog& log, const Load& load) {
  std::vector<ReadFrom> from;
  for (int i = 0; i < load.partitions; ++i) from.push_back({Partition(i), Offset(0)});
  ASSIGN_OR_RETURN(const std::unique_ptr<LogReader> reader, log.OpenReader(from));
  const absl::Time began = absl::Now();
  const double cpu = CpuSeconds();
  int64_t records = 0;
  int64_t polls = 0;
  while (records < load.events) {
    std::vector<RecordBatch> batches;
    RETURN_IF_ERROR(reader->Poll(absl::Seconds(1), size_t{4} << 20, &batches));
    for (const RecordBatch& batch : batches) records += static_cast<int64_t>(batch.records.size());
    ++polls;
  }
  const double seconds = absl::ToDoubleSeconds(absl::Now() - began);
  printf("consume  %9.0f records/s, %9.0f a CPU-second, %ld polls, %.2f s\n", static_cast<double>(records) / seconds,
         static_cast<double>(records) / (CpuSeconds() - cpu), polls, seconds);
  return OkStatus();
}

Status Run(const Load& load) {
  ASSIGN_OR_RETURN(const std::unique_ptr<testkit::KafkaCluster> cluster, testkit::KafkaCluster::Start());
  KafkaOptions options{.bootstrap_servers = cluster->bootstrap(), .topic = "bench", .fetch_queue_bytes = int64_t{512} << 20};
  options.settings["compression.type"] = load.codec;
  RETURN_IF_ERROR(EnsureKafkaTopic(options, load.partitions, 1));
  ASSIGN_OR_RETURN(const std::unique_ptr<EventLog> log, OpenKafkaLog(options));
  RETURN_IF_ERROR(Fill(*log, load));
  for (int i = 0; i < 3; ++i) RETURN_IF_ERROR(Consume(*log, load));
  return OkStatus();
}

}  // namespace
}  // namespace kefu::log

int main(int argc, char** argv) {
  kefu::log::Load load;
  if (argc > 1) load.events = std::atoll(argv[1]);
  if (argc > 2) load.bytes = static_cast<size_t>(std::atoll(argv[2]));
  if (argc > 3) load.partitions = std::atoi(argv[3]);
  if (argc > 4) load.codec = argv[4];
  printf("%ld records of %zu bytes, %d partitions, %s\n", load.events, load.bytes, load.partitions, load.codec.c_str());
  const kefu::Status status = kefu::log::Run(load);
  if (!status.ok()) fprintf(stderr, "%s\n", kefu::ToString(status).c_str());
  return status.ok() ? 0 : 1;
}
