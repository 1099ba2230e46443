// GetClient against an empty handler that answers with the same number of bytes: same server settings, same load. The
// ratio says what our side costs; the absolute figures say what gRPC and the machine cost.
//
//   services_query_get_client_bench [seconds a run, 2 by default]

#include <absl/time/clock.h>
#include <fmt/format.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "kefu/query/v1/client.grpc.pb.h"
#include "platform/base/check.h"
#include "platform/base/files.h"
#include "platform/base/hash.h"
#include "platform/event/record.h"
#include "platform/rpc/client.h"
#include "platform/rpc/server.h"
#include "platform/testkit/events.h"
#include "platform/testkit/history.h"
#include "platform/testkit/memory_log.h"
#include "projections/catalogue.h"
#include "projections/engine/engine.h"
#include "services/query/query_services.h"

namespace kefu::query {
namespace {

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

// Keeps `in_flight` raw calls going until told to stop.
class Load {
 public:
  Load(const std::shared_ptr<grpc::Channel>& channel, std::vector<grpc::ByteBuffer> requests)
      : stub_(channel), requests_(std::move(requests)) {}

  struct Rate {
    double calls_per_second = 0;
    // Of the whole process, so of the client's side too: other programs on the machine do not change it.
    double cpu_microseconds_a_call = 0;
    friend bool operator<(const Rate& a, const Rate& b) { return a.calls_per_second < b.calls_per_second; }
  };
  Rate Run(int in_flight, absl::Duration duration) {
    const absl::Duration cpu_before = CpuTime();
    stop_ = false;
    done_ = 0;
    running_ = in_flight;
    const absl::Time begin = absl::Now();
    for (int i = 0; i < in_flight; ++i) Next(static_cast<size_t>(i) * 7919);
    absl::SleepFor(duration);
    stop_ = true;
    const int64_t done = done_;
    const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
    while (running_ > 0) absl::SleepFor(absl::Milliseconds(1));
    const absl::Duration cpu = CpuTime() - cpu_before;
    return {static_cast<double>(done) / seconds, absl::ToDoubleMicroseconds(cpu) / static_cast<double>(done_)};
  }
  size_t bytes_of_last() const { return bytes_; }

 private:
  struct Call {
    grpc::ClientContext context;
    grpc::ByteBuffer answer;
  };
  void Next(size_t at) {
    if (stop_) {
      --running_;
      return;
    }
    auto* call = new Call;
    stub_.UnaryCall(&call->context, "/kefu.query.v1.ClientService/GetClient", {}, &requests_[at % requests_.size()],
                    &call->answer, [this, call, at](grpc::Status status) {
                      KEFU_CHECK(status.ok(), "{}", status.error_message());
                      bytes_ = call->answer.Length();
                      delete call;
                      ++done_;
                      Next(at + 1);
                    });
  }

  grpc::GenericStub stub_;
  std::vector<grpc::ByteBuffer> requests_;
  std::atomic<bool> stop_{false};
  std::atomic<int64_t> done_{0};
  std::atomic<int> running_{0};
  std::atomic<size_t> bytes_{0};
};

std::unique_ptr<rpc::Server> Serve(grpc::Service* service) {
  auto server = rpc::Server::Start({.reflection = false}, {service});
  KEFU_CHECK(server.ok(), "{}", ToString(server.status()));
  return *std::move(server);
}

std::unique_ptr<Load> LoadOn(const rpc::Server& server, const std::vector<std::string>& names) {
  std::vector<grpc::ByteBuffer> requests;
  for (const std::string& name : names) {
    query::v1::GetClientRequest request;
    request.set_name(name);
    const grpc::Slice slice(request.SerializeAsString());
    requests.emplace_back(&slice, 1);
  }
  auto channel = rpc::MakeChannel({.address = fmt::format("127.0.0.1:{}", server.ports().front())});
  KEFU_CHECK(channel.ok(), "{}", ToString(channel.status()));
  return std::make_unique<Load>(*channel, std::move(requests));
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
  const auto load = LoadOn(*server, names);
  const auto empty_load = LoadOn(*empty_server, names);
  fmt::print("{} clients, {} bytes a row on average, rounds of {} s each, medians of 5\n\n", names.size(),
             bytes / names.size(), absl::ToDoubleSeconds(duration));
  fmt::print("| in flight | GetClient, calls/s | empty handler, calls/s | ratio | CPU us a call | empty | ratio |\n");
  fmt::print("|---|---|---|---|---|---|---|\n");
  load->Run(8, duration / 2);
  empty_load->Run(8, duration / 2);
  for (const int in_flight : {1, 8, 64}) {
    std::vector<Load::Rate> ours, theirs;
    // In turns, so that a busy neighbour hurts both.
    for (int round = 0; round < 5; ++round) {
      ours.push_back(load->Run(in_flight, duration));
      theirs.push_back(empty_load->Run(in_flight, duration));
    }
    std::sort(ours.begin(), ours.end());
    std::sort(theirs.begin(), theirs.end());
    const Load::Rate &a = ours[2], &b = theirs[2];
    fmt::print("| {} | {:.0f} | {:.0f} | {:.2f} | {:.1f} | {:.1f} | {:.2f} |\n", in_flight, a.calls_per_second,
               b.calls_per_second, a.calls_per_second / b.calls_per_second, a.cpu_microseconds_a_call,
               b.cpu_microseconds_a_call, b.cpu_microseconds_a_call / a.cpu_microseconds_a_call);
  }
  IgnoreStatus(server->Drain(absl::Now() + absl::Seconds(5)), "the process ends");
  IgnoreStatus(empty_server->Drain(absl::Now() + absl::Seconds(5)), "the process ends");
  (*engine)->Stop();
}

}  // namespace
}  // namespace kefu::query

int main(int argc, char** argv) {
  kefu::query::Run(absl::Seconds(argc > 1 ? std::max(1, std::atoi(argv[1])) : 2));
  return 0;
}
