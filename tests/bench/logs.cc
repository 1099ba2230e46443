#include "tests/bench/logs.h"

#include <fmt/format.h>

#include <cstdio>

#include "platform/log/embedded/embedded_log.h"
#include "platform/log/kafka/kafka_log.h"

namespace kefu::bench {
namespace {

Status Run(const std::vector<std::string>& arguments, runtime::Config& config, const LogOptions& options,
           const std::function<Status(log::EventLog&)>& measure) {
  ASSIGN_OR_RETURN(const auto words, config.Load(arguments, {}));
  // "--admission false" would be a flag that is on, and a word.
  if (!words.empty()) return InvalidArgument("\"{}\" belongs to no flag; write --flag=value", words.front());
  if (config.help_wanted()) {
    fmt::print("{}", config.Help());
    return OkStatus();
  }
  if (options.views.empty()) return InvalidArgument("give --views, an empty folder");
  if (options.bootstrap.empty() == options.embedded.empty())
    return InvalidArgument("give either --bootstrap or --embedded");
  if (options.embedded.empty()) {
    ASSIGN_OR_RETURN(const auto kafka,
                     log::OpenKafkaLog({.bootstrap_servers = options.bootstrap, .topic = options.topic}));
    return measure(*kafka);
  }
  ASSIGN_OR_RETURN(const auto embedded,
                   log::EmbeddedLog::Open({.directory = options.embedded}, {{options.topic, options.partitions}}));
  return measure(embedded->Topic(options.topic));
}

}  // namespace

void AddLogFlags(runtime::Config& config, LogOptions* options) {
  config.Add("bootstrap", &options->bootstrap, "Kafka broker to read from");
  config.Add("topic", &options->topic, "Topic to read");
  config.Add("embedded", &options->embedded, "Folder of an embedded log to read instead");
  config.Add("partitions", &options->partitions, "Partitions of the embedded log", {.min = 1});
  config.Add("views", &options->views, "Empty folder for the views");
  config.Add("limit", &options->limit, "Give up after this long");
}

int RunOnLog(std::string_view program, const std::vector<std::string>& arguments, runtime::Config& config,
             const LogOptions& options, const std::function<Status(log::EventLog&)>& measure) {
  const Status status = Run(arguments, config, options, measure);
  if (status.ok()) return 0;
  fmt::print(stderr, "{}: {}\n", program, MessageOf(status));
  return 1;
}

StatusOr<std::vector<Offset>> EndsOf(log::EventLog& log) {
  std::vector<Offset> ends;
  for (int32_t p = 0; p < log.partitions(); ++p) {
    ASSIGN_OR_RETURN(const Offset end, log.EndOffset(Partition(p)));
    ends.push_back(end);
  }
  return ends;
}

int64_t RecordsBefore(const std::vector<Offset>& ends) {
  int64_t records = 0;
  for (const Offset end : ends) records += end.value();
  return records;
}

Status WaitForAll(engine::Engine& engine, const std::vector<Offset>& ends, absl::Time deadline) {
  for (size_t p = 0; p < ends.size(); ++p)
    RETURN_IF_ERROR(engine.WaitFor(Partition(static_cast<int32_t>(p)), ends[p], deadline));
  return OkStatus();
}

}  // namespace kefu::bench
