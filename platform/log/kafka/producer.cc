#include "platform/log/kafka/producer.h"

#include <algorithm>

#include "platform/base/check.h"
#include "platform/runtime/logging.h"

namespace kefu::log {
namespace {

// What a record costs besides its key and value, in our queue and in librdkafka's.
constexpr size_t kRecordOverhead = 200;
// Kafka's own limit of a batch is 1 MiB; its framing needs some of it.
constexpr size_t kMaxRecordBytes = 1'000'000 - 1024;
constexpr absl::Duration kServeWait = absl::Milliseconds(100);
constexpr absl::Duration kEndPatience = absl::Seconds(5);
constexpr absl::Duration kPurgePatience = absl::Seconds(2);
constexpr absl::Duration kFirstPause = absl::Milliseconds(50);
constexpr absl::Duration kLongestPause = absl::Seconds(5);
constexpr absl::Duration kUnhealthyAfter = absl::Seconds(5);

KafkaSettings ProducingSettings(const KafkaOptions& options) {
  return {
      {"acks", "all"},
      {"enable.idempotence", "true"},
      {"compression.type", "lz4"},
      {"linger.ms", "2"},
      {"message.timeout.ms", std::to_string(std::max(10, KafkaMilliseconds(options.delivery_timeout)))},
      {"request.timeout.ms", "10000"},
      {"retry.backoff.ms", "50"},
      // Our own count of waiting bytes refuses appends; these must never be the first to be reached.
      {"queue.buffering.max.messages", "10000000"},
      {"queue.buffering.max.kbytes", "2147483647"},
  };
}

size_t BytesOf(const std::vector<AppendRecord>& records) {
  size_t bytes = 0;
  for (const AppendRecord& record : records) bytes += record.key.size() + record.value.size() + kRecordOverhead;
  return bytes;
}

Status Unknown(std::string_view why) {
  return Unavailable("Kafka did not confirm ({}); the outcome is unknown, send the same events again", why);
}

}  // namespace

KafkaProducer::KafkaProducer(const KafkaOptions& options, int32_t partitions, const KafkaProducerFaults& faults)
    : options_(options), faults_(faults), lanes_(partitions), pause_(kFirstPause) {}

StatusOr<std::unique_ptr<KafkaProducer>> KafkaProducer::Start(const KafkaOptions& options, int32_t partitions,
                                                              const KafkaProducerFaults& faults) {
  std::unique_ptr<KafkaProducer> producer(new KafkaProducer(options, partitions, faults));
  RETURN_IF_ERROR(producer->Connect());
  producer->thread_ = std::thread([self = producer.get()] { self->Run(); });
  return producer;
}

KafkaProducer::~KafkaProducer() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (events_ != nullptr) rd_kafka_queue_yield(events_.get());
  }
  stop_.notify_all();
  thread_.join();
}

Status KafkaProducer::Connect() {
  ASSIGN_OR_RETURN(client_, KafkaClient::Make(RD_KAFKA_PRODUCER, options_, ProducingSettings(options_),
                                              RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR));
  topic_ = client_->Topic(options_.topic);
  events_.reset(rd_kafka_queue_get_main(client_->get()));
  return OkStatus();
}

Status KafkaProducer::Check(Partition partition, const std::vector<AppendRecord>& records, size_t bytes) const {
  if (partition.value() < 0 || partition.value() >= static_cast<int32_t>(lanes_.size()))
    return InvalidArgument("there is no partition {}; topic \"{}\" has {}", partition, options_.topic, lanes_.size());
  if (records.empty()) return InvalidArgument("an append needs a record");
  for (const AppendRecord& record : records)
    if (record.key.size() + record.value.size() > kMaxRecordBytes)
      return InvalidArgument("a record of {} bytes is too large for Kafka; {} is the most",
                             record.key.size() + record.value.size(), kMaxRecordBytes);
  if (stopping_) return FailedPrecondition("the log is being closed");
  if (waiting_bytes_ + bytes > static_cast<size_t>(options_.queue_bytes))
    return ResourceExhausted("{} bytes wait for Kafka, {} may (kafka queue_bytes); nothing was written", waiting_bytes_,
                             options_.queue_bytes);
  return OkStatus();
}

