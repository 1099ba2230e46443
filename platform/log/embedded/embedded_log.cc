#include "platform/log/embedded/embedded_log.h"

#include <absl/time/clock.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "platform/base/check.h"
#include "platform/base/uuid.h"
#include "platform/log/embedded/head_file.h"
#include "platform/log/embedded/record_store.h"

namespace kefu::log {

namespace {

constexpr char kIdentityKey[] = "identity";
constexpr int32_t kMaxPartitions = 1024;
// One synced batch holds no more than this; the rest waits for the next.
constexpr size_t kMaxGroupBytes = 8 << 20;

std::string TopicKey(std::string_view name) { return fmt::format("topic/{}", name); }

class Group;

// One topic: its ends, and those who wait for them to move.
class TopicLog final : public EventLog {
 public:
  TopicLog(Group& group, RecordStore& store, int32_t number, LogIdentity identity)
      : group_(group), store_(store), number_(number), identity_(std::move(identity)), ends_(identity_.partitions) {}

  const LogIdentity& identity() const override { return identity_; }
  void Append(Partition partition, std::vector<AppendRecord> records, AppendCallback done) override;
  StatusOr<std::unique_ptr<LogReader>> OpenReader(std::vector<ReadFrom> from) override;
  StatusOr<Offset> EndOffset(Partition partition) override {
    const std::lock_guard lock(mutex_);
    return ends_[partition.value()];
  }
  StatusOr<std::string> ReadOne(Partition partition, Offset offset) override;
  Status Health() override;

  int32_t number() const { return number_; }
  Status FindEnds();
  Status CheckAgainst(const Head& head) const;
  // On the writer's thread: what readers may see now.
  void Publish(const std::map<int32_t, Offset>& ends);
  Status Verify() const;

 private:
  friend class TopicReader;

  Group& group_;
  RecordStore& store_;
  const int32_t number_;
  const LogIdentity identity_;
  mutable std::mutex mutex_;
  std::condition_variable moved_;
  std::vector<Offset> ends_;
};

class TopicReader final : public LogReader {
 public:
  TopicReader(TopicLog& log, std::vector<ReadFrom> from) : log_(log), from_(std::move(from)) {}

  Status Poll(absl::Duration max_wait, size_t max_bytes, std::vector<RecordBatch>* batches) override {
    std::vector<Offset> ends;
    {
      std::unique_lock lock(log_.mutex_);
      const auto moved = [&] {
        return woken_ || std::any_of(from_.begin(), from_.end(),
                                     [&](const ReadFrom& from) { return from.next != log_.ends_[from.partition.value()]; });
      };
      log_.moved_.wait_for(lock, absl::ToChronoNanoseconds(max_wait), moved);
      woken_ = false;
      ends = log_.ends_;
    }
    size_t with_records = 0;
    for (const ReadFrom& from : from_) {
      const Offset end = ends[from.partition.value()];
      if (from.next > end)
        return OutOfRange("partition {} ends at offset {}, {} was asked for", from.partition, end, from.next);
      with_records += from.next < end;
    }
    for (ReadFrom& from : from_) {
      const Offset end = ends[from.partition.value()];
      if (from.next == end) continue;
      RecordBatch batch;
      RETURN_IF_ERROR(log_.store_.Read(log_.number_, from.partition, from.next, end, max_bytes / with_records, &batch));
      from.next = batch.records.back().offset.Next();
      batches->push_back(std::move(batch));
    }
    return OkStatus();
  }

  int64_t Behind() const override {
    const std::lock_guard lock(log_.mutex_);
    int64_t behind = 0;
    for (const ReadFrom& from : from_) behind += log_.ends_[from.partition.value()] - from.next;
    return behind;
  }

  void Wake() override {
    {
      const std::lock_guard lock(log_.mutex_);
      woken_ = true;
    }
    log_.moved_.notify_all();
  }

 private:
  TopicLog& log_;
  std::vector<ReadFrom> from_;
  bool woken_ = false;
};

// An append on its way.
struct Waiting {
  TopicLog* topic;
  Partition partition;
  std::vector<AppendRecord> records;
  AppendCallback done;
  size_t bytes = 0;
};

// The one writer: gathers what waits, from all topics, into one synced batch.
class Group {
 public:
  Group(RecordStore& store, HeadFile& head, int64_t queue_bytes)
      : store_(store), head_(head), queue_bytes_(queue_bytes) {}

  void Start() {
    thread_ = std::thread([this] { Run(); });
  }

