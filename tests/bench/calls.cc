// kefu_bench_calls: what a caller sees. One line of JSON.
//
//   latency        publishes at a steady rate, waits for "applied", then reads the client back with min_position
//   load           calls GetClient, ListTimeline or ListCases as fast as it goes, so many at a time
//   watch          publishes at a steady rate to clients that are watched, one watcher each
//   serve_empty    a server whose GetClient does nothing but return so many bytes, to compare `load` with
//   wait_current   waits until every view of a server has applied so many events
//   wait_correct   waits for the first right answer of a server that is just starting
//   row            how far the row of one client is
//   totals         adds up all clients
//   compare        the rows of two servers for the same clients, field by field

#include "tests/bench/calls.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <thread>

#include "kefu/query/v1/client.grpc.pb.h"
#include "platform/runtime/config.h"
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

StatusOr<std::vector<std::string>> KnownClients(const std::string& server, int64_t clients, size_t wanted) {
  const auto stub = query::v1::ClientService::NewStub(Connect(server, 0));
  std::mt19937_64 random(3);
  std::vector<std::string> known;
  // Of a stream with fewer events than clients many do not exist.
  for (size_t tries = 0; tries < 50 * wanted && known.size() < wanted; ++tries) {
    const std::string name = fmt::format("clients/C-{:07}", random() % static_cast<uint64_t>(clients));
    query::v1::GetClientRequest request;
    query::v1::Client row;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    request.set_name(name);
    const grpc::Status status = stub->GetClient(&context, request, &row);
    if (status.ok()) known.push_back(name);
    if (!status.ok() && status.error_code() != grpc::StatusCode::NOT_FOUND)
      return Unavailable("{}", status.error_message());
  }
  if (known.empty()) return NotFound("{} knows none of the clients", server);
  return known;
}

namespace {

const std::map<std::string, std::function<Status(const CallOptions&)>>& Modes() {
  static const auto* modes =
      new std::map<std::string, std::function<Status(const CallOptions&)>>{{"latency", MeasureLatency},
                                                                           {"load", MeasureLoad},
                                                                           {"watch", MeasureWatch},
                                                                           {"serve_empty", ServeEmpty},
                                                                           {"wait_current", WaitUntilCurrent},
                                                                           {"wait_correct", WaitUntilCorrect},
                                                                           {"row", ShowRow},
                                                                           {"totals", AddUpClients},
                                                                           {"compare", CompareRows}};
  return *modes;
}

Status Main(const std::vector<std::string>& arguments) {
  CallOptions options;
  runtime::Config config("KEFU_BENCH_CALLS");
  std::vector<std::string> modes;
  for (const auto& [name, run] : Modes()) modes.push_back(name);
  config.Add("mode", &options.mode, "What to do", {.one_of = modes});
  config.Add("server", &options.server, "host:port");
  config.Add("other", &options.other, "host:port of the server to compare with");
  config.Add("method", &options.method, "What load calls", {.one_of = {"get", "list_timeline", "list_cases"}});
  config.Add("client", &options.client, "Client to ask for");
  config.Add("label", &options.label, "Name of the measurement");
  config.Add("ready-file", &options.ready_file,
             "Where a server writes its address: serve_empty, or the one waited for");
  config.Add("min-position", &options.min_position, "Position the right answer must have reached");
  config.Add("since-ms", &options.since_ms, "Count from this moment, milliseconds since 1970");
  config.Add("expect-events", &options.expect_events, "Events that must be applied, of all clients or of this one");
  config.Add("expect-offset", &options.expect_offset, "last_offset of the right answer");
  config.Add("in-flight", &options.in_flight, "Calls at a time", {.min = 1, .max = 10'000});
  config.Add("rate", &options.rate, "Events a second", {.min = 1});
  config.Add("batch", &options.batch, "Events of one call", {.min = 1, .max = 1000});
  config.Add("capacity-percent", &options.capacity_percent,
             "First find what goes at all, then take so much of it as rate", {.min = 0, .max = 100});
  config.Add("seconds", &options.seconds, "How long", {.min = 1});
  config.Add("warm-up", &options.warm_up, "Seconds before that which are not counted", {.min = 0});
  config.Add("clients", &options.clients, "How many clients there are", {.min = 1});
  config.Add("watchers", &options.watchers, "Clients watched", {.min = 1, .max = 10'000});
  config.Add("bytes", &options.bytes, "Size of the empty answer", {.min = 0});
  config.Add("seed", &options.seed, "Same seed, same events", {.min = 0});
  ASSIGN_OR_RETURN(const auto words, config.Load(arguments, {}));
  if (!words.empty()) return InvalidArgument("\"{}\" belongs to no flag", words.front());
  if (config.help_wanted()) {
    fmt::print("{}", config.Help());
    return OkStatus();
  }
  const auto mode = Modes().find(options.mode);
  return mode == Modes().end() ? InvalidArgument("give --mode") : mode->second(options);
}

}  // namespace
}  // namespace kefu::bench

int main(int argc, char** argv) {
  const kefu::Status status = kefu::bench::Main({argv + 1, argv + argc});
  if (status.ok()) return 0;
  fmt::print(stderr, "kefu_bench_calls: {}\n", kefu::MessageOf(status));
  return 1;
}
