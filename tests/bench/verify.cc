// kefu_bench_verify: the engine folds a whole log from nothing, then the auditor's own loop (services/cli/replayer) folds
// the same records in one thread, one by one, and the digests of all views are compared. Prints one line of JSON.

#include <absl/time/clock.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "platform/base/status.h"
#include "platform/log/embedded/embedded_log.h"
#include "platform/runtime/config.h"
#include "projections/catalogue.h"
#include "projections/engine/engine.h"
#include "services/cli/replayer/replay.h"
#include "tests/bench/measure.h"

namespace kefu::bench {
namespace {

struct Options {
  std::string embedded;
  std::string topic = "kefu.events";
  std::string views;
  std::string only;
  int partitions = 8;
  int threads = 0;
  absl::Duration limit = absl::Hours(1);
};

struct Held {
  std::string view;
  std::string digest;
  int64_t entries = 0;
};

StatusOr<int64_t> RecordsOf(log::EventLog& log) {
  int64_t records = 0;
  for (int32_t p = 0; p < log.partitions(); ++p) {
    ASSIGN_OR_RETURN(const Offset end, log.EndOffset(Partition(p)));
    records += end.value();
  }
  return records;
}

// Catches up; the seconds it took. `held` gets what each partition holds of each view.
StatusOr<double> CatchUp(const Options& options, log::EventLog& log, const std::vector<const sdk::Projection*>& views,
                         std::vector<std::vector<Held>>* held) {
  engine::EngineOptions engine_options;
  engine_options.directory = options.views;
  engine_options.threads = options.threads;
  const absl::Time began = absl::Now();
  ASSIGN_OR_RETURN(const auto engine, engine::Engine::Open(engine_options, log, views));
  RETURN_IF_ERROR(engine->Start());
  for (int32_t p = 0; p < log.partitions(); ++p) {
    ASSIGN_OR_RETURN(const Offset end, log.EndOffset(Partition(p)));
    RETURN_IF_ERROR(engine->WaitFor(Partition(p), end, began + options.limit));
  }
  const double seconds = absl::ToDoubleSeconds(absl::Now() - began);
  engine->Stop();
  held->resize(static_cast<size_t>(log.partitions()));
  for (int32_t p = 0; p < log.partitions(); ++p) {
    for (const sdk::Projection* view : views) {
      ASSIGN_OR_RETURN(const auto digest, engine->Digest(view->name, Partition(p)));
      (*held)[static_cast<size_t>(p)].push_back({std::string(view->name), digest.digest(), digest.entries()});
    }
  }
  return seconds;
}

// Reads and folds one partition, digests included. How many views do not agree.
StatusOr<int> Replay(log::EventLog& log, Partition partition, const std::vector<const sdk::Projection*>& views,
                     const std::vector<Held>& held) {
  ASSIGN_OR_RETURN(const Offset end, log.EndOffset(partition));
  ASSIGN_OR_RETURN(const auto reader, log.OpenReader({{partition, Offset(0)}}));
  replayer::PartitionReplay replay(partition, views);
  while (replay.next() < end) {
    std::vector<log::RecordBatch> batches;
    RETURN_IF_ERROR(reader->Poll(absl::Seconds(1), size_t{1} << 20, &batches));
    for (const log::RecordBatch& batch : batches) {
      for (const log::RecordView& record : batch.records) {
        if (record.offset >= end) break;
        RETURN_IF_ERROR(replay.Take(record.offset, record.value).status());
      }
    }
  }
  int differing = 0;
  for (const Held& each : held) {
    ASSIGN_OR_RETURN(const replayer::Listing listing, replay.Find(each.view)->rows().List());
    const bool same = each.entries == static_cast<int64_t>(listing.entries.size()) && each.digest == DigestOf(listing);
    if (!same) fmt::print(stderr, "view {} of partition {} differs\n", each.view, partition);
    differing += !same;
    replay.Drop(each.view);
  }
  return differing;
}

Status Measure(const Options& options) {
  ASSIGN_OR_RETURN(const auto embedded,
                   log::EmbeddedLog::Open({.directory = options.embedded}, {{options.topic, options.partitions}}));
  log::EventLog& log = embedded->Topic(options.topic);
  std::vector<std::string> names;
  if (!options.only.empty()) names.push_back(options.only);
  ASSIGN_OR_RETURN(const auto views, replayer::ViewsNamed(names));
  ASSIGN_OR_RETURN(const int64_t records, RecordsOf(log));
  std::vector<std::vector<Held>> held;
  ASSIGN_OR_RETURN(const double engine_seconds, CatchUp(options, log, views, &held));

  const absl::Duration cpu_before = CpuTime();
  const absl::Time began = absl::Now();
  int differing = 0;
  for (int32_t p = 0; p < log.partitions(); ++p) {
    ASSIGN_OR_RETURN(const int some, Replay(log, Partition(p), views, held[static_cast<size_t>(p)]));
    differing += some;
  }
  const double seconds = absl::ToDoubleSeconds(absl::Now() - began);
  fmt::print(
      "{{\"what\":\"verify\",\"by\":\"kefu\",\"events\":{},\"views\":{},\"engine_seconds\":{:.3f},\"seconds\":{:.3f},"
      "\"cpu_seconds\":{:.3f},\"differing\":{},\"peak_rss_mib\":{}}}\n",
      records, views.size(), engine_seconds, seconds, absl::ToDoubleSeconds(CpuTime() - cpu_before), differing,
      PeakRssMib());
  return OkStatus();
}

Status Main(const std::vector<std::string>& arguments) {
  Options options;
  runtime::Config config("KEFU_BENCH_VERIFY");
  config.Add("embedded", &options.embedded, "Folder of the embedded log to read");
  config.Add("topic", &options.topic, "Topic of it");
  config.Add("partitions", &options.partitions, "Partitions of the topic", {.min = 1});
  config.Add("views", &options.views, "Empty folder for the engine's views");
  config.Add("only", &options.only, "Fold this view only");
  config.Add("threads", &options.threads, "Threads of the engine; 0: as many as cores", {.min = 0});
  config.Add("limit", &options.limit, "Give up on the engine after this long");
  ASSIGN_OR_RETURN(const auto words, config.Load(arguments, {}));
  if (!words.empty()) return InvalidArgument("\"{}\" belongs to no flag; write --flag=value", words.front());
  if (config.help_wanted()) {
    fmt::print("{}", config.Help());
    return OkStatus();
  }
  if (options.views.empty() || options.embedded.empty()) return InvalidArgument("give --embedded and --views");
  return Measure(options);
}

}  // namespace
}  // namespace kefu::bench

int main(int argc, char** argv) {
  const kefu::Status status = kefu::bench::Main({argv + 1, argv + argc});
  if (status.ok()) return 0;
  fmt::print(stderr, "kefu_bench_verify: {}\n", kefu::MessageOf(status));
  return 1;
}
