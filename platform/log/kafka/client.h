#pragma once

// What librdkafka's C interface lacks: ownership, our errors, settings in one place, an end that does not hang.

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/log/kafka/kafka_log.h"

namespace kefu::log {

using KafkaSettings = std::vector<std::pair<std::string, std::string>>;

template <auto Destroy>
struct KafkaDelete {
  template <class T>
  void operator()(T* object) const {
    Destroy(object);
  }
};
using KafkaQueue = std::unique_ptr<rd_kafka_queue_t, KafkaDelete<rd_kafka_queue_destroy>>;
using KafkaEvent = std::unique_ptr<rd_kafka_event_t, KafkaDelete<rd_kafka_event_destroy>>;
using KafkaTopic = std::unique_ptr<rd_kafka_topic_t, KafkaDelete<rd_kafka_topic_destroy>>;
using KafkaPartitions =
    std::unique_ptr<rd_kafka_topic_partition_list_t, KafkaDelete<rd_kafka_topic_partition_list_destroy>>;

// An rd_kafka_t.
//
// Operation: the destructor waits ten seconds at most; a client that librdkafka cannot end by then is left to a thread.
// Concurrency: as rd_kafka_t, thread-safe. Messages, queues and topics of it must go before it.
class KafkaClient {
 public:
  // `settings` over the ones every client has; options.settings over both. `events` is for rd_kafka_conf_set_events.
  // kInvalidArgument names the setting that librdkafka does not take.
  static StatusOr<std::shared_ptr<KafkaClient>> Make(rd_kafka_type_t type, const KafkaOptions& options,
                                                     const KafkaSettings& settings, int events = 0);
  ~KafkaClient();
  KafkaClient(const KafkaClient&) = delete;
  KafkaClient& operator=(const KafkaClient&) = delete;

  rd_kafka_t* get() const { return client_; }
  KafkaTopic Topic(const std::string& name) const;

  // Whether librdkafka said, since the last call, that no broker answers. It says so once an outage.
  bool TakeAllBrokersDown() { return all_brokers_down_.exchange(false); }

 private:
  KafkaClient() = default;
  static void OnError(rd_kafka_t* client, int error, const char* reason, void* self);

  rd_kafka_t* client_ = nullptr;
  std::atomic<bool> all_brokers_down_{false};
};

// Settings of every client that reads: positions are ours, damage is noticed, nothing is skipped.
KafkaSettings ReadingSettings(const KafkaOptions& options);

// The error for the caller: what may pass is kUnavailable, what needs a change outside is kFailedPrecondition.
Status FromKafka(rd_kafka_resp_err_t error, std::string_view context);

struct KafkaTopicInfo {
  std::string cluster_id;
  int32_t partitions = 0;
  // All partitions have a leader.
  bool ready = false;
};

// Asks a broker. kNotFound: no such topic. Never makes it.
StatusOr<KafkaTopicInfo> DescribeTopic(const KafkaClient& client, const std::string& topic, absl::Duration timeout);

// One line on stderr per kind of error in ten seconds.
void LogKafkaError(rd_kafka_resp_err_t error, const char* reason);

// A clock that no one sets, for timeouts.
absl::Time MonotonicNow();

// For librdkafka's timeouts: whole milliseconds, never "for ever".
int KafkaMilliseconds(absl::Duration duration);

}  // namespace kefu::log
