#include "services/kefud/logs.h"

#include "platform/base/reason.h"
#include "platform/log/embedded/embedded_log.h"
#include "platform/log/kafka/kafka_log.h"

namespace kefu::kefud {
namespace {

void AddSettings(const std::vector<std::string>& entries, log::KafkaOptions* kafka) {
  // Check() has looked at the entries. A name of its own, for a loop would not keep the StatusOr alive.
  const auto settings = SplitSettings(entries);
  for (const auto& [name, value] : *settings) kafka->settings[name] = value;
}

log::KafkaOptions KafkaOptionsOf(const Options& options, const std::string& topic) {
  log::KafkaOptions kafka;
  kafka.bootstrap_servers = options.log.kafka.bootstrap_servers;
  kafka.topic = topic;
  kafka.fetch_queue_bytes = options.log.kafka.fetch_queue.value;
  kafka.queue_bytes = options.log.queue.value;
  AddSettings(options.log.kafka.settings, &kafka);
  return kafka;
}

// The same error, with the setting to turn.
Status Explained(const Status& status, const Options& options, std::string_view setting) {
  if (status.code() == StatusCode::kUnavailable || status.code() == StatusCode::kDeadlineExceeded) {
    return WithReason(Annotate(status, setting), "BROKER_UNREACHABLE");
  }
  if (MessageOf(status).find("replication") != std::string_view::npos) {
    return FailedPrecondition(
        "{}: log.kafka.replication is {}, and a topic cannot have more copies than there are brokers",
        MessageOf(status), options.log.kafka.replication);
  }
  return status;
}

Status Ensure(const log::KafkaOptions& kafka, const Options& options) {
  return log::EnsureKafkaTopic(kafka, options.log.partitions, static_cast<int16_t>(options.log.kafka.replication));
}

StatusOr<std::unique_ptr<log::EventLog>> OpenTopic(const Options& options, const std::string& topic) {
  const log::KafkaOptions kafka = KafkaOptionsOf(options, topic);
  if (const Status made = Ensure(kafka, options); !made.ok()) {
    return Explained(made, options, "log.kafka.bootstrap-servers");
  }
  auto log = log::OpenKafkaLog(kafka);
  if (!log.ok()) return Explained(log.status(), options, "log.kafka.bootstrap-servers");
  return log;
}

}  // namespace

StatusOr<std::unique_ptr<Logs>> Logs::Open(const Options& options, const DataDirectory& directory) {
  std::unique_ptr<Logs> logs(new Logs());
  RETURN_IF_ERROR(options.log.kind == "kafka" ? logs->OpenKafka(options) : logs->OpenEmbedded(options, directory));
  return logs;
}

Logs::~Logs() = default;

Status Logs::OpenEmbedded(const Options& options, const DataDirectory& directory) {
  log::EmbeddedOptions embedded;
  embedded.directory = directory.Below("log");
  embedded.reserve_bytes = options.log.reserve.value;
  embedded.queue_bytes = options.log.queue.value;
  const std::string& events = options.log.kafka.events_topic;
  const std::string& rejected = options.log.kafka.rejected_topic;
  ASSIGN_OR_RETURN(embedded_, log::EmbeddedLog::Open(
                                  embedded, {{events, options.log.partitions}, {rejected, options.log.partitions}}));
  events_ = &embedded_->Topic(events);
  rejected_ = &embedded_->Topic(rejected);
  return OkStatus();
}

Status Logs::OpenKafka(const Options& options) {
  ASSIGN_OR_RETURN(kafka_events_, OpenTopic(options, options.log.kafka.events_topic));
  ASSIGN_OR_RETURN(kafka_rejected_, OpenTopic(options, options.log.kafka.rejected_topic));
  events_ = kafka_events_.get();
  rejected_ = kafka_rejected_.get();
  return OkStatus();
}

StatusOr<std::unique_ptr<log::KafkaInbox>> OpenKafkaInbox(const Options& options) {
  const InboxOptions& inbox = options.inbox;
  log::KafkaOptions kafka;
  kafka.bootstrap_servers = inbox.bootstrap_servers;
  kafka.topic = inbox.topic;
  AddSettings(inbox.settings, &kafka);
  auto source = log::KafkaInbox::Open(kafka, inbox.group);
  // Its owner may have made it with any number of partitions; only a missing one is ours to make.
  if (source.status().code() == StatusCode::kNotFound) {
    if (const Status made = Ensure(kafka, options); !made.ok()) return Explained(made, options, "inbox.kafka");
    source = log::KafkaInbox::Open(kafka, inbox.group);
  }
  if (!source.ok()) return Explained(source.status(), options, "inbox.kafka.bootstrap-servers");
  return source;
}

}  // namespace kefu::kefud
