#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <fstream>
#include <random>

#include "kefu/query/v1/client.grpc.pb.h"
#include "tests/bench/calls.h"
#include "tests/bench/measure.h"

namespace kefu::bench {

void Tally::Add(absl::Duration duration) {
  const std::lock_guard lock(mutex_);
  all_.push_back(absl::ToDoubleMilliseconds(duration));
}

void Tally::Fail(const std::string& message) {
  const std::lock_guard lock(mutex_);
  if (failures_++ == 0) first_failure_ = message;
}

Status Tally::status() const {
  return failures_ == 0 ? OkStatus() : Unavailable("{} calls failed, the first: {}", failures_, first_failure_);
}

double Tally::At(double share) { return Percentile(all_, share); }

std::shared_ptr<grpc::Channel> Connect(const std::string& server, int number) {
  grpc::ChannelArguments arguments;
  // Channels with equal arguments share a connection.
  arguments.SetInt("kefu.bench.channel", number);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 5);
  // How long an attempt may take, too.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 2000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 20);
  return grpc::CreateCustomChannel(server, grpc::InsecureChannelCredentials(), arguments);
}

StatusOr<std::string> AddressOf(const CallOptions& options) {
  if (!options.server.empty()) return options.server;
  if (options.ready_file.empty()) return InvalidArgument("give --server or --ready-file");
  const absl::Time give_up = absl::Now() + absl::Seconds(options.seconds);
  while (absl::Now() < give_up) {
    std::ifstream file(options.ready_file);
    std::string line;
    if (std::getline(file, line) && !file.eof()) return line;
    absl::SleepFor(absl::Milliseconds(1));
  }
  return DeadlineExceeded("nothing in {} after {} s", options.ready_file, options.seconds);
}

StatusOr<std::vector<query::v1::Client>> KnownClients(const std::string& server, int64_t clients, size_t wanted) {
  const auto stub = query::v1::ClientService::NewStub(Connect(server, 0));
  std::mt19937_64 random(3);
  std::vector<query::v1::Client> known;
  // Of a stream with fewer events than clients many do not exist.
  for (size_t tries = 0; tries < 50 * wanted && known.size() < wanted; ++tries) {
    const std::string name = fmt::format("clients/C-{:07}", random() % static_cast<uint64_t>(clients));
    query::v1::GetClientRequest request;
    query::v1::Client row;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    request.set_name(name);
    const grpc::Status status = stub->GetClient(&context, request, &row);
    if (status.ok()) known.push_back(std::move(row));
    if (!status.ok() && status.error_code() != grpc::StatusCode::NOT_FOUND)
      return Unavailable("{}", status.error_message());
  }
  if (known.empty()) return NotFound("{} knows none of the clients", server);
  return known;
}

}  // namespace kefu::bench