void KafkaProducer::Append(Partition partition, std::vector<AppendRecord> records, AppendCallback done) {
  const size_t bytes = BytesOf(records);
  Status refused;
  {
    // Held while sending, too: the order in the lane is the order in Kafka.
    const std::lock_guard lock(mutex_);
    refused = Check(partition, records, bytes);
    if (refused.ok()) {
      Lane& lane = lanes_[partition.value()];
      lane.waiting.push_back({.first_sequence = lane.next_sequence,
                              .records = std::move(records),
                              .done = std::move(done),
                              .since = MonotonicNow(),
                              .bytes = bytes});
      if (client_ == nullptr || broken_) {
        lane.next_sequence += static_cast<int64_t>(lane.waiting.back().records.size());
        waiting_bytes_ += bytes;
        return;
      }
      refused = Send(partition, lane.waiting.back());
      if (refused.ok()) {
        lane.next_sequence += static_cast<int64_t>(lane.waiting.back().records.size());
        waiting_bytes_ += bytes;
        return;
      }
      done = std::move(lane.waiting.back().done);
      lane.waiting.pop_back();
    }
  }
  done(std::move(refused));
}

// An error means that nothing was given to librdkafka, or (kUnavailable) that the first records were.
Status KafkaProducer::Send(Partition partition, const Waiting& append) {
  int64_t sequence = append.first_sequence;
  for (const AppendRecord& record : append.records) {
    // A number, not a pointer: a late report about an append that is long answered finds nothing, and harms nothing.
    void* const tag = reinterpret_cast<void*>(sequence);
    // Copied, so that no producer that does not end holds our memory.
    const int failed = rd_kafka_produce(topic_.get(), partition.value(), RD_KAFKA_MSG_F_COPY,
                                        const_cast<char*>(record.value.data()), record.value.size(), record.key.data(),
                                        record.key.size(), tag);
    if (failed != 0) {
      const rd_kafka_resp_err_t error = rd_kafka_last_error();
      if (error == RD_KAFKA_RESP_ERR__FATAL) {
        // It waits for the next producer.
        broken_ = true;
        return OkStatus();
      }
      if (sequence != append.first_sequence) return Unknown(rd_kafka_err2str(error));
      return FromKafka(error, "sending to Kafka");
    }
    ++sequence;
  }
  return OkStatus();
}

void KafkaProducer::Run() {
  absl::Time give_up = absl::InfiniteFuture();
  while (true) {
    bool waiting = false;
    bool broken = false;
    bool hopeless = false;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_ && give_up == absl::InfiniteFuture()) give_up = MonotonicNow() + kEndPatience;
      waiting = waiting_bytes_ > 0;
      broken = broken_ || client_ == nullptr;
      hopeless = client_ == nullptr;
    }
    const bool stopping = give_up != absl::InfiniteFuture();
    if (MonotonicNow() >= give_up || (stopping && (!waiting || hopeless))) break;
    if (broken) {
      Replace();
    } else {
      Serve(events_, kServeWait);
    }
    ExpireOld();
  }
  AnswerTheRest();
}

