// EnsureKafkaTopic.

#include <absl/time/clock.h>

#include <algorithm>
#include <array>

#include "platform/log/kafka/client.h"

namespace kefu::log {
namespace {

constexpr absl::Duration kCreateWithin = absl::Seconds(20);
constexpr absl::Duration kAskWithin = absl::Seconds(5);
constexpr absl::Duration kAskEvery = absl::Milliseconds(50);

using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, KafkaDelete<rd_kafka_NewTopic_destroy>>;
using AdminOptions = std::unique_ptr<rd_kafka_AdminOptions_t, KafkaDelete<rd_kafka_AdminOptions_destroy>>;

Status Create(const KafkaClient& client, const std::string& name, int32_t partitions, int16_t replication) {
  char why[512];
  const NewTopic topic(rd_kafka_NewTopic_new(name.c_str(), partitions, replication, why, sizeof(why)));
  if (topic == nullptr) return InvalidArgument("topic \"{}\": {}", name, why);
  const std::string in_sync = std::to_string(std::max(1, replication - 1));
  for (const auto& [setting, value] : {std::pair<const char*, const char*>{"cleanup.policy", "delete"},
                                       {"retention.ms", "-1"},
                                       {"retention.bytes", "-1"},
                                       {"min.insync.replicas", in_sync.c_str()}})
    rd_kafka_NewTopic_set_config(topic.get(), setting, value);

  const AdminOptions options(rd_kafka_AdminOptions_new(client.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), KafkaMilliseconds(kCreateWithin), why, sizeof(why));
  rd_kafka_AdminOptions_set_operation_timeout(options.get(), KafkaMilliseconds(kCreateWithin) / 2, why, sizeof(why));
  const KafkaQueue answers(rd_kafka_queue_new(client.get()));
  std::array<rd_kafka_NewTopic_t*, 1> topics = {topic.get()};
  rd_kafka_CreateTopics(client.get(), topics.data(), topics.size(), options.get(), answers.get());
  const KafkaEvent event(rd_kafka_queue_poll(answers.get(), KafkaMilliseconds(kCreateWithin + kAskWithin)));
  const auto* const result = event == nullptr ? nullptr : rd_kafka_event_CreateTopics_result(event.get());
  if (result == nullptr) return Unavailable("Kafka did not answer whether topic \"{}\" was made", name);
  if (const auto error = rd_kafka_event_error(event.get())) return FromKafka(error, "making a topic");
  size_t count = 0;
  const rd_kafka_topic_result_t** const each = rd_kafka_CreateTopics_result_topics(result, &count);
  const rd_kafka_resp_err_t error = count == 1 ? rd_kafka_topic_result_error(each[0]) : RD_KAFKA_RESP_ERR_UNKNOWN;
  // Another server was faster.
  if (error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) return OkStatus();
  return FromKafka(error, fmt::format("making topic \"{}\"", name));
}

}  // namespace

Status EnsureKafkaTopic(const KafkaOptions& options, int32_t partitions, int16_t replication) {
  ASSIGN_OR_RETURN(const std::shared_ptr<KafkaClient> client,
                   KafkaClient::Make(RD_KAFKA_CONSUMER, options, ReadingSettings(options)));
  StatusOr<KafkaTopicInfo> info = DescribeTopic(*client, options.topic, kAskWithin);
  if (absl::IsNotFound(info.status())) {
    RETURN_IF_ERROR(Create(*client, options.topic, partitions, replication));
    // Made is not yet usable: its leaders are chosen a moment later. There is no event to wait for.
    const absl::Time deadline = MonotonicNow() + kCreateWithin;
    while (true) {
      info = DescribeTopic(*client, options.topic, kAskWithin);
      if ((info.ok() && info->ready) || MonotonicNow() >= deadline) break;
      absl::SleepFor(kAskEvery);
    }
  }
  RETURN_IF_ERROR(info.status());
  if (info->partitions != partitions)
    return FailedPrecondition("topic \"{}\" has {} partitions, not {}; the number is for life", options.topic,
                              info->partitions, partitions);
  if (!info->ready) return Unavailable("a partition of topic \"{}\" has no leader", options.topic);
  return OkStatus();
}

}  // namespace kefu::log
