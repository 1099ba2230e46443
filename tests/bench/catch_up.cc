// kefu_bench_catch_up: folds a whole log into every view there is, from nothing, and prints one line of JSON.

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "kefu/query/v1/client.pb.h"
#include "platform/base/status.h"
#include "platform/log/embedded/embedded_log.h"
#include "platform/log/kafka/kafka_log.h"
#include "platform/runtime/config.h"
#include "projections/catalogue.h"
#include "projections/engine/engine.h"
#include "tests/bench/measure.h"

namespace kefu::bench {
namespace {

struct Options {
  std::string bootstrap;
  std::string topic = "kefu.events";
  std::string embedded;
  std::string views;
  int partitions = 8;
  int threads = 0;
  std::string only;
  bool admission = true;
  absl::Duration limit = absl::Minutes(15);
};

struct Totals {
  int64_t clients = 0;
  int64_t folded = 0;
  int64_t open_cases = 0;
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
      }
      RETURN_IF_ERROR(cursor->status());
    }
  }
  return totals;
}

std::vector<const sdk::Projection*> Chosen(const std::string& only) {
  std::vector<const sdk::Projection*> chosen;
  for (const sdk::Projection* projection : projections::Catalogue())
    if (only.empty() || projection->name == only) chosen.push_back(projection);
  return chosen;
}

Status CatchUp(const Options& options, log::EventLog& log) {
  std::vector<Offset> ends;
  int64_t events = 0;
  for (int32_t p = 0; p < log.partitions(); ++p) {
    ASSIGN_OR_RETURN(const Offset end, log.EndOffset(Partition(p)));
    ends.push_back(end);
    events += end.value();
  }
  const auto views = Chosen(options.only);
  if (views.empty()) return NotFound("there is no view \"{}\"", options.only);
  engine::EngineOptions engine_options;
  engine_options.directory = options.views;
  engine_options.threads = options.threads;
  engine_options.admission = options.admission;

  const absl::Duration cpu_before = CpuTime();
  const absl::Time began = absl::Now();
  ASSIGN_OR_RETURN(auto engine, engine::Engine::Open(engine_options, log, views));
  RETURN_IF_ERROR(engine->Start());
  for (int32_t p = 0; p < log.partitions(); ++p)
    RETURN_IF_ERROR(engine->WaitFor(Partition(p), ends[static_cast<size_t>(p)], began + options.limit));
  const double seconds = absl::ToDoubleSeconds(absl::Now() - began);
  const double cpu = absl::ToDoubleSeconds(CpuTime() - cpu_before);
  const int64_t memory = PeakRssMib();
  engine->Stop();

  ASSIGN_OR_RETURN(const Totals totals, AddUp(*engine));
  fmt::print(
      "{{\"what\":\"catch_up\",\"by\":\"kefu{}{}\",\"log\":\"{}\",\"views\":{},\"events\":{},\"seconds\":{:.3f},"
      "\"cpu_seconds\":{:.3f},\"peak_rss_mib\":{},\"clients\":{},\"folded\":{},\"open_cases\":{}}}\n",
      options.only.empty() ? "" : "_" + options.only, options.admission ? "" : "_no_admission",
      log.identity().kind, views.size(), events, seconds, cpu, memory, totals.clients, totals.folded, totals.open_cases);
  return OkStatus();
}

Status Main(const std::vector<std::string>& arguments) {
  Options options;
  runtime::Config config("KEFU_BENCH_CATCH_UP");
  config.Add("bootstrap", &options.bootstrap, "Kafka broker to read from");
  config.Add("topic", &options.topic, "Topic to read");
  config.Add("embedded", &options.embedded, "Folder of an embedded log to read instead");
  config.Add("partitions", &options.partitions, "Partitions of the embedded log", {.min = 1});
  config.Add("views", &options.views, "Empty folder for the views");
  config.Add("threads", &options.threads, "Threads that fold; 0: as many as cores", {.min = 0});
  config.Add("only", &options.only, "Fold this view only");
  config.Add("admission", &options.admission, "Judge events before folding");
  config.Add("limit", &options.limit, "Give up after this long");
  RETURN_IF_ERROR(config.Load(arguments, {}).status());
  if (config.help_wanted()) {
    fmt::print("{}", config.Help());
    return OkStatus();
  }
  if (options.views.empty()) return InvalidArgument("give --views, an empty folder");
  if (options.bootstrap.empty() == options.embedded.empty())
    return InvalidArgument("give either --bootstrap or --embedded");
  if (!options.embedded.empty()) {
    ASSIGN_OR_RETURN(auto embedded, log::EmbeddedLog::Open({.directory = options.embedded},
                                                           {{options.topic, options.partitions}}));
    return CatchUp(options, embedded->Topic(options.topic));
  }
  ASSIGN_OR_RETURN(auto kafka,
                   log::OpenKafkaLog({.bootstrap_servers = options.bootstrap, .topic = options.topic}));
  return CatchUp(options, *kafka);
}

}  // namespace
}  // namespace kefu::bench

int main(int argc, char** argv) {
  const kefu::Status status = kefu::bench::Main({argv + 1, argv + argc});
  if (status.ok()) return 0;
  fmt::print(stderr, "kefu_bench_catch_up: {}\n", kefu::MessageOf(status));
  return 1;
}