// Takes what librdkafka reports. One event holds many delivery reports.
void KafkaProducer::Serve(const KafkaQueue& queue, absl::Duration wait) {
  const KafkaEvent event(rd_kafka_queue_poll(queue.get(), KafkaMilliseconds(wait)));
  if (event == nullptr) return;
  if (rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_ERROR) {
    const rd_kafka_resp_err_t error = rd_kafka_event_error(event.get());
    LogKafkaError(error, rd_kafka_event_error_string(event.get()));
    if (rd_kafka_event_error_is_fatal(event.get()) != 0 || error == RD_KAFKA_RESP_ERR__FATAL) {
      const std::lock_guard lock(mutex_);
      broken_ = true;
      why_broken_ = rd_kafka_event_error_string(event.get());
    }
    return;
  }
  if (rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_DR) return;
  std::vector<const rd_kafka_message_t*> messages(rd_kafka_event_message_count(event.get()));
  messages.resize(rd_kafka_event_message_array(event.get(), messages.data(), messages.size()));
  Answers answers;
  {
    const std::lock_guard lock(mutex_);
    // A report may come before the event that says that the producer is broken.
    if (client_ != nullptr && rd_kafka_fatal_error(client_->get(), nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR)
      broken_ = true;
    for (const rd_kafka_message_t* message : messages) Confirm(*message, &answers);
  }
  Call(std::move(answers));
}

void KafkaProducer::Confirm(const rd_kafka_message_t& message, Answers* answers) {
  if (message.partition < 0 || message.partition >= static_cast<int32_t>(lanes_.size())) return;
  Lane& lane = lanes_[message.partition];
  const auto sequence = reinterpret_cast<int64_t>(message._private);
  auto append = std::upper_bound(lane.waiting.begin(), lane.waiting.end(), sequence,
                                 [](int64_t wanted, const Waiting& each) { return wanted < each.first_sequence; });
  if (append == lane.waiting.begin()) return;
  --append;
  if (sequence >= append->first_sequence + static_cast<int64_t>(append->records.size())) return;

  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    // What a broken producer says of a message is no answer: the next one sends it.
    if (broken_ || client_ == nullptr) return;
    const Status status = FromKafka(message.err, "Kafka refused the record");
    const bool certain = rd_kafka_message_status(&message) == RD_KAFKA_MSG_STATUS_NOT_PERSISTED &&
                         append->records.size() == 1 && !absl::IsUnavailable(status);
    Take(&lane, append, certain ? status : Unknown(rd_kafka_err2str(message.err)), answers);
    return;
  }
  // librdkafka concludes from a later batch that this one, interrupted, was stored, but does not know where. That is no
  // answer: it is sent again, and stored twice at worst.
  if (message.offset < 0) {
    if (broken_ || client_ == nullptr) return;
    SendAgain(Partition(message.partition), append, answers);
    return;
  }
  pause_ = kFirstPause;
  if (sequence == append->first_sequence && !append->offset) append->offset = Offset(message.offset);
  if (++append->confirmed == append->records.size()) {
    const Offset first = append->offset.value_or(Offset(message.offset));
    Take(&lane, append, first, answers);
  }
}

