// KafkaInbox.

#include <algorithm>

#include "platform/log/kafka/client.h"
#include "platform/runtime/logging.h"

namespace kefu::log {
namespace {

constexpr absl::Duration kAskWithin = absl::Seconds(5);
// A new cluster makes its offsets topic at the first question about a group.
constexpr absl::Duration kGroupWithin = absl::Seconds(20);
constexpr absl::Duration kCommitWithin = absl::Seconds(10);
// Others may give the inbox more partitions at any time.
constexpr absl::Duration kCountEvery = absl::Seconds(30);

class Inbox final : public KafkaInbox {
 public:
  Inbox(KafkaOptions options, std::shared_ptr<KafkaClient> client)
      : options_(std::move(options)), client_(std::move(client)), count_again_(MonotonicNow() + kCountEvery) {}

  // Reads on where the group was, in `partitions` partitions.
  Status Assign(int32_t partitions) {
    const KafkaPartitions list(rd_kafka_topic_partition_list_new(partitions));
    rd_kafka_topic_partition_list_add_range(list.get(), options_.topic.c_str(), 0, partitions - 1);
    RETURN_IF_ERROR(Committed(list.get()));
    const auto known = static_cast<int32_t>(next_.size());
    next_.resize(partitions, RD_KAFKA_OFFSET_BEGINNING);
    for (int i = 0; i < list->cnt; ++i) {
      rd_kafka_topic_partition_t& each = list->elems[i];
      if (each.partition >= known && each.offset >= 0) next_[each.partition] = each.offset;
      each.offset = next_[each.partition];
    }
    return FromKafka(rd_kafka_assign(client_->get(), list.get()), "beginning to read the inbox");
  }

  Status Poll(absl::Duration max_wait, size_t max_records, std::vector<InboxRecord>* records) override {
    if (MonotonicNow() >= count_again_) LookForNewPartitions();
    absl::Duration wait = max_wait;
    for (size_t taken = 0; taken < max_records; wait = absl::ZeroDuration()) {
      const Message message(rd_kafka_consumer_poll(client_->get(), KafkaMilliseconds(wait)));
      if (message == nullptr) break;
      if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        LogKafkaError(message->err, rd_kafka_message_errstr(message.get()));
        // What came before it is not lost: the caller has it.
        if (taken > 0) return OkStatus();
        return Unavailable("reading topic \"{}\": {}", options_.topic, rd_kafka_message_errstr(message.get()));
      }
      Note(*message);
      records->push_back(Copy(*message));
      ++taken;
    }
    if (records->empty() && client_->TakeAllBrokersDown())
      return Unavailable("no Kafka broker of {} answers", options_.bootstrap_servers);
    return OkStatus();
  }

  Status CommitAll() override {
    const KafkaPartitions list(rd_kafka_topic_partition_list_new(static_cast<int>(next_.size())));
    for (size_t i = 0; i < next_.size(); ++i)
      if (next_[i] >= 0)
        rd_kafka_topic_partition_list_add(list.get(), options_.topic.c_str(), static_cast<int32_t>(i))->offset = next_[i];
    if (list->cnt == 0) return OkStatus();
    // On a queue of its own, for rd_kafka_commit waits as long as there is no coordinator.
    const KafkaQueue answers(rd_kafka_queue_new(client_->get()));
    RETURN_IF_ERROR(FromKafka(rd_kafka_commit_queue(client_->get(), list.get(), answers.get(), nullptr, nullptr),
                              "committing the inbox's position"));
    const KafkaEvent event(rd_kafka_queue_poll(answers.get(), KafkaMilliseconds(kCommitWithin)));
    if (event == nullptr) return Unavailable("Kafka did not confirm the inbox's position");
    return FromKafka(rd_kafka_event_error(event.get()), "committing the inbox's position");
  }

  Status Health() override { return DescribeTopic(*client_, options_.topic, absl::Seconds(1)).status(); }

 private:
  using Message = std::unique_ptr<rd_kafka_message_t, KafkaDelete<rd_kafka_message_destroy>>;

  Status Committed(rd_kafka_topic_partition_list_t* list) {
    const absl::Time deadline = MonotonicNow() + kGroupWithin;
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
    do {
      error = rd_kafka_committed(client_->get(), list, KafkaMilliseconds(kAskWithin));
    } while (error != RD_KAFKA_RESP_ERR_NO_ERROR && absl::IsUnavailable(FromKafka(error, "")) && MonotonicNow() < deadline);
    RETURN_IF_ERROR(FromKafka(error, "asking for the inbox's position"));
    for (int i = 0; i < list->cnt; ++i) RETURN_IF_ERROR(FromKafka(list->elems[i].err, "asking for the inbox's position"));
    return OkStatus();
  }

  // The inbox may have a retention, and may be made anew: what was deleted unread is gone, and what comes again is
  // harmless, but neither goes unsaid.
  void Note(const rd_kafka_message_t& message) {
    int64_t& next = next_.at(static_cast<size_t>(message.partition));
    if (next >= 0 && message.offset != next)
      runtime::Log(runtime::LogLevel::kError, "the inbox does not go on where it was left",
                   {{"partition", message.partition}, {"position", next}, {"found", message.offset}});
    next = message.offset + 1;
  }

  static InboxRecord Copy(const rd_kafka_message_t& message) {
    InboxRecord record{.partition = message.partition,
                       .offset = message.offset,
                       .key = std::string(static_cast<const char*>(message.key), message.key_len),
                       .value = std::string(static_cast<const char*>(message.payload), message.len)};
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return record;
    const char* name = nullptr;
    const void* value = nullptr;
    size_t size = 0;
    for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i)
      record.headers.emplace_back(name, std::string(static_cast<const char*>(value), size));
    return record;
  }

  void LookForNewPartitions() {
    count_again_ = MonotonicNow() + kCountEvery;
    const StatusOr<KafkaTopicInfo> info = DescribeTopic(*client_, options_.topic, kAskWithin);
    if (!info.ok() || info->partitions <= static_cast<int32_t>(next_.size())) return;
    const Status status = Assign(info->partitions);
    runtime::Log(runtime::LogLevel::kInfo, "the inbox has more partitions", {{"partitions", info->partitions}, {"status", status}});
  }

  const KafkaOptions options_;
  const std::shared_ptr<KafkaClient> client_;
  // By partition: what is due; RD_KAFKA_OFFSET_BEGINNING before the first record.
  std::vector<int64_t> next_;
  absl::Time count_again_;
};

}  // namespace

StatusOr<std::unique_ptr<KafkaInbox>> KafkaInbox::Open(const KafkaOptions& options, const std::string& group) {
  KafkaSettings settings = ReadingSettings(options);
  settings.emplace_back("group.id", group);
  // The log of record refuses to guess; an inbox whose retention passed us by goes on with what is left.
  settings.emplace_back("auto.offset.reset", "earliest");
  ASSIGN_OR_RETURN(std::shared_ptr<KafkaClient> client, KafkaClient::Make(RD_KAFKA_CONSUMER, options, settings));
  rd_kafka_poll_set_consumer(client->get());
  ASSIGN_OR_RETURN(const KafkaTopicInfo info, DescribeTopic(*client, options.topic, kAskWithin));
  auto inbox = std::make_unique<Inbox>(options, std::move(client));
  RETURN_IF_ERROR(inbox->Assign(info.partitions));
  return inbox;
}

}  // namespace kefu::log
