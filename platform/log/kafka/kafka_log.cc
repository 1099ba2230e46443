#include "platform/log/kafka/kafka_log.h"

#include <absl/time/clock.h>

#include <mutex>
#include <set>

#include "platform/log/kafka/client.h"
#include "platform/log/kafka/producer.h"
#include "platform/log/kafka/reader.h"

namespace kefu::log {
namespace {

// For questions that a caller waits for.
constexpr absl::Duration kAnswerWithin = absl::Seconds(5);
constexpr absl::Duration kAskAgainAfter = absl::Milliseconds(50);
constexpr absl::Duration kHealthWithin = absl::Seconds(1);
// ReadOne needs one record; the least that librdkafka may fetch ahead.
constexpr int64_t kSmallFetch = int64_t{64} << 10;

class KafkaLog final : public EventLog {
 public:
  KafkaLog(KafkaOptions options, LogIdentity identity, std::shared_ptr<KafkaClient> asking,
           std::unique_ptr<KafkaProducer> producer)
      : options_(std::move(options)),
        identity_(std::move(identity)),
        asking_(std::move(asking)),
        producer_(std::move(producer)) {}

  const LogIdentity& identity() const override { return identity_; }

  void Append(Partition partition, std::vector<AppendRecord> records, AppendCallback done) override {
    producer_->Append(partition, std::move(records), std::move(done));
  }

  StatusOr<std::unique_ptr<LogReader>> OpenReader(std::vector<ReadFrom> from) override {
    std::set<Partition> seen;
    for (const ReadFrom& each : from) {
      RETURN_IF_ERROR(CheckPartition(each.partition));
      if (!seen.insert(each.partition).second) return InvalidArgument("partition {} is asked for twice", each.partition);
    }
    return std::make_unique<KafkaReader>(options_, std::move(from));
  }

  StatusOr<Offset> EndOffset(Partition partition) override {
    ASSIGN_OR_RETURN(const int64_t end, Ask(partition, RD_KAFKA_OFFSET_END));
    return Offset(end);
  }

  StatusOr<std::string> ReadOne(Partition partition, Offset offset) override {
    ASSIGN_OR_RETURN(const int64_t start, Ask(partition, RD_KAFKA_OFFSET_BEGINNING));
    ASSIGN_OR_RETURN(const int64_t end, Ask(partition, RD_KAFKA_OFFSET_END));
    if (offset.value() < start) return OutOfRange("partition {} starts at {}, not {}", partition, start, offset);
    if (offset.value() >= end) return NotFound("partition {} ends at {}; there is no {}", partition, end, offset);
    KafkaOptions small = options_;
    small.fetch_queue_bytes = kSmallFetch;
    KafkaReader reader(small, {{partition, offset}});
    const absl::Time deadline = MonotonicNow() + kAnswerWithin;
    std::vector<RecordBatch> batches;
    while (batches.empty()) {
      if (MonotonicNow() >= deadline) return Unavailable("partition {} offset {} could not be read in time", partition, offset);
      const Status status = reader.Poll(deadline - MonotonicNow(), 1, &batches);
      if (!status.ok() && !absl::IsUnavailable(status)) return status;
    }
    const RecordView& found = batches.front().records.front();
    if (found.offset != offset) return NotFound("partition {} has no record at offset {}", partition, offset);
    return std::string(found.value);
  }

  Status Health() override {
    RETURN_IF_ERROR(producer_->Health());
    const std::lock_guard lock(health_mutex_);
    if (MonotonicNow() < ask_again_) return answer_;
    const StatusOr<KafkaTopicInfo> info = DescribeTopic(*asking_, options_.topic, kHealthWithin);
    answer_ = info.ok() ? OkStatus() : info.status();
    if (info.ok() && !info->ready) answer_ = Unavailable("a partition of topic \"{}\" has no leader", options_.topic);
    ask_again_ = MonotonicNow() + kHealthWithin;
    return answer_;
  }

