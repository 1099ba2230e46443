// GetClient against an empty handler that answers with the same number of bytes, with the same server settings and on a
// server without any; same load, from a process of its own. The ratios say what our side costs; the absolute figures
// say what gRPC and the machine cost.
//
//   services_query_get_client_bench [seconds a run, 2 by default]

#include <absl/time/clock.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "kefu/query/v1/client.grpc.pb.h"
#include "platform/base/check.h"
#include "platform/base/files.h"
#include "platform/base/hash.h"
#include "platform/event/record.h"
#include "platform/rpc/server.h"
#include "platform/testkit/events.h"
#include "platform/testkit/history.h"
#include "platform/testkit/memory_log.h"
#include "projections/catalogue.h"
#include "projections/engine/engine.h"
#include "services/query/query_services.h"

namespace kefu::query {
namespace {

constexpr int kRounds = 9;

// The service with nothing behind it.
class EmptyService final
    : public query::v1::ClientService::WithRawCallbackMethod_GetClient<query::v1::ClientService::Service> {
 public:
  explicit EmptyService(size_t bytes) : bytes_(bytes, '\0') {}
  grpc::ServerUnaryReactor* GetClient(grpc::CallbackServerContext* context, const grpc::ByteBuffer*,
                                      grpc::ByteBuffer* answer) override {
    const grpc::Slice slice(bytes_);
    *answer = grpc::ByteBuffer(&slice, 1);
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  const std::string bytes_;
};

absl::Duration CpuTime() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return absl::DurationFromTimeval(usage.ru_utime) + absl::DurationFromTimeval(usage.ru_stime);
}

// What one run of the load program saw.
struct Rate {
  double calls_per_second = 0;
  double p50_us = 0;
  double p99_us = 0;
  int64_t calls = 0;
  // Of the server's process, by the parent.
  double server_us_a_call = 0;
};

// The caller's side: keeps `in_flight` raw calls going over a few connections, in a process of its own, so that the
// server's processor time can be told from the caller's.
class Load {
 public:
  Load(const std::string& port, const std::string& names_file) {
    constexpr int kChannels = 4;
    for (int i = 0; i < kChannels; ++i) {
      grpc::ChannelArguments arguments;
      // Channels with equal arguments share a connection.
      arguments.SetInt("kefu.bench.channel", i);
      stubs_.push_back(std::make_unique<grpc::GenericStub>(
          grpc::CreateCustomChannel(fmt::format("127.0.0.1:{}", port), grpc::InsecureChannelCredentials(), arguments)));
    }
    std::ifstream names(names_file);
    for (std::string name; std::getline(names, name);) {
      query::v1::GetClientRequest request;
      request.set_name(name);
      const grpc::Slice slice(request.SerializeAsString());
      requests_.emplace_back(&slice, 1);
    }
    KEFU_CHECK(!requests_.empty(), "no names in {}", names_file);
  }

  Rate Run(int in_flight, absl::Duration duration) {
    stop_ = false;
    running_ = in_flight;
    std::vector<std::unique_ptr<Call>> calls;
    const absl::Time begin = absl::Now();
    for (int i = 0; i < in_flight; ++i) {
      calls.push_back(std::make_unique<Call>());
      calls.back()->stub = stubs_[static_cast<size_t>(i) % stubs_.size()].get();
      calls.back()->at = static_cast<size_t>(i) * 7919;
      Next(*calls.back());
    }
    absl::SleepFor(duration);
    stop_ = true;
    while (running_ > 0) absl::SleepFor(absl::Milliseconds(1));
    const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
    std::vector<float> all;
    for (const auto& call : calls) all.insert(all.end(), call->microseconds.begin(), call->microseconds.end());
    std::sort(all.begin(), all.end());
    const auto at = [&](double share) { return all[static_cast<size_t>(static_cast<double>(all.size() - 1) * share)]; };
    return {static_cast<double>(all.size()) / seconds, at(0.5), at(0.99), static_cast<int64_t>(all.size()), 0};
  }

