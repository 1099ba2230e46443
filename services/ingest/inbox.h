#pragma once

// The inbox topic: any Kafka client's way to publish.

#include <absl/time/time.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "platform/log/kafka/kafka_log.h"
#include "services/ingest/recorder.h"

namespace kefu::ingest {

struct InboxOptions {
  // Names the origin of rejections: "kafka:<topic>/<partition>@<offset>".
  std::string topic = "kefu.inbox";
  size_t max_poll_records = 1000;
  // Records of this many bytes are recorded at a time; must fit into the logs' queues.
  size_t max_chunk_bytes = 4 << 20;
  absl::Duration poll_wait = absl::Milliseconds(200);
  // Between attempts while a log or the broker does not take or give records.
  absl::Duration min_backoff = absl::Milliseconds(50);
  absl::Duration max_backoff = absl::Seconds(5);
};

// Operation: one thread polls; each record is decoded, checked and recorded; what is refused goes to the log of
//   rejections, as kefu.ingest.v1.Rejection with its original key, value and headers. Only when all of a poll is
//   durable in one of the two does the inbox commit, so a crash repeats records, and their event ids make that
//   harmless. While a log does not take records it tries again for ever: nothing is skipped, nothing is lost. A record
//   that cannot be read stops nothing.
// Concurrency: Start and Stop once each; the rest thread-safe.
// Limitations: a rejected value that the log of rejections does not take for its size is kept in part.
class Inbox {
 public:
  // `recorder` and `rejected` must outlive it.
  Inbox(std::unique_ptr<log::KafkaInbox> source, Recorder& recorder, log::EventLog& rejected,
        const InboxOptions& options, Clock* clock = Clock::Real());
  ~Inbox();

  void Start();
  // Finishes the records in hand unless a log does not take them, then ends. What is not committed comes again.
  void Stop();

  struct Counters {
    int64_t received = 0;
    int64_t recorded = 0;
    int64_t rejected = 0;
    int64_t retries = 0;
    int64_t commits = 0;
  };
  Counters counters() const;

  // OK while records are taken and given; else what stands in the way now.
  Status Health() const;

 private:
  using Records = std::vector<log::InboxRecord>;

  void Run();
  // False if told to stop before all of it was durable.
  bool Deliver(const Records& records);
  bool DeliverChunk(const log::InboxRecord* first, size_t count);
  // Records what can be; answers the positions within the chunk, and reasons, of what was refused. An error: try again.
  struct Refusal {
    size_t index;
    Status why;
    // The log of rejections did not take it whole.
    bool in_part = false;
  };
  StatusOr<std::vector<Refusal>> TryToRecord(const log::InboxRecord* first, size_t count);
  // Takes those from `refusals` that are durable in the log of rejections. An error: try again with the rest.
  Status TryToReject(const log::InboxRecord* first, std::vector<Refusal>* refusals);
  // Tries until it succeeds; false if told to stop before.
  bool Persist(const std::function<Status()>& attempt);
  bool WaitBeforeRetry(absl::Duration wait);
  void SetHealth(Status status);

  const std::unique_ptr<log::KafkaInbox> source_;
  Recorder& recorder_;
  log::EventLog& rejected_log_;
  const InboxOptions options_;
  Clock* const clock_;

  mutable std::mutex mutex_;
  std::condition_variable stop_requested_;
  bool stopping_ = false;
  Status health_;
  std::thread thread_;

  std::atomic<int64_t> received_ = 0;
  std::atomic<int64_t> recorded_ = 0;
  std::atomic<int64_t> rejected_ = 0;
  std::atomic<int64_t> retries_ = 0;
  std::atomic<int64_t> commits_ = 0;
};

}  // namespace kefu::ingest
