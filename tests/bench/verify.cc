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
#include "platform/runtime/config.h"
#include "projections/catalogue.h"
#include "projections/engine/engine.h"
#include "services/cli/replayer/replay.h"
#include "tests/bench/logs.h"
#include "tests/bench/measure.h"

namespace kefu::bench {
namespace {

struct Options {
  LogOptions log;
  std::string only;
  int threads = 0;
};

struct Held {
  std::string view;
  std::string digest;
  int64_t entries = 0;
};

struct Spent {
  double seconds = 0;
  double cpu_seconds = 0;
};

// Catches up; what it took. `held` gets what each partition holds of each view.
StatusOr<Spent> CatchUp(const Options& options, log::EventLog& log, const std::vector<Offset>& ends,
                        const std::vector<const sdk::Projection*>& views, std::vector<std::vector<Held>>* held) {
  engine::EngineOptions engine_options;
  engine_options.directory = options.log.views;
  engine_options.threads = options.threads;
  const absl::Duration cpu_before = CpuTime();
  const absl::Time began = absl::Now();
  ASSIGN_OR_RETURN(const auto engine, engine::Engine::Open(engine_options, log, views));
  RETURN_IF_ERROR(engine->Start());
  RETURN_IF_ERROR(WaitForAll(*engine, ends, began + options.log.limit));
  const Spent spent{absl::ToDoubleSeconds(absl::Now() - began), absl::ToDoubleSeconds(CpuTime() - cpu_before)};
  engine->Stop();
  held->resize(static_cast<size_t>(log.partitions()));
  for (int32_t p = 0; p < log.partitions(); ++p) {
    for (const sdk::Projection* view : views) {
      ASSIGN_OR_RETURN(const auto digest, engine->Digest(view->name, Partition(p)));
      (*held)[static_cast<size_t>(p)].push_back({std::string(view->name), digest.digest(), digest.entries()});
    }
  }
  return spent;
}

// Reads and folds one partition, digests included. How many views do not agree.
StatusOr<int> Replay(log::EventLog& log, Partition partition, Offset end,
                     const std::vector<const sdk::Projection*>& views, const std::vector<Held>& held) {
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

Status Measure(const Options& options, log::EventLog& log) {
  std::vector<std::string> names;
  if (!options.only.empty()) names.push_back(options.only);
  ASSIGN_OR_RETURN(const auto views, replayer::ViewsNamed(names));
  ASSIGN_OR_RETURN(const std::vector<Offset> ends, EndsOf(log));
  std::vector<std::vector<Held>> held;
  ASSIGN_OR_RETURN(const Spent by_engine, CatchUp(options, log, ends, views, &held));

  const absl::Duration cpu_before = CpuTime();
  const absl::Time began = absl::Now();
  int differing = 0;
  for (int32_t p = 0; p < log.partitions(); ++p) {
    const auto index = static_cast<size_t>(p);
    ASSIGN_OR_RETURN(const int some, Replay(log, Partition(p), ends[index], views, held[index]));
    differing += some;
  }
  const double seconds = absl::ToDoubleSeconds(absl::Now() - began);
  fmt::print(
      "{{\"what\":\"verify\",\"by\":\"kefu\",\"events\":{},\"views\":{},\"engine_seconds\":{:.3f},"
      "\"engine_cpu_seconds\":{:.3f},\"seconds\":{:.3f},\"cpu_seconds\":{:.3f},\"differing\":{},\"peak_rss_mib\":{}}}\n",
      RecordsBefore(ends), views.size(), by_engine.seconds, by_engine.cpu_seconds, seconds,
      absl::ToDoubleSeconds(CpuTime() - cpu_before), differing, PeakRssMib());
  return OkStatus();
}

}  // namespace
}  // namespace kefu::bench

int main(int argc, char** argv) {
  using namespace kefu;
  bench::Options options;
  options.log.limit = absl::Hours(1);
  runtime::Config config("KEFU_BENCH_VERIFY");
  bench::AddLogFlags(config, &options.log);
  config.Add("only", &options.only, "Fold this view only");
  config.Add("threads", &options.threads, "Threads of the engine; 0: as many as cores", {.min = 0});
  return bench::RunOnLog("kefu_bench_verify", {argv + 1, argv + argc}, config, options.log,
                         [&](log::EventLog& log) { return bench::Measure(options, log); });
}
