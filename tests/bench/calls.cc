// kefu_bench_calls: what a caller sees. One line of JSON.
//
//   latency        publishes at a steady rate, waits for "applied", then reads the client back with min_position
//   load           calls one method as fast as it goes, so many at a time
//   watch          publishes at a steady rate to clients that are watched, one watcher each
//   serve_empty    a server whose GetClient does nothing but return so many bytes, to compare `load` with
//   wait_current   waits until every view of a server has applied so many events
//   wait_correct   waits for the first right answer of a server that is just starting
//   row            how far the row of one client is
//   totals         adds up all clients
//   compare        the rows of two servers for the same clients, field by field

#include "tests/bench/calls.h"

#include <fmt/format.h>

#include <cstdio>
#include <functional>
#include <map>

#include "platform/runtime/config.h"
#include "tests/bench/calls_requests.h"

namespace kefu::bench {

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
  config.Add("method", &options.method, "What load calls", {.one_of = LoadMethods()});
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
