#include "platform/testkit/memory_log.h"

namespace kefu::testkit {

MemoryLog::MemoryLog(int32_t partitions, std::string id)
    : identity_{"memory", std::move(id), partitions}, partitions_(partitions) {}

void MemoryLog::Append(Partition partition, std::vector<log::AppendRecord> records, log::AppendCallback done) {
  StatusOr<Offset> answer = Offset(0);
  int64_t bytes = 0;
  for (const log::AppendRecord& record : records)
    bytes += static_cast<int64_t>(record.key.size() + record.value.size());
  {
    const std::lock_guard lock(mutex_);
    auto& stored = partitions_[partition.value()];
    if (bytes > max_append_bytes_) {
      answer = ResourceExhausted("{} bytes are more than the queue of {} takes", bytes, max_append_bytes_);
    } else if (append_failure_.ok()) {
      answer = Offset(static_cast<int64_t>(stored.size()));
      for (log::AppendRecord& record : records)
        stored.push_back(std::make_shared<Record>(Record{std::move(record.key), std::move(record.value)}));
    } else {
      answer = append_failure_;
    }
  }
  changed_.notify_all();
  done(std::move(answer));
}

Offset MemoryLog::Put(Partition partition, std::string value) {
  return *log::AppendAndWait(*this, partition, {{"", std::move(value)}}, absl::InfiniteFuture());
}

class MemoryLog::Reader final : public log::LogReader {
 public:
  Reader(MemoryLog& log, std::vector<log::ReadFrom> from) : log_(log), from_(std::move(from)) {}

  Status Poll(absl::Duration max_wait, size_t max_bytes, std::vector<log::RecordBatch>* batches) override {
    std::unique_lock lock(log_.mutex_);
    const auto something = [&] { return woken_ || !log_.read_failure_.ok() || AnythingToSay(); };
    log_.changed_.wait_for(lock, absl::ToChronoNanoseconds(max_wait), something);
    woken_ = false;
    RETURN_IF_ERROR(log_.read_failure_);
    size_t bytes = 0;
    for (log::ReadFrom& from : from_) {
      const auto& stored = log_.partitions_[from.partition.value()];
      if (from.next.value() > static_cast<int64_t>(stored.size()))
        return OutOfRange("partition {} ends at {}, {} was asked for", from.partition, stored.size(), from.next);
      auto kept = std::make_shared<std::vector<std::shared_ptr<const Record>>>();
      log::RecordBatch batch{from.partition, {}, kept};
      while (from.next.value() < static_cast<int64_t>(stored.size()) && (bytes == 0 || bytes < max_bytes)) {
        kept->push_back(stored[from.next.value()]);
        batch.records.push_back({from.next, kept->back()->key, kept->back()->value});
        bytes += kept->back()->value.size() + 1;
        from.next = from.next.Next();
      }
      if (!batch.records.empty()) batches->push_back(std::move(batch));
    }
    return OkStatus();
  }

  int64_t Behind() const override {
    const std::lock_guard lock(log_.mutex_);
    int64_t behind = 0;
    for (const log::ReadFrom& from : from_)
      behind += static_cast<int64_t>(log_.partitions_[from.partition.value()].size()) - from.next.value();
    return behind;
  }

  void Wake() override {
    {
      const std::lock_guard lock(log_.mutex_);
      woken_ = true;
    }
    log_.changed_.notify_all();
  }

 private:
  bool AnythingToSay() const {
    for (const log::ReadFrom& from : from_)
      if (from.next.value() != static_cast<int64_t>(log_.partitions_[from.partition.value()].size())) return true;
    return false;
  }

  MemoryLog& log_;
  std::vector<log::ReadFrom> from_;
  bool woken_ = false;
};

StatusOr<std::unique_ptr<log::LogReader>> MemoryLog::OpenReader(std::vector<log::ReadFrom> from) {
  return std::unique_ptr<log::LogReader>(std::make_unique<Reader>(*this, std::move(from)));
}

StatusOr<Offset> MemoryLog::EndOffset(Partition partition) {
  const std::lock_guard lock(mutex_);
  return Offset(static_cast<int64_t>(partitions_[partition.value()].size()));
}

StatusOr<std::string> MemoryLog::ReadOne(Partition partition, Offset offset) {
  const std::lock_guard lock(mutex_);
  const auto& stored = partitions_[partition.value()];
  if (offset.value() < 0 || offset.value() >= static_cast<int64_t>(stored.size()))
    return NotFound("partition {} has no offset {}", partition, offset);
  return stored[offset.value()]->value;
}

Status MemoryLog::Health() {
  const std::lock_guard lock(mutex_);
  return read_failure_;
}

void MemoryLog::Cut(Partition partition, Offset offset) {
  const std::lock_guard lock(mutex_);
  partitions_[partition.value()].resize(offset.value());
}

void MemoryLog::Replace(Partition partition, Offset offset, std::string value) {
  const std::lock_guard lock(mutex_);
  partitions_[partition.value()][offset.value()] = std::make_shared<Record>(Record{"", std::move(value)});
}

void MemoryLog::FailAppends(Status status) {
  const std::lock_guard lock(mutex_);
  append_failure_ = std::move(status);
}

void MemoryLog::LimitAppends(int64_t bytes) {
  const std::lock_guard lock(mutex_);
  max_append_bytes_ = bytes;
}

void MemoryLog::FailReads(Status status) {
  {
    const std::lock_guard lock(mutex_);
    read_failure_ = std::move(status);
  }
  changed_.notify_all();
}

}  // namespace kefu::testkit
