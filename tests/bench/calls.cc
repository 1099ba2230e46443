// kefu_bench_calls: what a caller sees. One line of JSON.
//
//   latency       publishes at a steady rate, waits for "applied", then reads the client back with min_position
//   get           GetClient as fast as it goes, with so many calls in flight
//   serve_empty   a server whose GetClient does nothing but return so many bytes, to compare `get` with

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "kefu/ingest/v1/ingest.grpc.pb.h"
#include "kefu/query/v1/client.grpc.pb.h"
#include "platform/base/status.h"
#include "platform/base/time.h"
#include "platform/runtime/config.h"
#include "platform/runtime/signals.h"
#include "tests/bench/stream.h"

namespace kefu::bench {
namespace {

struct Options {
  std::string mode;
  std::string server;
  std::string client;
  std::string label;
  std::string ready_file;
  int64_t calls = 50'000;
  int64_t in_flight = 64;
  int64_t rate = 1000;
  int64_t seconds = 10;
  int64_t warm_up = 0;
  int64_t clients = 1000;
  int64_t bytes = 1024;
  int64_t seed = 7;
};

// Counts what is under way, and lets one wait for the end.
class Pending {
 public:
  void Add() {
    const std::lock_guard lock(mutex_);
    ++count_;
  }
  void Done() {
    const std::lock_guard lock(mutex_);
    --count_;
    if (count_ == 0) changed_.notify_all();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return count_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int64_t count_ = 0;
};

// Durations and failures, from any thread.
class Tally {
 public:
  void Add(absl::Duration duration) {
    const std::lock_guard lock(mutex_);
    all_.push_back(absl::ToDoubleMilliseconds(duration));
  }
  void Fail(const std::string& message) {
    const std::lock_guard lock(mutex_);
    if (failures_++ == 0) first_failure_ = message;
  }
  Status status() const {
    return failures_ == 0 ? OkStatus() : Unavailable("{} calls failed, the first: {}", failures_, first_failure_);
  }
  double Percentile(double share) {
    std::sort(all_.begin(), all_.end());
    return all_.empty() ? 0 : all_[std::min(all_.size() - 1, static_cast<size_t>(share * static_cast<double>(all_.size())))];
  }
  size_t count() const { return all_.size(); }

 private:
  std::mutex mutex_;
  std::vector<double> all_;
  int64_t failures_ = 0;
  std::string first_failure_;
};

std::shared_ptr<grpc::Channel> Connect(const std::string& server, int number) {
  grpc::ChannelArguments arguments;
  // Channels with equal arguments share a connection.
  arguments.SetInt("kefu.bench.channel", number);
  return grpc::CreateCustomChannel(server, grpc::InsecureChannelCredentials(), arguments);
}

// One publish and the read that follows it.
struct RoundTrip {
  absl::Time sent;
  ingest::v1::PublishEventRequest publish;
  ingest::v1::PublishEventResponse published;
  query::v1::GetClientRequest get;
  query::v1::Client seen;
  grpc::ClientContext publish_context;
  grpc::ClientContext get_context;
};

Status MeasureLatency(const Options& options) {
  const auto channel = Connect(options.server, 0);
  const auto ingest = ingest::v1::IngestService::NewStub(channel);
  const auto query = query::v1::ClientService::NewStub(channel);
  EventStream stream({.seed = static_cast<uint64_t>(options.seed), .clients = options.clients});
  Tally applied;
  Tally visible;
  Pending pending;
  const absl::Time began = absl::Now();
  for (int64_t i = 0; i < options.rate * (options.warm_up + options.seconds); ++i) {
    // The first seconds are sent like the others, but not counted: compilers and caches are cold.
    const bool counts = i >= options.rate * options.warm_up;
    auto trip = std::make_shared<RoundTrip>();
    stream.Next(trip->publish.mutable_event());
    trip->publish.set_wait(ingest::v1::WAIT_APPLIED);
    trip->get.set_name("clients/" + trip->publish.event().client_id());
    // When it was due, not when this thread got round to it: a stall counts against the server.
    trip->sent = began + absl::Seconds(i) / options.rate;
    std::this_thread::sleep_until(absl::ToChronoTime(trip->sent));
    const auto deadline = std::chrono::system_clock::now() + std::chrono::seconds(30);
    trip->publish_context.set_deadline(deadline);
    trip->get_context.set_deadline(deadline);
    pending.Add();
    ingest->async()->PublishEvent(
        &trip->publish_context, &trip->publish, &trip->published, [&, trip, counts](const grpc::Status& status) {
          if (!status.ok() || trip->published.verdict().outcome() == events::v1::VERDICT_OUTCOME_UNSPECIFIED) {
            applied.Fail(status.ok() ? "no verdict" : status.error_message());
            return pending.Done();
          }
          if (counts) applied.Add(absl::Now() - trip->sent);
          trip->get.set_min_position(trip->published.position());
          query->async()->GetClient(&trip->get_context, &trip->get, &trip->seen, [&, trip, counts](const grpc::Status& got) {
            if (!got.ok()) visible.Fail(got.error_message());
            if (got.ok() && counts) visible.Add(absl::Now() - trip->sent);
            pending.Done();
          });
        });
  }
  pending.Wait();
  RETURN_IF_ERROR(applied.status());
  RETURN_IF_ERROR(visible.status());
  fmt::print(
      "{{\"what\":\"latency\",\"by\":\"{}\",\"events\":{},\"rate\":{},\"applied_p50_ms\":{:.2f},\"applied_p99_ms\":{:.2f},"
      "\"visible_p50_ms\":{:.2f},\"visible_p99_ms\":{:.2f}}}\n",
      options.label, visible.count(), options.rate, applied.Percentile(0.5), applied.Percentile(0.99),
      visible.Percentile(0.5), visible.Percentile(0.99));
  return OkStatus();
}

// Calls GetClient again and again; one of `in_flight`.
class Caller {
 public:
  Caller(query::v1::ClientService::Stub& stub, const Options& options, std::atomic<int64_t>& left, Tally& tally,
         Pending& pending)
      : stub_(stub), options_(options), left_(left), tally_(tally), pending_(pending) {
    request_.set_name("clients/" + options.client);
    pending_.Add();
    Call();
  }
  size_t bytes() const { return bytes_; }