 private:
  // One of `in_flight`; its next call begins when the last one ended.
  struct Call {
    grpc::GenericStub* stub = nullptr;
    std::unique_ptr<grpc::ClientContext> context;
    grpc::ByteBuffer answer;
    absl::Time sent;
    size_t at = 0;
    std::vector<float> microseconds;
  };
  void Next(Call& call) {
    if (stop_) {
      --running_;
      return;
    }
    call.context = std::make_unique<grpc::ClientContext>();
    call.sent = absl::Now();
    call.stub->UnaryCall(
        call.context.get(), "/kefu.query.v1.ClientService/GetClient", {}, &requests_[call.at++ % requests_.size()],
        &call.answer, [this, &call](grpc::Status status) {
          KEFU_CHECK(status.ok(), "{}", status.error_message());
          call.microseconds.push_back(static_cast<float>(absl::ToDoubleMicroseconds(absl::Now() - call.sent)));
          Next(call);
        });
  }

  std::vector<std::unique_ptr<grpc::GenericStub>> stubs_;
  std::vector<grpc::ByteBuffer> requests_;
  std::atomic<bool> stop_{false};
  std::atomic<int> running_{0};
};

// Runs this program as load program on a server of this process.
Rate RunLoad(int port, const std::string& names_file, int in_flight, absl::Duration duration) {
  const std::string command =
      fmt::format("{} load {} {} {} {}", std::filesystem::read_symlink("/proc/self/exe").string(), port, names_file,
                  in_flight, absl::ToDoubleSeconds(duration));
  const absl::Duration before = CpuTime();
  std::FILE* output = popen(command.c_str(), "r");
  KEFU_CHECK(output != nullptr, "{}", command);
  Rate rate;
  const int read =
      std::fscanf(output, "%lf %lf %lf %ld", &rate.calls_per_second, &rate.p50_us, &rate.p99_us, &rate.calls);
  KEFU_CHECK(pclose(output) == 0 && read == 4, "{}", command);
  rate.server_us_a_call = absl::ToDoubleMicroseconds(CpuTime() - before) / static_cast<double>(rate.calls);
  return rate;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// The median over all rounds of one figure, and of how it compares with the same round's reference: a neighbour that
// comes and goes hurts both runs of a round alike.
struct Figure {
  double value = 0;
  double ratio = 0;
};
Figure Summarise(const std::vector<Rate>& rates, const std::vector<Rate>& reference, double Rate::*member) {
  std::vector<double> values, ratios;
  for (size_t i = 0; i < rates.size(); ++i) {
    values.push_back(rates[i].*member);
    ratios.push_back(rates[i].*member / (reference[i].*member));
  }
  return {Median(values), Median(ratios)};
}

std::unique_ptr<rpc::Server> Serve(grpc::Service* service) {
  auto server = rpc::Server::Start({.reflection = false}, {service});
  KEFU_CHECK(server.ok(), "{}", ToString(server.status()));
  return *std::move(server);
}

// gRPC as it comes, without a setting of ours.
std::unique_ptr<grpc::Server> ServeBare(grpc::Service* service, int* port) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), port);
  builder.RegisterService(service);
  return builder.BuildAndStart();
}

void Compare(int ours, int empty, int bare, const std::string& names_file, absl::Duration duration) {
  fmt::print("| in flight | server | calls/s | ratio | p50 us | p99 us | ratio | server CPU us a call | ratio |\n");
  fmt::print("|---|---|---|---|---|---|---|---|---|\n");
  for (const int port : {ours, empty, bare}) RunLoad(port, names_file, 8, duration / 2);
  for (const int in_flight : {1, 8, 64}) {
    std::map<std::string, std::vector<Rate>> rates;
    // In turns, so that a busy neighbour hurts all.
    for (int round = 0; round < kRounds; ++round) {
      rates["GetClient"].push_back(RunLoad(ours, names_file, in_flight, duration));
      rates["empty handler"].push_back(RunLoad(empty, names_file, in_flight, duration));
      rates["empty, bare server"].push_back(RunLoad(bare, names_file, in_flight, duration));
    }
    const std::vector<Rate>& reference = rates["empty handler"];
    for (const auto& [server, all] : rates) {
      const Figure calls = Summarise(all, reference, &Rate::calls_per_second);
      const Figure p99 = Summarise(all, reference, &Rate::p99_us);
      const Figure cpu = Summarise(all, reference, &Rate::server_us_a_call);
      fmt::print("| {} | {} | {:.0f} | {:.2f} | {:.0f} | {:.0f} | {:.2f} | {:.1f} | {:.2f} |\n", in_flight, server,
                 calls.value, calls.ratio, Summarise(all, reference, &Rate::p50_us).value, p99.value, p99.ratio,
                 cpu.value, cpu.ratio);
    }
  }
}

