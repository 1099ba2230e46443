// kefu_bench_load: appends a seeded stream of events to a Kafka topic, an embedded log, or both, as ingest would record
// them. Prints one line of JSON.

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "platform/base/hash.h"
#include "platform/base/status.h"
#include "platform/base/time.h"
#include "platform/event/record.h"
#include "platform/log/embedded/embedded_log.h"
#include "platform/log/kafka/kafka_log.h"
#include "platform/runtime/config.h"
#include "tests/bench/stream.h"

namespace kefu::bench {
namespace {

constexpr size_t kBatchRecords = 1000;
constexpr int kBatchesInFlight = 32;

struct Options {
  std::string bootstrap;
  std::string topic = "kefu.events";
  std::string embedded;
  int64_t events = 1'000'000;
  int64_t clients = 100'000;
  int64_t seed = 1;
  // Tenths of the exponent: settings are whole numbers.
  int64_t skew_tenths = 30;
  int partitions = 8;
  // How many days the events are spread over.
  int64_t days = 365;
};

// Appends batches and keeps only so many unanswered.
class Appender {
 public:
  explicit Appender(log::EventLog& log) : log_(log), waiting_(static_cast<size_t>(log.partitions())) {}

  void Add(int32_t partition, log::AppendRecord record) {
    auto& batch = waiting_[static_cast<size_t>(partition)];
    batch.push_back(std::move(record));
    if (batch.size() >= kBatchRecords) Send(partition);
  }

  // Sends what is left and waits for all answers.
  Status Finish() {
    for (int32_t p = 0; p < log_.partitions(); ++p) Send(p);
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return in_flight_ == 0; });
    return error_;
  }

 private:
  void Send(int32_t partition) {
    std::vector<log::AppendRecord> batch;
    batch.swap(waiting_[static_cast<size_t>(partition)]);
    if (batch.empty()) return;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return in_flight_ < kBatchesInFlight; });
      ++in_flight_;
    }
    log_.Append(Partition(partition), std::move(batch), [this](StatusOr<Offset> first) {
      const std::lock_guard lock(mutex_);
      --in_flight_;
      if (!first.ok() && error_.ok()) error_ = first.status();
      changed_.notify_all();
    });
  }

  log::EventLog& log_;
  std::vector<std::vector<log::AppendRecord>> waiting_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int in_flight_ = 0;
  Status error_;
};

StreamOptions StreamOf(const Options& options) {
  return {.seed = static_cast<uint64_t>(options.seed),
          .clients = options.clients,
          .skew = static_cast<double>(options.skew_tenths) / 10,
          .events_per_day = std::max<int64_t>(1, options.events / options.days)};
}

// How many records all of it is: events, reference data in every partition, a segment of each client.
int64_t RecordsOf(const Options& options) {
  EventStream stream(StreamOf(options));
  events::v1::Event event;
  for (int64_t i = 0; i < options.events; ++i) stream.Next(&event);
  int64_t records = options.events + static_cast<int64_t>(ReferenceData(options.partitions).size()) * options.partitions;
  while (stream.NextClassification(&event)) ++records;
  return records;
}

// How many records the log holds already.
StatusOr<int64_t> Held(log::EventLog& log) {
  int64_t held = 0;
  for (int32_t p = 0; p < log.partitions(); ++p) {
    ASSIGN_OR_RETURN(const Offset end, log.EndOffset(Partition(p)));
    held += end.value();
  }
  return held;
}

// As a running server would have it: judged in partition 0, and copied to the others in its order. How many records.
int64_t AddReferenceData(int32_t partitions, std::vector<std::unique_ptr<Appender>>& appenders) {
  const auto reference = ReferenceData(partitions);
  for (size_t i = 0; i < reference.size(); ++i) {
    for (int32_t p = 0; p < partitions; ++p) {
      const events::v1::Event event = p == 0 ? reference[i] : BroadcastCopy(reference[i], static_cast<int64_t>(i));
      const std::string value = event::RecordedBytes(event, FromProto(event.occurred_at()) + absl::Seconds(1));
      for (auto& appender : appenders) appender->Add(p, {"", value});
    }
  }
  return static_cast<int64_t>(reference.size()) * partitions;
}