 private:
  void Call() {
    if (left_.fetch_sub(1) <= 0) return pending_.Done();
    context_ = std::make_unique<grpc::ClientContext>();
    context_->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    const absl::Time sent = absl::Now();
    stub_.async()->GetClient(context_.get(), &request_, &response_, [this, sent](const grpc::Status& status) {
      status.ok() ? tally_.Add(absl::Now() - sent) : tally_.Fail(status.error_message());
      bytes_ = response_.ByteSizeLong();
      Call();
    });
  }

  query::v1::ClientService::Stub& stub_;
  const Options& options_;
  std::atomic<int64_t>& left_;
  Tally& tally_;
  Pending& pending_;
  query::v1::GetClientRequest request_;
  query::v1::Client response_;
  std::unique_ptr<grpc::ClientContext> context_;
  size_t bytes_ = 0;
};

Status MeasureGet(const Options& options) {
  constexpr int kChannels = 4;
  std::vector<std::unique_ptr<query::v1::ClientService::Stub>> stubs;
  for (int i = 0; i < kChannels; ++i) stubs.push_back(query::v1::ClientService::NewStub(Connect(options.server, i)));
  Tally tally;
  Pending pending;
  std::atomic<int64_t> left = options.calls;
  std::vector<std::unique_ptr<Caller>> callers;
  const absl::Time began = absl::Now();
  for (int64_t i = 0; i < options.in_flight; ++i)
    callers.push_back(std::make_unique<Caller>(*stubs[static_cast<size_t>(i % kChannels)], options, left, tally, pending));
  pending.Wait();
  const double seconds = absl::ToDoubleSeconds(absl::Now() - began);
  RETURN_IF_ERROR(tally.status());
  fmt::print(
      "{{\"what\":\"get\",\"by\":\"{}\",\"calls\":{},\"in_flight\":{},\"seconds\":{:.3f},\"calls_per_second\":{:.0f},"
      "\"bytes\":{},\"p50_ms\":{:.3f},\"p99_ms\":{:.3f}}}\n",
      options.label, options.calls, options.in_flight, seconds, static_cast<double>(options.calls) / seconds,
      callers.front()->bytes(), tally.Percentile(0.5), tally.Percentile(0.99));
  return OkStatus();
}

// GetClient that returns the same bytes whatever is asked.
class EmptyService : public query::v1::ClientService::CallbackService {
 public:
  explicit EmptyService(int64_t bytes) { reply_.set_display_name(std::string(static_cast<size_t>(bytes), 'x')); }

  grpc::ServerUnaryReactor* GetClient(grpc::CallbackServerContext* context, const query::v1::GetClientRequest*,
                                      query::v1::Client* response) override {
    *response = reply_;
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  query::v1::Client reply_;
};

Status ServeEmpty(const Options& options) {
  if (options.ready_file.empty()) return InvalidArgument("serve_empty needs --ready-file");
  EmptyService service(options.bytes);
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  if (server == nullptr) return Unavailable("cannot listen on 127.0.0.1");
  runtime::StopSignals signals([&] { server->Shutdown(); });
  std::ofstream(options.ready_file) << fmt::format("127.0.0.1:{}\n", port);
  server->Wait();
  return OkStatus();
}

Status Main(const std::vector<std::string>& arguments) {
  Options options;
  runtime::Config config("KEFU_BENCH_CALLS");
  config.Add("mode", &options.mode, "What to do", {.one_of = {"latency", "get", "serve_empty"}});
  config.Add("server", &options.server, "host:port");
  config.Add("client", &options.client, "Client to get");
  config.Add("label", &options.label, "Name of the measurement");
  config.Add("ready-file", &options.ready_file, "Where serve_empty writes its address");
  config.Add("calls", &options.calls, "Calls to make", {.min = 1});
  config.Add("in-flight", &options.in_flight, "Calls at a time", {.min = 1, .max = 10'000});
  config.Add("rate", &options.rate, "Events a second", {.min = 1});
  config.Add("seconds", &options.seconds, "How long", {.min = 1});
  config.Add("warm-up", &options.warm_up, "Seconds before that which are not counted", {.min = 0});
  config.Add("clients", &options.clients, "How many clients", {.min = 1});
  config.Add("bytes", &options.bytes, "Size of the empty answer", {.min = 0});
  config.Add("seed", &options.seed, "Same seed, same events", {.min = 0});
  RETURN_IF_ERROR(config.Load(arguments, {}).status());
  if (config.help_wanted()) {
    fmt::print("{}", config.Help());
    return OkStatus();
  }
  if (options.mode == "serve_empty") return ServeEmpty(options);
  if (options.server.empty()) return InvalidArgument("give --server");
  return options.mode == "get" ? MeasureGet(options) : MeasureLatency(options);
}

}  // namespace
}  // namespace kefu::bench

int main(int argc, char** argv) {
  const kefu::Status status = kefu::bench::Main({argv + 1, argv + argc});
  if (status.ok()) return 0;
  fmt::print(stderr, "kefu_bench_calls: {}\n", kefu::MessageOf(status));
  return 1;
}
