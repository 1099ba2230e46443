#include "projections/past/cut.h"

#include <absl/time/clock.h>
#include <google/protobuf/arena.h>

#include <algorithm>
#include <memory>

#include "kefu/events/v1/event.pb.h"
#include "platform/base/reason.h"
#include "platform/base/time.h"

namespace kefu::past {
namespace {

constexpr size_t kPollBytes = size_t{1} << 20;
constexpr absl::Duration kPollWait = absl::Milliseconds(100);

Status PositionInvalid(std::string message) {
  return WithReason(InvalidArgument("{}", message), "POSITION_INVALID", "position");
}

// Walks all partitions up to where they end, and ends each where the moment does.
class Walk {
 public:
  Walk(log::EventLog& log, const Asked& asked, const std::vector<KnownPlace>& from)
      : log_(log), asked_(asked), from_(from) {}

  Status Prepare() {
    for (int32_t p = 0; p < log_.partitions(); ++p) {
      ASSIGN_OR_RETURN(const Offset end, log_.EndOffset(Partition(p)));
      cut_.next_offsets.push_back(end.value());
    }
    if (asked_.position.has_value()) RETURN_IF_ERROR(TakePosition());
    cut_.ends.assign(cut_.next_offsets.size(), 0);
    at_.assign(cut_.next_offsets.size(), 0);
    TakeKnown();
    total_ = cut_.Size() - done_before_;
    if (asked_.occurred.has_value()) cut_.occurred_until = *asked_.occurred;
    return OkStatus();
  }

  StatusOr<Cut> Run(const Progress& progress, absl::Duration patience) {
    absl::Time heard = absl::Now();
    std::unique_ptr<log::LogReader> reader;
    std::vector<log::RecordBatch> batches;
    while (!AtEnd()) {
      if (reader == nullptr) {
        ASSIGN_OR_RETURN(reader, log_.OpenReader(Missing()));
      }
      batches.clear();
      const Status polled = reader->Poll(kPollWait, kPollBytes, &batches);
      if (!polled.ok() && polled.code() != StatusCode::kUnavailable) return polled;
      if (!batches.empty()) heard = absl::Now();
      if (absl::Now() - heard > patience)
        return Unavailable("the log brought nothing for {}", absl::FormatDuration(patience));
      bool ended = false;
      for (const log::RecordBatch& batch : batches) ended = Take(batch) || ended;
      // What ended is not read on.
      if (ended) reader.reset();
      int64_t done = -done_before_;
      for (const int64_t at : at_) done += at;
      RETURN_IF_ERROR(progress(std::min(done, total_), total_));
    }
    if (asked_.recorded.has_value()) {
      cut_.time = *asked_.recorded;
    } else if (asked_.occurred.has_value()) {
      cut_.time = *asked_.occurred;
    } else {
      cut_.time = newest_;
    }
    return std::move(cut_);
  }

 private:
  Status TakePosition() {
    const log::Position& position = *asked_.position;
    if (position.log_id != log_.identity().id) return PositionInvalid("the position is of another log");
    if (position.next_offsets.size() != cut_.next_offsets.size())
      return PositionInvalid("the position has another number of partitions");
    for (size_t p = 0; p < cut_.next_offsets.size(); ++p) {
      if (position.next_offsets[p] > cut_.next_offsets[p])
        return PositionInvalid(fmt::format("the position is past the end of the log: partition {} ends at offset {}, not "
                                           "{}",
                                           p, cut_.next_offsets[p], position.next_offsets[p]));
      cut_.next_offsets[p] = std::max<int64_t>(0, position.next_offsets[p]);
    }
    return OkStatus();
  }

  // All before a known place is shown. Of occurred time nothing is known.
  void TakeKnown() {
    if (asked_.occurred.has_value() || from_.size() != at_.size()) return;
    for (size_t p = 0; p < at_.size(); ++p) {
      const int64_t next = from_[p].next.value();
      if (next > cut_.next_offsets[p]) continue;
      at_[p] = cut_.ends[p] = next;
      done_before_ += next;
      if (next > 0) newest_ = std::max(newest_, from_[p].newest);
    }
  }

  bool AtEnd() const {
    for (size_t p = 0; p < at_.size(); ++p)
      if (at_[p] < cut_.next_offsets[p]) return false;
    return true;
  }

  std::vector<log::ReadFrom> Missing() const {
    std::vector<log::ReadFrom> from;
    for (size_t p = 0; p < at_.size(); ++p)
      if (at_[p] < cut_.next_offsets[p]) from.push_back({Partition(static_cast<int32_t>(p)), Offset(at_[p])});
    return from;
  }

  // True: the partition is at its end now.
  bool Take(const log::RecordBatch& batch) {
    const auto p = static_cast<size_t>(batch.partition.value());
    if (at_[p] >= cut_.next_offsets[p]) return false;
    arena_.Reset();
    for (const log::RecordView& record : batch.records) {
      if (record.offset.value() >= cut_.next_offsets[p]) {
        at_[p] = cut_.next_offsets[p];
        break;
      }
      auto* event = google::protobuf::Arena::CreateMessage<events::v1::Event>(&arena_);
      const bool decoded = event->ParseFromArray(record.value.data(), static_cast<int>(record.value.size()));
      const absl::Time recorded = FromProto(event->recorded_at());
      at_[p] = record.offset.value() + 1;
      if (decoded && asked_.recorded.has_value() && recorded > *asked_.recorded) {
        cut_.next_offsets[p] = at_[p] = record.offset.value();
        break;
      }
      if (decoded && asked_.occurred.has_value() && FromProto(event->occurred_at()) > *asked_.occurred) continue;
      if (decoded) newest_ = std::max(newest_, recorded);
      cut_.ends[p] = record.offset.value() + 1;
    }
    return at_[p] >= cut_.next_offsets[p];
  }

  log::EventLog& log_;
  const Asked& asked_;
  const std::vector<KnownPlace>& from_;
  Cut cut_;
  std::vector<int64_t> at_;  // by partition: the next offset to look at
  int64_t done_before_ = 0;  // offsets that need not be looked at
  int64_t total_ = 0;
  absl::Time newest_ = absl::UnixEpoch();
  google::protobuf::Arena arena_;
};

}  // namespace

int64_t Cut::Size() const {
  int64_t size = 0;
  for (const int64_t next : next_offsets) size += next;
  return size;
}

StatusOr<Cut> FindCut(log::EventLog& log, const Asked& asked, const Progress& progress, absl::Duration patience,
                      const std::vector<KnownPlace>& from) {
  Walk walk(log, asked, from);
  RETURN_IF_ERROR(walk.Prepare());
  return walk.Run(progress, patience);
}

}  // namespace kefu::past