// Ends the broken producer, keeps what it still confirms, and lets a new one send the rest.
void KafkaProducer::Replace() {
  std::shared_ptr<KafkaClient> old;
  KafkaTopic old_topic;
  KafkaQueue old_events;
  {
    std::unique_lock lock(mutex_);
    if (client_ == nullptr) {
      // The last attempt failed. Wait, but end at once when told.
      const auto left = absl::ToChronoNanoseconds(std::min(kServeWait, replace_at_ - MonotonicNow()));
      if (stop_.wait_for(lock, left, [this] { return stopping_; }) || MonotonicNow() < replace_at_) return;
    }
    old = std::move(client_);
    old_topic = std::move(topic_);
    old_events = std::move(events_);
  }
  if (old != nullptr) {
    rd_kafka_purge(old->get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    const absl::Time deadline = MonotonicNow() + kPurgePatience;
    while (rd_kafka_outq_len(old->get()) > 0 && MonotonicNow() < deadline) Serve(old_events, absl::Milliseconds(10));
    old_topic.reset();
    old_events.reset();
    old.reset();
  }

  Answers answers;
  {
    const std::lock_guard lock(mutex_);
    // A cluster that refuses idempotent producers breaks each at once; ever longer pauses keep that from spinning.
    if (MonotonicNow() < replace_at_) return;
    replace_at_ = MonotonicNow() + pause_;
    pause_ = std::min(pause_ * 2, kLongestPause);
    if (const Status status = Connect(); !status.ok()) {
      client_ = nullptr;
      why_broken_ = ToString(status);
      return;
    }
    broken_ = false;
    ++replacements_;
    runtime::Log(runtime::LogLevel::kWarning, "Kafka producer replaced; unconfirmed appends are sent again",
                 {{"reason", why_broken_}, {"waiting_bytes", static_cast<int64_t>(waiting_bytes_)}});
    SendAllAgain(&answers);
  }
  Call(std::move(answers));
}

void KafkaProducer::SendAllAgain(Answers* answers) {
  for (size_t i = 0; i < lanes_.size(); ++i) {
    Lane& lane = lanes_[i];
    for (size_t at = 0; at < lane.waiting.size() && !broken_;) {
      const Waiting& append = lane.waiting[at];
      if (faults_.forget_unconfirmed) {
        Take(&lane, lane.waiting.begin() + at, append.offset.value_or(Offset(0)), answers);
        continue;
      }
      if (SendAgain(Partition(static_cast<int32_t>(i)), lane.waiting.begin() + at, answers)) ++at;
    }
  }
}

// False: it could not be sent, and has been answered.
bool KafkaProducer::SendAgain(Partition partition, std::deque<Waiting>::iterator append, Answers* answers) {
  append->confirmed = 0;
  const Status status = Send(partition, *append);
  if (!status.ok()) Take(&lanes_[partition.value()], append, Unknown(MessageOf(status)), answers);
  return status.ok();
}

void KafkaProducer::ExpireOld() {
  Answers answers;
  {
    const std::lock_guard lock(mutex_);
    const absl::Time oldest = MonotonicNow() - options_.delivery_timeout;
    for (Lane& lane : lanes_)
      while (!lane.waiting.empty() && lane.waiting.front().since < oldest)
        Take(&lane, lane.waiting.begin(), Unknown(fmt::format("after {}", absl::FormatDuration(options_.delivery_timeout))),
             &answers);
  }
  Call(std::move(answers));
}

void KafkaProducer::AnswerTheRest() {
  Answers answers;
  std::shared_ptr<KafkaClient> client;
  {
    const std::lock_guard lock(mutex_);
    for (Lane& lane : lanes_)
      while (!lane.waiting.empty()) Take(&lane, lane.waiting.begin(), Unknown("the log was closed"), &answers);
    topic_.reset();
    events_.reset();
    client = std::move(client_);
  }
  if (client != nullptr) rd_kafka_purge(client->get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  Call(std::move(answers));
}

void KafkaProducer::Take(Lane* lane, std::deque<Waiting>::iterator append, StatusOr<Offset> answer, Answers* answers) {
  KEFU_CHECK(waiting_bytes_ >= append->bytes, "waiting {} append {}", waiting_bytes_, append->bytes);
  waiting_bytes_ -= append->bytes;
  answers->emplace_back(std::move(append->done), std::move(answer));
  lane->waiting.erase(append);
}

void KafkaProducer::Call(Answers answers) {
  for (auto& [done, answer] : answers) done(std::move(answer));
}

Status KafkaProducer::Health() const {
  const std::lock_guard lock(mutex_);
  if (client_ == nullptr) return Unavailable("the Kafka producer is being replaced: {}", why_broken_);
  absl::Time oldest = absl::InfiniteFuture();
  for (const Lane& lane : lanes_)
    if (!lane.waiting.empty()) oldest = std::min(oldest, lane.waiting.front().since);
  if (MonotonicNow() - oldest > kUnhealthyAfter)
    return Unavailable("Kafka has not confirmed an append for {}", absl::FormatDuration(MonotonicNow() - oldest));
  return OkStatus();
}

int64_t KafkaProducer::replacements() const {
  const std::lock_guard lock(mutex_);
  return replacements_;
}

}  // namespace kefu::log