  ~Group() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  void Add(Waiting waiting) {
    {
      const std::lock_guard lock(mutex_);
      if (!stopping_ && queued_bytes_ + static_cast<int64_t>(waiting.bytes) <= queue_bytes_) {
        queued_bytes_ += static_cast<int64_t>(waiting.bytes);
        queue_.push_back(std::move(waiting));
        wake_.notify_one();
        return;
      }
    }
    waiting.done(ResourceExhausted("more than {} MiB of events wait to be written; send again in a moment",
                                   queue_bytes_ >> 20));
  }

  Status health() const {
    const std::lock_guard lock(mutex_);
    return health_;
  }

 private:
  void Run() {
    while (true) {
      std::vector<Waiting> group;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
        if (queue_.empty()) return;
        size_t bytes = 0;
        while (!queue_.empty() && (group.empty() || bytes + queue_.front().bytes <= kMaxGroupBytes)) {
          bytes += queue_.front().bytes;
          group.push_back(std::move(queue_.front()));
          queue_.pop_front();
        }
        queued_bytes_ -= static_cast<int64_t>(bytes);
      }
      Write(group);
    }
  }

  void Write(std::vector<Waiting>& group) {
    std::map<TopicLog*, std::map<int32_t, Offset>> ends;
    std::vector<PlacedRecord> placed;
    std::vector<Offset> firsts;
    for (Waiting& waiting : group) {
      auto& topic_ends = ends[waiting.topic];
      const int32_t partition = waiting.partition.value();
      if (!topic_ends.contains(partition)) topic_ends[partition] = *waiting.topic->EndOffset(waiting.partition);
      Offset& next = topic_ends[partition];
      firsts.push_back(next);
      for (const AppendRecord& record : waiting.records) {
        placed.push_back({waiting.topic->number(), waiting.partition, next, record.key, record.value});
        next = next.Next();
      }
    }
    Status status = placed.empty() ? OkStatus() : store_.Write(placed);
    if (status.ok()) {
      for (const auto& [topic, topic_ends] : ends) {
        for (const auto& [partition, end] : topic_ends) head_.Note(topic->number(), Partition(partition), end);
        topic->Publish(topic_ends);
      }
    } else if (status.code() != StatusCode::kResourceExhausted) {
      // RocksDB may be read-only now. What was asked for may or may not be on disk: the callers are told just that.
      const Status recovered = store_.Recover();
      status = Unavailable("{}; the outcome is unknown, send the same events again{}", MessageOf(status),
                           recovered.ok() ? "" : ". The log could not be opened again yet");
    }
    {
      const std::lock_guard lock(mutex_);
      health_ = status;
    }
    for (size_t i = 0; i < group.size(); ++i) group[i].done(status.ok() ? StatusOr<Offset>(firsts[i]) : status);
  }

  RecordStore& store_;
  HeadFile& head_;
  const int64_t queue_bytes_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Waiting> queue_;
  int64_t queued_bytes_ = 0;
  bool stopping_ = false;
  Status health_;
  std::thread thread_;
};

void TopicLog::Append(Partition partition, std::vector<AppendRecord> records, AppendCallback done) {
  if (partition.value() < 0 || partition.value() >= identity_.partitions) {
    done(InvalidArgument("partition {} of {}", partition, identity_.partitions));
    return;
  }
  size_t bytes = 0;
  for (const AppendRecord& record : records) bytes += record.key.size() + record.value.size() + 64;
  group_.Add({this, partition, std::move(records), std::move(done), bytes});
}

StatusOr<std::unique_ptr<LogReader>> TopicLog::OpenReader(std::vector<ReadFrom> from) {
  for (const ReadFrom& each : from)
    if (each.partition.value() < 0 || each.partition.value() >= identity_.partitions)
      return InvalidArgument("partition {} of {}", each.partition, identity_.partitions);
  return std::unique_ptr<LogReader>(std::make_unique<TopicReader>(*this, std::move(from)));
}

StatusOr<std::string> TopicLog::ReadOne(Partition partition, Offset offset) {
  ASSIGN_OR_RETURN(const Offset end, EndOffset(partition));
  if (offset.value() < 0) return OutOfRange("offset {}", offset);
  if (offset >= end) return NotFound("partition {} ends at offset {}, {} was asked for", partition, end, offset);
  RecordBatch batch;
  RETURN_IF_ERROR(store_.Read(number_, partition, offset, offset.Next(), 1, &batch));
  return std::string(batch.records.front().value);
}

Status TopicLog::Health() { return group_.health(); }

Status TopicLog::FindEnds() {
  for (int32_t p = 0; p < identity_.partitions; ++p) {
    ASSIGN_OR_RETURN(ends_[p], store_.EndOf(number_, Partition(p)));
  }
  return OkStatus();
}

Status TopicLog::CheckAgainst(const Head& head) const {
  for (int32_t p = 0; p < identity_.partitions; ++p) {
    const auto noted = head.ends.find({number_, p});
    if (noted == head.ends.end() || ends_[p].value() >= noted->second) continue;
    return DataLoss("topic {} ({}) partition {}: the log ends at offset {}, but {} records were acknowledged: the end of "
                    "its write-ahead log is damaged; restore the log from its copy",
                    number_, identity_.id, p, ends_[p], noted->second);
  }
  return OkStatus();
}

void TopicLog::Publish(const std::map<int32_t, Offset>& ends) {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [partition, end] : ends) ends_[partition] = end;
  }
  moved_.notify_all();
}

