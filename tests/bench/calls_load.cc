// One kind of call as fast as it goes, and a server that does nothing to compare it with.

#include <fmt/format.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <fstream>

#include "kefu/query/v1/client.grpc.pb.h"
#include "platform/runtime/signals.h"
#include "tests/bench/calls.h"
#include "tests/bench/calls_requests.h"

namespace kefu::bench {
namespace {

constexpr int kChannels = 4;
constexpr size_t kClientsAsked = 1000;
constexpr size_t kMostClientsAsked = 20'000;

// What all callers of one measurement share.
struct Shared {
  const Load& load;
  absl::Time count_from;
  absl::Time until;
  std::atomic<size_t> next = 0;
  std::atomic<int64_t> bytes = 0;
  Tally tally;
  Pending pending;
};

// Calls again and again; one of those in flight. Answers are not parsed: what they cost the caller would hide what they
// cost the server, and more so for rows than for an empty answer.
class Caller {
 public:
  Caller(std::shared_ptr<grpc::Channel> channel, Shared& shared) : stub_(std::move(channel)), shared_(shared) {
    shared_.pending.Add();
    Call();
  }

 private:
  void Call() {
    const absl::Time sent = absl::Now();
    if (sent >= shared_.until) return shared_.pending.Done();
    const grpc::ByteBuffer& request = shared_.load.requests[shared_.next.fetch_add(1) % shared_.load.requests.size()];
    context_ = std::make_unique<grpc::ClientContext>();
    context_->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    stub_.UnaryCall(context_.get(), shared_.load.method, grpc::StubOptions(), &request, &response_,
                    [this, sent](const grpc::Status& status) {
                      const absl::Time now = absl::Now();
                      if (!status.ok()) {
                        shared_.tally.Fail(status.error_message());
                      } else if (now >= shared_.count_from && now < shared_.until) {
                        shared_.tally.Add(now - sent);
                        shared_.bytes += static_cast<int64_t>(response_.Length());
                      }
                      Call();
                    });
  }

  grpc::GenericStub stub_;
  Shared& shared_;
  grpc::ByteBuffer response_;
  std::unique_ptr<grpc::ClientContext> context_;
};

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

}  // namespace

Status MeasureLoad(const CallOptions& options) {
  ASSIGN_OR_RETURN(auto clients, KnownClients(options.server, options.clients, kClientsAsked));
  StatusOr<Load> asked = LoadOf(options.method, clients);
  if (asked.status().code() == StatusCode::kNotFound) {
    // What few clients have needs a look at more of them.
    ASSIGN_OR_RETURN(clients, KnownClients(options.server, options.clients, kMostClientsAsked));
    asked = LoadOf(options.method, clients);
  }
  ASSIGN_OR_RETURN(const Load load, std::move(asked));
  const absl::Time began = absl::Now();
  Shared shared{load, began + absl::Seconds(options.warm_up),
                began + absl::Seconds(options.warm_up) + absl::Seconds(options.seconds)};
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (int i = 0; i < kChannels; ++i) channels.push_back(Connect(options.server, i));
  std::vector<std::unique_ptr<Caller>> callers;
  for (int64_t i = 0; i < options.in_flight; ++i)
    callers.push_back(std::make_unique<Caller>(channels[static_cast<size_t>(i % kChannels)], shared));
  shared.pending.Wait();
  RETURN_IF_ERROR(shared.tally.status());
  const size_t calls = std::max<size_t>(1, shared.tally.count());
  fmt::print(
      "{{\"what\":\"load\",\"method\":\"{}\",\"by\":\"{}\",\"calls\":{},\"in_flight\":{},\"seconds\":{},"
      "\"calls_per_second\":{:.0f},\"bytes\":{},\"p50_ms\":{:.3f},\"p99_ms\":{:.3f}}}\n",
      options.method, options.label, shared.tally.count(), options.in_flight, options.seconds,
      static_cast<double>(shared.tally.count()) / static_cast<double>(options.seconds),
      shared.bytes / static_cast<int64_t>(calls), shared.tally.At(0.5), shared.tally.At(0.99));
  return OkStatus();
}

Status ServeEmpty(const CallOptions& options) {
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

}  // namespace kefu::bench