void Run(absl::Duration duration) {
  constexpr int32_t kPartitions = 8;
  TempDirectory directory;
  testkit::MemoryLog log(kPartitions);
  engine::EngineOptions engine_options;
  engine_options.directory = directory.path();
  auto engine = engine::Engine::Open(engine_options, log, projections::Catalogue());
  KEFU_CHECK(engine.ok() && (*engine)->Start().ok(), "{}", ToString(engine.status()));
  int64_t second = 0;
  for (const auto& event : testkit::RandomHistory({.seed = 1, .clients = 2000, .events = 60'000}))
    log.Put(Partition(PartitionForKey(event.client_id(), kPartitions)),
            event::RecordedBytes(event, testkit::Beginning() + absl::Seconds(++second)));
  std::vector<std::string> names;
  size_t bytes = 0;
  for (int32_t p = 0; p < kPartitions; ++p) {
    const Status reached =
        (*engine)->WaitFor(Partition(p), *log.EndOffset(Partition(p)), absl::Now() + absl::Minutes(2));
    KEFU_CHECK(reached.ok(), "{}", ToString(reached));
    const auto partition = (*engine)->At(Partition(p));
    const auto rows = partition->Scan("client", "clients", {}, {});
    for (; (*rows)->Valid(); (*rows)->Next()) {
      query::v1::Client row;
      KEFU_CHECK(row.ParseFromString(std::string((*rows)->value())), "a row");
      names.push_back(row.name());
      bytes += (*rows)->value().size();
    }
  }
  std::shuffle(names.begin(), names.end(), std::mt19937_64(1));

  const auto service = MakeClientService(**engine, {.token_key = "benchmark"});
  EmptyService empty(bytes / names.size() + 30);
  const auto server = Serve(service.get());
  const auto empty_server = Serve(&empty);
  int bare_port = 0;
  const auto bare_server = ServeBare(&empty, &bare_port);
  const std::string names_file = directory.path() + "/names";
  std::ofstream(names_file) << fmt::format("{}\n", fmt::join(names, "\n"));
  fmt::print("{} clients, {} bytes a row on average, runs of {} s, medians of {}\n\n", names.size(),
             bytes / names.size(), absl::ToDoubleSeconds(duration), kRounds);
  Compare(server->ports().front(), empty_server->ports().front(), bare_port, names_file, duration);
  bare_server->Shutdown();
  IgnoreStatus(server->Drain(absl::Now() + absl::Seconds(5)), "the process ends");
  IgnoreStatus(empty_server->Drain(absl::Now() + absl::Seconds(5)), "the process ends");
  (*engine)->Stop();
}

}  // namespace
}  // namespace kefu::query

int main(int argc, char** argv) {
  if (argc == 6 && std::string_view(argv[1]) == "load") {
    kefu::query::Load load(argv[2], argv[3]);
    const auto rate = load.Run(std::atoi(argv[4]), absl::Seconds(std::atof(argv[5])));
    fmt::print("{} {} {} {}\n", rate.calls_per_second, rate.p50_us, rate.p99_us, rate.calls);
    return 0;
  }
  kefu::query::Run(absl::Seconds(argc > 1 ? std::max(0.1, std::atof(argv[1])) : 2.0));
  return 0;
}
