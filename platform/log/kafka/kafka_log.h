#pragma once

// The log on Apache Kafka. The only place that includes librdkafka.

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "platform/log/log.h"

namespace kefu::log {

struct KafkaOptions {
  std::string bootstrap_servers;
  std::string topic;
  // Passed to librdkafka as they are (security.protocol, ssl.ca.location, …); they win over our own settings.
  std::map<std::string, std::string> settings;
  // What the reader may hold fetched and unread, over all its partitions. Each record takes librdkafka some 400 bytes
  // besides.
  int64_t fetch_queue_bytes = int64_t{4} << 20;
  // Waiting appends beyond this are refused.
  int64_t queue_bytes = int64_t{64} << 20;
  // An append that Kafka has not confirmed after this is answered kUnavailable (outcome unknown).
  absl::Duration delivery_timeout = absl::Minutes(2);
};

// Opens a topic that exists: reads its partition count and the cluster's id.
// kFailedPrecondition: no such topic (the message gives the command that makes it). kUnavailable: no broker answers.
//
// Operation: one idempotent producer (acks=all). When it fails for good, as librdkafka 2.0.2 does after a disconnect
//   with several batches in flight, it is replaced and all unconfirmed appends are sent again in order: a record may
//   then be on the log twice, and admission counts it once. Readers use assign() and positions of ours, never groups.
StatusOr<std::unique_ptr<EventLog>> OpenKafkaLog(const KafkaOptions& options);

// Makes the topic if it is missing: `partitions`, replication factor, retention for ever, min.insync.replicas =
// max(1, replication - 1). kFailedPrecondition if it exists with another number of partitions.
Status EnsureKafkaTopic(const KafkaOptions& options, int32_t partitions, int16_t replication);

// One record of the inbox, with what EventLog records do not have.
struct InboxRecord {
  int32_t partition = 0;
  int64_t offset = 0;
  std::string key;
  std::string value;
  std::vector<std::pair<std::string, std::string>> headers;
};

// Reads the inbox topic, from any producers, beginning where `group` committed last (at the start if never).
//
// Concurrency: one thread.
class KafkaInbox {
 public:
  static StatusOr<std::unique_ptr<KafkaInbox>> Open(const KafkaOptions& options, const std::string& group);
  virtual ~KafkaInbox() = default;

  // Up to `max_records` that came within `max_wait`, in offset order per partition.
  virtual Status Poll(absl::Duration max_wait, size_t max_records, std::vector<InboxRecord>* records) = 0;

  // All records that Poll gave so far are dealt with: a later Open goes on after them. A crash before it means they
  // come again; their event ids make that harmless.
  virtual Status CommitAll() = 0;

  virtual Status Health() = 0;
};

}  // namespace kefu::log
