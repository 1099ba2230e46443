#include "platform/log/kafka/reader.h"

#include <algorithm>

#include "platform/runtime/logging.h"

namespace kefu::log {
namespace {

// How many messages are taken at once: enough that the queue's lock costs nothing, few enough to stay near max_bytes.
constexpr size_t kChunk = 512;
constexpr absl::Duration kConnectPause = absl::Milliseconds(500);
// What is fetched of a partition at a time: thousands of events.
constexpr int64_t kLeastFetch = int64_t{256} << 10;
constexpr int64_t kMostFetch = int64_t{2} << 20;

// One fetch of all partitions fills half of the queue: with less, a reader of few partitions would wait for the broker more
// than it reads. Each fetch may go over the queue's bound by this much a partition.
int64_t FetchBytes(const KafkaOptions& options, int64_t partitions) {
  return std::clamp(options.fetch_queue_bytes / 2 / std::max<int64_t>(1, partitions), kLeastFetch, kMostFetch);
}

}  // namespace

// What keeps the records of a batch. The consumer must outlive its messages.
class KafkaReader::Messages {
 public:
  explicit Messages(std::shared_ptr<KafkaClient> client) : client_(std::move(client)) {}
  ~Messages() {
    for (rd_kafka_message_t* message : messages_) rd_kafka_message_destroy(message);
  }
  Messages(const Messages&) = delete;
  Messages& operator=(const Messages&) = delete;
  void Add(rd_kafka_message_t* message) { messages_.push_back(message); }

 private:
  std::shared_ptr<KafkaClient> client_;
  std::vector<rd_kafka_message_t*> messages_;
};

KafkaReader::KafkaReader(KafkaOptions options, std::vector<ReadFrom> from) : options_(std::move(options)) {
  for (const ReadFrom& each : from) {
    const auto partition = static_cast<size_t>(each.partition.value());
    if (partition >= cursors_.size()) cursors_.resize(partition + 1);
    cursors_[partition] = {.assigned = true, .next = each.next.value()};
    // To librdkafka a negative offset is a name for some place, and it would go there.
    if (each.next.value() < 0) failed_ = OutOfRange("partition {} has no offset {}", each.partition, each.next);
  }
}

KafkaReader::~KafkaReader() { Disconnect(); }

Status KafkaReader::Connect() {
  if (MonotonicNow() < connect_at_) return Unavailable("Kafka could not be read; trying again soon");
  connect_at_ = MonotonicNow() + kConnectPause;
  KafkaSettings settings = ReadingSettings(options_);
  // assign() wants a group's name; we neither join it nor commit to it.
  settings.emplace_back("group.id", "kefu-reader");
  const auto assigned = std::count_if(cursors_.begin(), cursors_.end(), [](const Cursor& each) { return each.assigned; });
  settings.emplace_back("fetch.message.max.bytes", std::to_string(FetchBytes(options_, assigned)));
  ASSIGN_OR_RETURN(std::shared_ptr<KafkaClient> client, KafkaClient::Make(RD_KAFKA_CONSUMER, options_, settings));
  const KafkaPartitions partitions(rd_kafka_topic_partition_list_new(static_cast<int>(cursors_.size())));
  for (size_t i = 0; i < cursors_.size(); ++i)
    if (cursors_[i].assigned)
      rd_kafka_topic_partition_list_add(partitions.get(), options_.topic.c_str(), static_cast<int32_t>(i))->offset =
          cursors_[i].next;
  // Errors and log lines come with the records then: one queue to wait on.
  rd_kafka_poll_set_consumer(client->get());
  RETURN_IF_ERROR(FromKafka(rd_kafka_assign(client->get(), partitions.get()), "beginning to read Kafka"));
  const std::lock_guard lock(wake_mutex_);
  queue_.reset(rd_kafka_queue_get_consumer(client->get()));
  client_ = std::move(client);
  return OkStatus();
}

void KafkaReader::Disconnect() {
  for (; taken_ < received_.size(); ++taken_) rd_kafka_message_destroy(received_[taken_]);
  received_.clear();
  taken_ = 0;
  const std::lock_guard lock(wake_mutex_);
  queue_.reset();
  client_.reset();
}

void KafkaReader::Wake() {
  woken_ = true;
  const std::lock_guard lock(wake_mutex_);
  if (queue_ != nullptr) rd_kafka_queue_yield(queue_.get());
}

// By the high watermarks that came with the last fetches.
int64_t KafkaReader::Behind() const {
  if (client_ == nullptr) return 0;
  int64_t behind = 0;
  for (size_t i = 0; i < cursors_.size(); ++i) {
    int64_t low = RD_KAFKA_OFFSET_INVALID;
    int64_t high = RD_KAFKA_OFFSET_INVALID;
    if (cursors_[i].assigned &&
        rd_kafka_get_watermark_offsets(client_->get(), options_.topic.c_str(), static_cast<int32_t>(i), &low, &high) ==
            RD_KAFKA_RESP_ERR_NO_ERROR)
      behind += std::max<int64_t>(0, high - cursors_[i].next);
  }
  return behind;
}

Status KafkaReader::Poll(absl::Duration max_wait, size_t max_bytes, std::vector<RecordBatch>* batches) {
  RETURN_IF_ERROR(failed_);
  if (!pending_.ok()) return std::exchange(pending_, OkStatus());
  const absl::Time deadline = MonotonicNow() + max_wait;
  const size_t before = batches->size();
  size_t bytes = 0;
  while (bytes < std::max<size_t>(max_bytes, 1)) {
    if (client_ == nullptr) RETURN_IF_ERROR(Connect());
    if (taken_ == received_.size()) {
      const bool something = batches->size() > before;
      const absl::Duration left = something || woken_ ? absl::ZeroDuration() : deadline - MonotonicNow();
      if (!Fill(left) && (something || woken_ || MonotonicNow() >= deadline)) break;
      continue;
    }
    const Status status = Take(received_[taken_++], &bytes, batches);
    if (status.ok()) continue;
    if (batches->size() == before) return status;
    pending_ = status;
    break;
  }
  woken_ = false;
  for (Cursor& cursor : cursors_) cursor.messages = nullptr;
  if (batches->size() == before && client_ != nullptr && client_->TakeAllBrokersDown())
    return Unavailable("no Kafka broker of {} answers", options_.bootstrap_servers);
  return OkStatus();
}

// Takes what has been received; waits for one record if there is none. False: nothing came.
bool KafkaReader::Fill(absl::Duration wait) {
  received_.resize(kChunk);
  taken_ = 0;
  ssize_t count = rd_kafka_consume_batch_queue(queue_.get(), 0, received_.data(), kChunk);
  // With room for more than one it would wait until all the room is used.
  if (count == 0 && wait > absl::ZeroDuration())
    count = rd_kafka_consume_batch_queue(queue_.get(), KafkaMilliseconds(wait + absl::Microseconds(999)), received_.data(), 1);
  received_.resize(static_cast<size_t>(std::max<ssize_t>(count, 0)));
  KeepFetching();
  return count > 0;
}

// A broker thread of librdkafka 2.0.2 that found the queue full sleeps for a second, however soon there is room again.
// Setting the credentials that it has already is the one call that wakes it and does nothing else.
void KafkaReader::KeepFetching() {
  const size_t waiting = rd_kafka_queue_length(queue_.get());
  most_waiting_ = std::max(most_waiting_, waiting);
  if (most_waiting_ < kChunk || waiting > most_waiting_ / 2) return;
  most_waiting_ = waiting;
  const auto setting = [this](const char* name) {
    const auto found = std::find_if(options_.settings.begin(), options_.settings.end(),
                                    [name](const auto& each) { return each.first == name; });
    return found == options_.settings.end() ? "" : found->second.c_str();
  };
  rd_kafka_error_t* const error =
      rd_kafka_sasl_set_credentials(client_->get(), setting("sasl.username"), setting("sasl.password"));
  if (error != nullptr) rd_kafka_error_destroy(error);
}

Status KafkaReader::Take(rd_kafka_message_t* message, size_t* bytes, std::vector<RecordBatch>* batches) {
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const Status status = OnError(*message);
    rd_kafka_message_destroy(message);
    return status;
  }
  Cursor& cursor = cursors_.at(static_cast<size_t>(message->partition));
  if (message->offset < cursor.next) {
    rd_kafka_message_destroy(message);
    return OkStatus();
  }
  if (message->offset > cursor.next && !cursor.suspected) {
    rd_kafka_message_destroy(message);
    return LookAgain(&cursor, "a gap between records");
  }
  cursor.suspected = false;
  cursor.next = message->offset + 1;
  *bytes += message->len;
  Add(&cursor, message, batches);
  return OkStatus();
}

