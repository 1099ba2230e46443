// kefu_bench_catch_up: folds a whole log into every view there is, from nothing, and prints one line of JSON; with
// --rebuild then builds one view anew, with --reads reads rows, and prints a line of each.

#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "kefu/query/v1/client.pb.h"
#include "platform/base/hash.h"
#include "platform/base/status.h"
#include "platform/codec/key.h"
#include "platform/runtime/config.h"
#include "projections/catalogue.h"
#include "projections/engine/engine.h"
#include "tests/bench/logs.h"
#include "tests/bench/measure.h"

namespace kefu::bench {
namespace {

struct Options {
  LogOptions log;
  int threads = 0;
  std::string only;
  std::string without;
  bool admission = true;
  std::string rebuild;
  int64_t reads = 0;
  int64_t clients = 100'000;
  bool row_bytes = false;
  runtime::Bytes row_cache{engine::EngineOptions().row_cache_bytes};
  runtime::Bytes block_cache{store::ResourceOptions().cache_bytes};
  runtime::Bytes write_buffers{store::ResourceOptions().write_buffer_bytes};
};

struct Totals {
  int64_t clients = 0;
  int64_t folded = 0;
  int64_t open_cases = 0;
  int64_t tallies = 0;
};

// What the client view holds, so that a run that did less work cannot look fast.
StatusOr<Totals> AddUp(const engine::Engine& engine) {
  Totals totals;
  for (const sdk::Projection* projection : engine.projections()) {
    if (projection->name != "client") continue;
    for (int32_t p = 0; p < engine.partitions(); ++p) {
      const auto view = engine.At(Partition(p));
      ASSIGN_OR_RETURN(auto cursor, view->Scan(projection->name, projection->tables.front().name, "", ""));
      for (; cursor->Valid(); cursor->Next()) {
        query::v1::Client row;
        if (!row.ParseFromArray(cursor->value().data(), static_cast<int>(cursor->value().size())))
          return DataLoss("a row of the client view does not parse");
        ++totals.clients;
        totals.folded += row.event_count();
        totals.open_cases += row.open_complaints_total() + row.open_requests_total();
        for (const auto& tally : row.tallies()) totals.tallies += tally.count();
      }
      RETURN_IF_ERROR(cursor->status());
    }
  }
  return totals;
}

// Bytes of keys and values of each view's tables and indexes, before compression, as members of a JSON object.
StatusOr<std::string> RowBytes(const engine::Engine& engine) {
  std::string members;
  for (const sdk::Projection* projection : engine.projections()) {
    for (const sdk::TableInfo& table : projection->tables) {
      std::vector<std::string_view> names{table.name};
      for (const sdk::IndexInfo& index : table.indexes) names.push_back(index.name);
      for (const std::string_view name : names) {
        size_t bytes = 0;
        for (int32_t p = 0; p < engine.partitions(); ++p) {
          const auto view = engine.At(Partition(p));
          ASSIGN_OR_RETURN(auto cursor, view->Scan(projection->name, name, "", ""));
          for (; cursor->Valid(); cursor->Next()) bytes += cursor->key().size() + cursor->value().size();
          RETURN_IF_ERROR(cursor->status());
        }
        members += fmt::format("{}\"{}.{}\":{}", members.empty() ? "" : ",", projection->name, name, bytes);
      }
    }
  }
  return members;
}

// Rows of clients picked at random, one after the other, as a query would read them.
Status Read(const Options& options, const engine::Engine& engine) {
  std::mt19937_64 random(1);
  std::vector<double> micros;
  store::PinnedValue row;
  int64_t found = 0;
  for (int64_t i = 0; i < options.reads; ++i) {
    const std::string client = fmt::format("C-{:07}", random() % static_cast<uint64_t>(options.clients));
    const auto view = engine.At(Partition(PartitionForKey(client, engine.partitions())));
    const absl::Time began = absl::Now();
    ASSIGN_OR_RETURN(const bool hit, view->Get("client", "clients", codec::Key(client), &row));
    micros.push_back(absl::ToDoubleMicroseconds(absl::Now() - began));
    found += hit;
  }
  fmt::print(
      "{{\"what\":\"row_reads\",\"reads\":{},\"found\":{},\"clients\":{},\"p50_us\":{:.1f},\"p99_us\":{:.1f}}}\n",
      options.reads, found, options.clients, Percentile(micros, 0.5), Percentile(micros, 0.99));
  return OkStatus();
}

// Builds a view anew beside the one that serves, until the new one has taken its place.
Status Rebuild(const Options& options, int64_t events, engine::Engine& engine) {
  const auto under_way = [&] {
    for (const admin::v1::View& view : engine.Describe())
      if (view.name() == "views/" + options.rebuild && view.has_rebuild()) return true;
    return false;
  };
  const absl::Duration cpu_before = CpuTime();
  const absl::Time began = absl::Now();
  RETURN_IF_ERROR(engine.Rebuild(options.rebuild));
  while (under_way()) {
    if (absl::Now() - began > options.log.limit) return DeadlineExceeded("view {} is still being rebuilt", options.rebuild);
    absl::SleepFor(absl::Milliseconds(5));
  }
  fmt::print(
      "{{\"what\":\"rebuild\",\"view\":\"{}\",\"events\":{},\"seconds\":{:.3f},\"cpu_seconds\":{:.3f},"
      "\"peak_rss_mib\":{}}}\n",
      options.rebuild, events, absl::ToDoubleSeconds(absl::Now() - began),
      absl::ToDoubleSeconds(CpuTime() - cpu_before), PeakRssMib());
  return OkStatus();
}

std::vector<const sdk::Projection*> Chosen(const Options& options) {
  std::vector<const sdk::Projection*> chosen;
  for (const sdk::Projection* projection : projections::Catalogue())
    if ((options.only.empty() || projection->name == options.only) && projection->name != options.without)
      chosen.push_back(projection);
  return chosen;
}

Status CatchUp(const Options& options, log::EventLog& log) {
  ASSIGN_OR_RETURN(const std::vector<Offset> ends, EndsOf(log));
  const int64_t events = RecordsBefore(ends);
  const auto views = Chosen(options);
  if (views.empty()) return NotFound("there is no view \"{}\"", options.only);
  engine::EngineOptions engine_options;
  engine_options.directory = options.log.views;
  engine_options.threads = options.threads;
  engine_options.admission = options.admission;
  engine_options.row_cache_bytes = options.row_cache.value;
  engine_options.resources.cache_bytes = options.block_cache.value;
  engine_options.resources.write_buffer_bytes = options.write_buffers.value;

  const absl::Duration cpu_before = CpuTime();
  const absl::Time began = absl::Now();
  ASSIGN_OR_RETURN(auto engine, engine::Engine::Open(engine_options, log, views));
  RETURN_IF_ERROR(engine->Start());
  RETURN_IF_ERROR(WaitForAll(*engine, ends, began + options.log.limit));
  const double seconds = absl::ToDoubleSeconds(absl::Now() - began);
  const double cpu = absl::ToDoubleSeconds(CpuTime() - cpu_before);
  const int64_t memory = PeakRssMib();
  if (!options.rebuild.empty()) RETURN_IF_ERROR(Rebuild(options, events, *engine));
  engine->Stop();

  ASSIGN_OR_RETURN(const Totals totals, AddUp(*engine));
  if (options.reads > 0) RETURN_IF_ERROR(Read(options, *engine));
  std::string row_bytes;
  if (options.row_bytes) {
    ASSIGN_OR_RETURN(row_bytes, RowBytes(*engine));
  }
  engine.reset();
  auto disk = DiskBytes(options.log.views);
  fmt::print(
      "{{\"what\":\"catch_up\",\"by\":\"kefu{}{}{}\",\"log\":\"{}\",\"views\":{},\"admission\":{},\"threads\":{},"
      "\"events\":{},\"seconds\":{:.3f},\"cpu_seconds\":{:.3f},\"peak_rss_mib\":{},\"clients\":{},\"folded\":{},"
      "\"open_cases\":{},\"tallies\":{},\"disk_sst\":{},\"disk_log\":{},\"disk_other\":{},\"row_bytes\":{{{}}}}}\n",
      options.only.empty() ? "" : "_" + options.only, options.without.empty() ? "" : "_without_" + options.without,
      options.admission ? "" : "_no_admission", log.identity().kind,
      views.size(), options.admission, options.threads, events, seconds, cpu, memory, totals.clients, totals.folded,
      totals.open_cases, totals.tallies, disk["sst"], disk["log"], disk["other"], row_bytes);
  return OkStatus();
}

void AddFlags(runtime::Config& config, Options* options) {
  AddLogFlags(config, &options->log);
  config.Add("threads", &options->threads, "Threads that fold; 0: as many as cores", {.min = 0});
  config.Add("only", &options->only, "Fold this view only");
  config.Add("without", &options->without, "Fold all views but this one");
  config.Add("admission", &options->admission, "Judge events before folding");
  config.Add("rebuild", &options->rebuild, "Then build this view anew, and say how long it took");
  config.Add("reads", &options->reads, "Then read so many rows of the client view", {.min = 0});
  config.Add("clients", &options->clients, "How many clients the stream was loaded with, for --reads", {.min = 1});
  config.Add("row-bytes", &options->row_bytes, "Add up the bytes of each table and index");
  config.Add("row-cache", &options->row_cache, "Decoded rows kept between batches");
  config.Add("block-cache", &options->block_cache, "Cache for blocks on disk", {.min = 1 << 20});
  config.Add("write-buffers", &options->write_buffers, "Rows not written out yet", {.min = 8 << 20});
}

}  // namespace
}  // namespace kefu::bench

int main(int argc, char** argv) {
  using namespace kefu;
  bench::Options options;
  runtime::Config config("KEFU_BENCH_CATCH_UP");
  bench::AddFlags(config, &options);
  return bench::RunOnLog("kefu_bench_catch_up", {argv + 1, argv + argc}, config, options.log,
                         [&](log::EventLog& log) { return bench::CatchUp(options, log); });
}
