#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "platform/log/kafka/client.h"

namespace kefu::log {

// Follows partitions of one topic from given offsets, on a consumer of its own, without a group.
//
// Operation: records stay where librdkafka received them; a batch's owner keeps them, and the consumer, alive. Offsets
//   are compared with what is due: a record that came already is dropped. A gap is believed only when a second consumer
//   finds it too (Kafka has gaps where transactions ended); damage likewise.
// Limitations: a fetch that finds the partition exactly at its end waits there, whatever stood before that end.
class KafkaReader final : public LogReader {
 public:
  KafkaReader(KafkaOptions options, std::vector<ReadFrom> from);
  ~KafkaReader() override;

  Status Poll(absl::Duration max_wait, size_t max_bytes, std::vector<RecordBatch>* batches) override;
  int64_t Behind() const override;
  void Wake() override;

 private:
  class Messages;
  struct Cursor {
    bool assigned = false;
    int64_t next = 0;
    // A gap or damage was seen at `next` once; seen again, it is true.
    bool suspected = false;
    // Which of the batches of this Poll is its, and what keeps that one's records; null if none is yet.
    size_t batch = 0;
    Messages* messages = nullptr;
  };

  Status Connect();
  void Disconnect();
  bool Fill(absl::Duration wait);
  void KeepFetching();
  Status Take(rd_kafka_message_t* message, size_t* bytes, std::vector<RecordBatch>* batches);
  Status OnError(const rd_kafka_message_t& message);
  Status LookAgain(Cursor* cursor, const char* why);
  void Add(Cursor* cursor, rd_kafka_message_t* message, std::vector<RecordBatch>* batches);

  const KafkaOptions options_;
  // By partition.
  std::vector<Cursor> cursors_;
  std::shared_ptr<KafkaClient> client_;
  KafkaQueue queue_;
  absl::Time connect_at_;
  // Received, not yet given out: the rest of a batch that was over a Poll's max_bytes.
  std::vector<rd_kafka_message_t*> received_;
  size_t taken_ = 0;
  // The most that librdkafka had waiting since it was last woken.
  size_t most_waiting_ = 0;
  // Errors for good, and one that waits until the batches before it are given out.
  Status failed_;
  Status pending_;

  std::atomic<bool> woken_{false};
  // Wake's way into a waiting Poll; own lock, for Connect replaces the queue.
  std::mutex wake_mutex_;
};

}  // namespace kefu::log