Status TopicLog::Verify() const {
  for (int32_t p = 0; p < identity_.partitions; ++p)
    RETURN_IF_ERROR(store_.Verify(number_, Partition(p), ends_[p]));
  return OkStatus();
}

class RocksEmbeddedLog final : public EmbeddedLog {
 public:
  RocksEmbeddedLog(std::unique_ptr<RecordStore> store, std::unique_ptr<HeadFile> head, int64_t queue_bytes)
      : store_(std::move(store)), head_(std::move(head)), group_(*store_, *head_, queue_bytes) {}

  Status OpenTopics(const std::vector<EmbeddedTopic>& topics, bool check_head) {
    ASSIGN_OR_RETURN(std::string id, store_->GetMeta(kIdentityKey));
    if (id.empty()) {
      id = NewUuid();
      RETURN_IF_ERROR(store_->PutMeta(kIdentityKey, id));
    }
    for (const EmbeddedTopic& topic : topics) RETURN_IF_ERROR(OpenTopic(topic, id));
    if (check_head && head_->last())
      for (const auto& [name, log] : topics_) RETURN_IF_ERROR(log->CheckAgainst(*head_->last()));
    group_.Start();
    return OkStatus();
  }

  EventLog& Topic(std::string_view name) override {
    const auto found = topics_.find(name);
    KEFU_CHECK(found != topics_.end(), "topic {} was not named at Open", name);
    return *found->second;
  }

  Status Verify() override {
    for (const auto& [name, log] : topics_) RETURN_IF_ERROR(Annotate(log->Verify(), name));
    return OkStatus();
  }

 private:
  // Meta "topic/<name>" is "<number> <partitions>"; "topics" counts the numbers given.
  Status OpenTopic(const EmbeddedTopic& topic, const std::string& id) {
    if (topic.partitions < 1 || topic.partitions > kMaxPartitions)
      return InvalidArgument("topic \"{}\": {} partitions; 1 to {} can be had", topic.name, topic.partitions,
                             kMaxPartitions);
    ASSIGN_OR_RETURN(const std::string stored, store_->GetMeta(TopicKey(topic.name)));
    int number = 0;
    int partitions = topic.partitions;
    if (stored.empty()) {
      ASSIGN_OR_RETURN(const std::string count, store_->GetMeta("topics"));
      number = count.empty() ? 0 : std::atoi(count.c_str());
      RETURN_IF_ERROR(store_->PutMeta("topics", fmt::format("{}", number + 1)));
      RETURN_IF_ERROR(store_->PutMeta(TopicKey(topic.name), fmt::format("{} {}", number, partitions)));
    } else if (std::sscanf(stored.c_str(), "%d %d", &number, &partitions) != 2) {
      return DataLoss("what the log notes of topic \"{}\" is damaged", topic.name);
    }
    if (partitions != topic.partitions)
      return FailedPrecondition(
          "topic \"{}\" has {} partitions, which is for its life, and {} were asked for; set the number to {}", topic.name,
          partitions, topic.partitions, partitions);
    auto log = std::make_unique<TopicLog>(group_, *store_, number,
                                          LogIdentity{"embedded", fmt::format("{}/{}", id, topic.name), partitions});
    RETURN_IF_ERROR(log->FindEnds());
    topics_[topic.name] = std::move(log);
    return OkStatus();
  }

  std::unique_ptr<RecordStore> store_;
  std::unique_ptr<HeadFile> head_;
  std::map<std::string, std::unique_ptr<TopicLog>, std::less<>> topics_;
  Group group_;  // dies first: it answers what waits
};

}  // namespace

StatusOr<std::unique_ptr<EmbeddedLog>> EmbeddedLog::Open(const EmbeddedOptions& options,
                                                         const std::vector<EmbeddedTopic>& topics) {
  ASSIGN_OR_RETURN(auto store, RecordStore::Open(options));
  ASSIGN_OR_RETURN(auto head, HeadFile::Open(options.directory + "/HEAD"));
  auto log = std::make_unique<RocksEmbeddedLog>(std::move(store), std::move(head), options.queue_bytes);
  RETURN_IF_ERROR(log->OpenTopics(topics, options.check_head));
  return log;
}

}  // namespace kefu::log
