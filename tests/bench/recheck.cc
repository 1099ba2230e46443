// kefu_bench_recheck: how long it takes to decide every recommendation of a firm again, over gRPC as `kefu suitability
// recheck` does it: by its own moment, and by a stricter matrix. Whether exactly the wrong ones were found is checked.
// A line of JSON each.

#include <absl/time/clock.h>
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <map>
#include <string>
#include <vector>

#include "kefu/query/v1/suitability.grpc.pb.h"
#include "platform/base/hash.h"
#include "platform/base/time.h"
#include "platform/event/broadcast.h"
#include "platform/event/record.h"
#include "platform/rpc/client.h"
#include "platform/rpc/server.h"
#include "platform/runtime/config.h"
#include "platform/testkit/memory_log.h"
#include "platform/testkit/recommendation_history.h"
#include "projections/engine/engine.h"
#include "projections/suitability/suitability.h"
#include "services/query/query_services.h"
#include "tests/bench/measure.h"

namespace kefu::bench {
namespace {

using query::v1::RecheckRecommendationsRequest;
using query::v1::RecheckRecommendationsResponse;
using query::v1::SuitabilityService;

struct Options {
  std::string directory;
  int partitions = 8;
  int recommendations = 1'000'000;
  int clients = 100'000;
  int wrong = 137;
  uint64_t seed = 1;
};

using Rules = std::map<std::string, std::string>;

// The log of a firm; the rules that its wrong recommendations break.
Rules Write(const Options& options, testkit::MemoryLog& log) {
  Rules wrong;
  const auto put = [&](const events::v1::Event& event) {
    const std::string bytes = event::RecordedBytes(event, FromProto(event.occurred_at()));
    if (!event::IsBroadcast(event.body_case())) {
      log.Put(Partition(PartitionForKey(event.client_id(), options.partitions)), bytes);
      return;
    }
    for (int32_t p = 0; p < options.partitions; ++p) log.Put(Partition(p), bytes);
  };
  testkit::MakeRecommendationHistory({.seed = options.seed,
                                      .clients = options.clients,
                                      .recommendations = options.recommendations,
                                      .wrong = options.wrong},
                                     put, [&](const testkit::RecommendationTruth& truth) {
                                       if (!truth.rule.empty()) wrong[truth.id] = truth.rule;
                                     });
  return wrong;
}

Status Recheck(const Options& options, SuitabilityService::Stub& stub, bool proposes, const Rules& wrong) {
  RecheckRecommendationsRequest request;
  if (proposes) {
    auto& pack = *request.add_proposed_packs();
    pack = testkit::RecommendationPack(2);
    pack.set_professional_is_free(false);
    for (auto& row : *pack.mutable_rows()) row.clear_highest_insisted_risk();
  }
  grpc::ClientContext context;
  Rules failed;
  int64_t sent = 0;
  query::v1::RecheckSummary summary;
  const absl::Duration cpu = CpuTime();
  const absl::Time began = absl::Now();
  const auto reader = stub.RecheckRecommendations(&context, request);
  for (RecheckRecommendationsResponse response; reader->Read(&response);) {
    if (response.has_summary()) summary = response.summary();
    sent += response.has_failure();
    if (!response.failure().rule().empty())
      failed[response.failure().recommendation().recommendation_id()] = response.failure().rule();
  }
  const grpc::Status status = reader->Finish();
  if (!status.ok()) return Unavailable("{}", status.error_message());
  const double seconds = absl::ToDoubleSeconds(absl::Now() - began);
  // With a proposal most of what is sent is what it would forbid: there is room for a thousand only.
  const bool exact = summary.failed() == static_cast<int64_t>(wrong.size()) &&
                     summary.recommendations() == options.recommendations && (proposes || failed == wrong);
  fmt::print(
      "{{\"what\":\"recheck\",\"by\":\"kefu\",\"proposes\":{},\"recommendations\":{},\"seconds\":{:.3f},"
      "\"cpu_seconds\":{:.2f},\"failed\":{},\"would_fail\":{},\"sent\":{},\"exact\":{},\"peak_rss_mib\":{}}}\n",
      proposes, summary.recommendations(), seconds, absl::ToDoubleSeconds(CpuTime() - cpu), summary.failed(),
      summary.would_fail(), sent, exact, PeakRssMib());
  return OkStatus();
}

Status Run(const Options& options) {
  testkit::MemoryLog log(options.partitions);
  const Rules wrong = Write(options, log);
  engine::EngineOptions engine_options;
  engine_options.directory = options.directory;
  // What admission would have kept out is what is to be found.
  engine_options.admission = false;
  ASSIGN_OR_RETURN(const auto engine, engine::Engine::Open(engine_options, log,
                                                           {&sdk::Describe<suitability::SuitabilityView>()}));
  RETURN_IF_ERROR(engine->Start());
  for (int32_t p = 0; p < options.partitions; ++p) {
    ASSIGN_OR_RETURN(const Offset end, log.EndOffset(Partition(p)));
    RETURN_IF_ERROR(engine->WaitFor(Partition(p), end, absl::Now() + absl::Minutes(10)));
  }
  const auto service = query::MakeSuitabilityService(*engine, {.token_key = "benchmark"});
  ASSIGN_OR_RETURN(const auto server, rpc::Server::Start({}, {service.get()}));
  ASSIGN_OR_RETURN(const auto channel,
                   rpc::MakeChannel({.address = fmt::format("127.0.0.1:{}", server->ports().front())}));
  const auto stub = SuitabilityService::NewStub(channel);
  Status measured;
  for (const bool proposes : {false, true})
    if (measured.ok()) measured = Recheck(options, *stub, proposes, wrong);
  IgnoreStatus(server->Drain(absl::Now() + absl::Seconds(5)), "the process ends");
  engine->Stop();
  return measured;
}

Status Main(const std::vector<std::string>& arguments) {
  Options options;
  runtime::Config config("KEFU_BENCH_RECHECK");
  config.Add("directory", &options.directory, "An empty folder for the view");
  config.Add("partitions", &options.partitions, "Of the log", {.min = 1});
  config.Add("recommendations", &options.recommendations, "How many", {.min = 1'000, .max = 10'000'000});
  config.Add("clients", &options.clients, "To how many clients", {.min = 1, .max = 10'000'000});
  ASSIGN_OR_RETURN(const auto words, config.Load(arguments, {}));
  if (!words.empty()) return InvalidArgument("\"{}\" belongs to no flag", words.front());
  if (config.help_wanted()) {
    fmt::print("{}", config.Help());
    return OkStatus();
  }
  if (options.directory.empty()) return InvalidArgument("give --directory");
  return Run(options);
}

}  // namespace
}  // namespace kefu::bench

int main(int argc, char** argv) {
  const kefu::Status status = kefu::bench::Main({argv + 1, argv + argc});
  if (status.ok()) return 0;
  fmt::print(stderr, "kefu_bench_recheck: {}\n", kefu::MessageOf(status));
  return 1;
}