 private:
  Status CheckPartition(Partition partition) const {
    if (partition.value() >= 0 && partition.value() < identity_.partitions) return OkStatus();
    return InvalidArgument("there is no partition {}; topic \"{}\" has {}", partition, options_.topic, identity_.partitions);
  }

  // Where the partition begins (RD_KAFKA_OFFSET_BEGINNING) or ends (RD_KAFKA_OFFSET_END), by the question for the offset
  // at a time, to which these two are special times. rd_kafka_query_watermark_offsets, meant for it, does not keep its
  // timeout in librdkafka 2.0.2: it waits until a broker is back.
  StatusOr<int64_t> Ask(Partition partition, int64_t place) {
    RETURN_IF_ERROR(CheckPartition(partition));
    // A partition that has just been made, or moved, is not known to its leader for a moment.
    const absl::Time deadline = MonotonicNow() + kAnswerWithin;
    StatusOr<int64_t> answer = AskOnce(partition, place, kAnswerWithin);
    while (absl::IsUnavailable(answer.status()) && MonotonicNow() + kAskAgainAfter < deadline) {
      absl::SleepFor(kAskAgainAfter);
      answer = AskOnce(partition, place, deadline - MonotonicNow());
    }
    return answer;
  }

  StatusOr<int64_t> AskOnce(Partition partition, int64_t place, absl::Duration timeout) {
    const KafkaPartitions list(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_t& asked =
        *rd_kafka_topic_partition_list_add(list.get(), options_.topic.c_str(), partition.value());
    asked.offset = place;
    rd_kafka_resp_err_t error =
        rd_kafka_offsets_for_times(asking_->get(), list.get(), KafkaMilliseconds(timeout));
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) error = asked.err;
    RETURN_IF_ERROR(FromKafka(error, fmt::format("asking where partition {} begins and ends", partition)));
    if (asked.offset < 0) return Unavailable("Kafka did not say where partition {} begins and ends", partition);
    return asked.offset;
  }

  const KafkaOptions options_;
  const LogIdentity identity_;
  // A consumer that reads nothing: unlike a producer's, its questions never make a topic.
  const std::shared_ptr<KafkaClient> asking_;
  const std::unique_ptr<KafkaProducer> producer_;

  std::mutex health_mutex_;
  absl::Time ask_again_ = absl::InfinitePast();
  Status answer_;
};

}  // namespace

StatusOr<std::unique_ptr<EventLog>> OpenKafkaLog(const KafkaOptions& options) {
  if (options.bootstrap_servers.empty()) return InvalidArgument("Kafka's bootstrap servers are not set");
  if (options.topic.empty()) return InvalidArgument("the Kafka topic is not set");
  ASSIGN_OR_RETURN(std::shared_ptr<KafkaClient> asking,
                   KafkaClient::Make(RD_KAFKA_CONSUMER, options, ReadingSettings(options)));
  StatusOr<KafkaTopicInfo> info = DescribeTopic(*asking, options.topic, kAnswerWithin);
  if (absl::IsNotFound(info.status()))
    return FailedPrecondition(
        "Kafka at {} has no topic \"{}\"; make it: kafka-topics.sh --bootstrap-server {} --create --topic {} "
        "--partitions 8 --config retention.ms=-1",
        options.bootstrap_servers, options.topic, options.bootstrap_servers, options.topic);
  if (!info.ok()) return Annotate(info.status(), fmt::format("Kafka at {}", options.bootstrap_servers));
  ASSIGN_OR_RETURN(std::unique_ptr<KafkaProducer> producer, KafkaProducer::Start(options, info->partitions));
  LogIdentity identity{"kafka", fmt::format("{}/{}", info->cluster_id, options.topic), info->partitions};
  return std::make_unique<KafkaLog>(options, std::move(identity), std::move(asking), std::move(producer));
}

}  // namespace kefu::log