Status Load(const Options& options) {
  std::unique_ptr<log::EmbeddedLog> embedded;
  std::unique_ptr<log::EventLog> kafka;
  std::vector<std::unique_ptr<Appender>> appenders;
  if (!options.embedded.empty()) {
    ASSIGN_OR_RETURN(embedded,
                     log::EmbeddedLog::Open({.directory = options.embedded}, {{options.topic, options.partitions}}));
    appenders.push_back(std::make_unique<Appender>(embedded->Topic(options.topic)));
  }
  if (!options.bootstrap.empty()) {
    const log::KafkaOptions kafka_options{.bootstrap_servers = options.bootstrap, .topic = options.topic};
    RETURN_IF_ERROR(log::EnsureKafkaTopic(kafka_options, options.partitions, 1));
    ASSIGN_OR_RETURN(kafka, log::OpenKafkaLog(kafka_options));
    ASSIGN_OR_RETURN(const int64_t held, Held(*kafka));
    if (held != 0) {
      const int64_t wanted = RecordsOf(options);
      if (held != wanted)
        return FailedPrecondition("topic {} holds {} records, not the {} of {} events", options.topic, held, wanted,
                                  options.events);
    }
    // Loaded before; the embedded log still needs them.
    if (held == 0) appenders.push_back(std::make_unique<Appender>(*kafka));
  }
  if (!embedded && !kafka) return InvalidArgument("give --bootstrap, --embedded, or both");

  EventStream stream(StreamOf(options));
  events::v1::Event event;
  int64_t bytes = 0;
  const absl::Time began = absl::Now();
  const int64_t reference_records = AddReferenceData(options.partitions, appenders);
  int64_t classifications = 0;
  for (int64_t i = 0; i < options.events || stream.NextClassification(&event); ++i) {
    if (i < options.events) {
      stream.Next(&event);
    } else {
      ++classifications;
    }
    const std::string value = event::RecordedBytes(event, FromProto(event.occurred_at()) + absl::Seconds(1));
    bytes += static_cast<int64_t>(value.size());
    const int32_t partition = PartitionForKey(event.client_id(), options.partitions);
    for (auto& appender : appenders) appender->Add(partition, {event.client_id(), value});
  }
  for (auto& appender : appenders) RETURN_IF_ERROR(appender->Finish());
  fmt::print("{{\"what\":\"loaded\",\"events\":{},\"records\":{},\"seconds\":{:.3f},\"bytes_per_event\":{}}}\n",
             options.events, options.events + reference_records + classifications,
             absl::ToDoubleSeconds(absl::Now() - began), bytes / (options.events + classifications));
  return OkStatus();
}

Status Main(const std::vector<std::string>& arguments) {
  Options options;
  runtime::Config config("KEFU_BENCH_LOAD");
  config.Add("bootstrap", &options.bootstrap, "Kafka broker to load");
  config.Add("topic", &options.topic, "Topic; made if it is missing");
  config.Add("embedded", &options.embedded, "Folder of an embedded log to load");
  config.Add("events", &options.events, "How many events", {.min = 1});
  config.Add("clients", &options.clients, "How many clients", {.min = 1});
  config.Add("skew-tenths", &options.skew_tenths, "Ten times the exponent of the skew; 10 is uniform",
             {.min = 10, .max = 200});
  config.Add("seed", &options.seed, "Same seed, same events", {.min = 0});
  config.Add("days", &options.days, "Days the events are spread over", {.min = 1});
  config.Add("partitions", &options.partitions, "Partitions of the topic", {.min = 1, .max = 1024});
  ASSIGN_OR_RETURN(const auto words, config.Load(arguments, {}));
  if (!words.empty()) return InvalidArgument("\"{}\" belongs to no flag", words.front());
  if (config.help_wanted()) {
    fmt::print("{}", config.Help());
    return OkStatus();
  }
  return Load(options);
}

}  // namespace
}  // namespace kefu::bench

int main(int argc, char** argv) {
  const kefu::Status status = kefu::bench::Main({argv + 1, argv + argc});
  if (status.ok()) return 0;
  fmt::print(stderr, "kefu_bench_load: {}\n", kefu::MessageOf(status));
  return 1;
}
