#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "platform/log/kafka/client.h"

namespace kefu::log {

// For tests: what must go wrong without it.
struct KafkaProducerFaults {
  // After a fatal error unconfirmed appends are answered as if written, and not sent again.
  bool forget_unconfirmed = false;
};

// Appends to one topic, and keeps every append until Kafka has confirmed it.
//
// Operation: one idempotent librdkafka producer. On a fatal error it is ended and replaced, and what is unconfirmed is
//   sent again, in the order of the appends of each partition. Brokers do not recognise repeats of another producer, so
//   a record may be stored twice; the first occurrences are in order.
// Concurrency: thread-safe. Answers come from the producer's own thread, refusals from the caller's; no lock is held.
class KafkaProducer {
 public:
  static StatusOr<std::unique_ptr<KafkaProducer>> Start(const KafkaOptions& options, int32_t partitions,
                                                        const KafkaProducerFaults& faults = {});
  // Waits up to five seconds for confirmations; the rest is answered kUnavailable.
  ~KafkaProducer();

  void Append(Partition partition, std::vector<AppendRecord> records, AppendCallback done);

  // kUnavailable when the oldest unconfirmed append has waited for long, or there is no working producer.
  Status Health() const;
  // How often the producer was replaced.
  int64_t replacements() const;

 private:
  struct Waiting {
    // Of its first record; a partition's records are numbered in the order of their appends.
    int64_t first_sequence = 0;
    std::vector<AppendRecord> records;
    AppendCallback done;
    absl::Time since;
    size_t bytes = 0;
    // By the producer in use now.
    size_t confirmed = 0;
    // Of the first record, where it was confirmed first.
    std::optional<Offset> offset;
  };
  struct Lane {
    std::deque<Waiting> waiting;
    int64_t next_sequence = 1;
  };
  using Answers = std::vector<std::pair<AppendCallback, StatusOr<Offset>>>;

  KafkaProducer(const KafkaOptions& options, int32_t partitions, const KafkaProducerFaults& faults);
  Status Connect();
  Status Check(Partition partition, const std::vector<AppendRecord>& records, size_t bytes) const;
  void Run();
  void Serve(const KafkaQueue& queue, absl::Duration wait);
  void Confirm(const rd_kafka_message_t& message, Answers* answers);
  Status Send(Partition partition, const Waiting& append);
  void Replace();
  void SendAllAgain(Answers* answers);
  bool SendAgain(Partition partition, std::deque<Waiting>::iterator append, Answers* answers);
  void ExpireOld();
  void AnswerTheRest();
  void Take(Lane* lane, std::deque<Waiting>::iterator append, StatusOr<Offset> answer, Answers* answers);
  static void Call(Answers answers);

  const KafkaOptions options_;
  const KafkaProducerFaults faults_;

  mutable std::mutex mutex_;
  std::condition_variable stop_;
  // Null while it is being replaced: appends then wait in their lanes.
  std::shared_ptr<KafkaClient> client_;
  KafkaTopic topic_;
  KafkaQueue events_;
  std::vector<Lane> lanes_;
  size_t waiting_bytes_ = 0;
  bool broken_ = false;
  std::string why_broken_;
  int64_t replacements_ = 0;
  absl::Duration pause_;
  absl::Time replace_at_;
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace kefu::log
