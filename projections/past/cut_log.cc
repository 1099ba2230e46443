#include "projections/past/cut_log.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "kefu/events/v1/event.pb.h"
#include "platform/base/time.h"

namespace kefu::past {
namespace {

// Did it happen later? What cannot be read did not.
bool OccurredAfter(std::string_view value, absl::Time until) {
  events::v1::Event event;
  return event.ParseFromArray(value.data(), static_cast<int>(value.size())) && FromProto(event.occurred_at()) > until;
}

class CutReader final : public log::LogReader {
 public:
  CutReader(log::EventLog& log, const Cut& cut, std::vector<log::ReadFrom> from)
      : log_(log), cut_(cut), from_(std::move(from)) {}

  Status Poll(absl::Duration max_wait, size_t max_bytes, std::vector<log::RecordBatch>* batches) override {
    std::vector<log::ReadFrom> left;
    for (const log::ReadFrom& from : from_)
      if (cut_.ShowsOffset(from.partition, from.next)) left.push_back(from);
    if (left.empty()) return Rest(max_wait);
    // Partitions that are at the cut are not read on.
    if (inner_ == nullptr || left.size() != inner_reads_) {
      auto opened = log_.OpenReader(left);
      if (!opened.ok()) return opened.status();
      const std::lock_guard lock(mutex_);
      inner_ = *std::move(opened);
      inner_reads_ = left.size();
    }
    std::vector<log::RecordBatch> polled;
    const Status status = inner_->Poll(max_wait, max_bytes, &polled);
    for (log::RecordBatch& batch : polled) Take(std::move(batch), batches);
    return status;
  }

  int64_t Behind() const override {
    int64_t left = 0;
    for (const log::ReadFrom& from : from_)
      left += std::max<int64_t>(0, cut_.next_offsets[static_cast<size_t>(from.partition.value())] - from.next.value());
    return left;
  }

  void Wake() override {
    {
      const std::lock_guard lock(mutex_);
      woken_ = true;
      if (inner_ != nullptr) inner_->Wake();
    }
    wake_.notify_all();
  }

 private:
  // Nothing will come any more.
  Status Rest(absl::Duration max_wait) {
    std::unique_lock lock(mutex_);
    inner_.reset();
    wake_.wait_for(lock, absl::ToChronoNanoseconds(max_wait), [&] { return woken_; });
    woken_ = false;
    return OkStatus();
  }

  void Take(log::RecordBatch batch, std::vector<log::RecordBatch>* batches) {
    const auto from = std::find_if(from_.begin(), from_.end(),
                                   [&](const log::ReadFrom& each) { return each.partition == batch.partition; });
    if (from == from_.end() || batch.records.empty()) return;
    from->next = batch.records.back().offset.Next();
    std::erase_if(batch.records, [&](const log::RecordView& record) {
      return !cut_.ShowsOffset(batch.partition, record.offset) ||
             (cut_.occurred_until.has_value() && OccurredAfter(record.value, *cut_.occurred_until));
    });
    if (!batch.records.empty()) batches->push_back(std::move(batch));
  }

  log::EventLog& log_;
  const Cut& cut_;
  std::vector<log::ReadFrom> from_;
  size_t inner_reads_ = 0;
  std::mutex mutex_;  // of inner_, as Wake sees it
  std::condition_variable wake_;
  bool woken_ = false;
  std::unique_ptr<log::LogReader> inner_;
};

class CutLog final : public log::EventLog {
 public:
  CutLog(log::EventLog& log, const Cut& cut) : log_(log), cut_(cut) {}

  const log::LogIdentity& identity() const override { return log_.identity(); }

  void Append(Partition, std::vector<log::AppendRecord>, log::AppendCallback done) override {
    done(FailedPrecondition("nothing can be appended to the past"));
  }

  StatusOr<std::unique_ptr<log::LogReader>> OpenReader(std::vector<log::ReadFrom> from) override {
    return std::unique_ptr<log::LogReader>(std::make_unique<CutReader>(log_, cut_, std::move(from)));
  }

  StatusOr<Offset> EndOffset(Partition partition) override {
    return Offset(cut_.ends[static_cast<size_t>(partition.value())]);
  }

  StatusOr<std::string> ReadOne(Partition partition, Offset offset) override {
    if (offset.value() >= cut_.ends[static_cast<size_t>(partition.value())])
      return NotFound("partition {} ended at offset {} then", partition,
                      cut_.ends[static_cast<size_t>(partition.value())]);
    return log_.ReadOne(partition, offset);
  }

  Status Health() override { return log_.Health(); }

 private:
  log::EventLog& log_;
  const Cut cut_;
};

}  // namespace

std::unique_ptr<log::EventLog> MakeCutLog(log::EventLog& log, const Cut& cut) {
  return std::make_unique<CutLog>(log, cut);
}

}  // namespace kefu::past