void KafkaReader::Add(Cursor* cursor, rd_kafka_message_t* message, std::vector<RecordBatch>* batches) {
  if (cursor->messages == nullptr) {
    auto owner = std::make_shared<Messages>(client_);
    cursor->messages = owner.get();
    cursor->batch = batches->size();
    batches->push_back({Partition(message->partition), {}, std::move(owner)});
  }
  cursor->messages->Add(message);
  (*batches)[cursor->batch].records.push_back({Offset(message->offset),
                           {static_cast<const char*>(message->key), message->key_len},
                           {static_cast<const char*>(message->payload), message->len}});
}

Status KafkaReader::OnError(const rd_kafka_message_t& message) {
  const auto partition = static_cast<size_t>(message.partition);
  Cursor* const cursor = message.partition >= 0 && partition < cursors_.size() ? &cursors_[partition] : nullptr;
  switch (message.err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      return OkStatus();
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
      if (cursor == nullptr) break;
      failed_ = OutOfRange(
          "partition {} of topic \"{}\" does not hold offset {}: it was cut, or is another log than the one read before",
          message.partition, options_.topic, cursor->next);
      return failed_;
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
      if (cursor == nullptr) break;
      if (!cursor->suspected) return LookAgain(cursor, "damaged bytes");
      failed_ = DataLoss("partition {} of topic \"{}\" is damaged at or after offset {}: {}", message.partition,
                         options_.topic, cursor->next, rd_kafka_message_errstr(&message));
      return failed_;
    default:
      break;
  }
  LogKafkaError(message.err, rd_kafka_message_errstr(&message));
  return Unavailable("reading topic \"{}\": {}", options_.topic, rd_kafka_message_errstr(&message));
}

// Begins again, with another consumer, where the records that were given out end.
Status KafkaReader::LookAgain(Cursor* cursor, const char* why) {
  runtime::Log(runtime::LogLevel::kWarning, "reading Kafka again from the last good record",
               {{"why", why}, {"partition", static_cast<int64_t>(cursor - cursors_.data())}, {"offset", cursor->next}});
  cursor->suspected = true;
  Disconnect();
  connect_at_ = absl::InfinitePast();
  return OkStatus();
}

}  // namespace kefu::log
