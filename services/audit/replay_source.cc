#include "services/audit/replay_source.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "platform/codec/key.h"
#include "projections/journal/entry.h"
#include "projections/journal/journal.h"
#include "services/audit/leaf_index.h"

namespace kefu::audit {
namespace {

using Verdicts = std::vector<std::pair<Offset, events::v1::Verdict>>;
using journal::JournalView;

// What of `until` is not applied any more is another server's affair: this one has fallen back.
Status FallenBack(Partition partition, const Status& why) {
  return WithReason(Unavailable("partition {} fell back: {}; try again", partition, MessageOf(why)),
                    "POSITION_NOT_REACHED");
}

StatusOr<Verdicts> VerdictsOf(const engine::Engine& engine, Partition partition, Offset from, Offset until) {
  auto verdicts = engine.VerdictsBetween(partition, from, until);
  if (verdicts.status().code() == StatusCode::kOutOfRange) return FallenBack(partition, verdicts.status());
  return verdicts;
}

class LogSource final : public ReplaySource {
 public:
  LogSource(const engine::Engine& engine, log::EventLog& log, const ReplayRange& range)
      : engine_(engine), log_(log), range_(range), place_(range.next) {}

  // A fault shows when it is read from.
  void Prepare() override { IgnoreStatus(OpenReader(), "it is opened again when it is read"); }

  StatusOr<Step> Look(SourcedRecord* record) override {
    if (place_ >= range_.until) return Step::kEnd;
    if (at_ == records().size()) {
      RETURN_IF_ERROR(ReadOn());
      if (records().empty()) return Step::kLater;
    }
    const log::RecordView& stored = records()[at_];
    // Where Kafka leaves offsets out, the next one may lie behind the end.
    if (stored.offset >= range_.until) {
      place_ = range_.until;
      return Step::kEnd;
    }
    record->offset = stored.offset;
    record->bytes = stored.value;
    // Verdicts ascend as records do.
    while (verdict_ < verdicts_.size() && verdicts_[verdict_].first < stored.offset) ++verdict_;
    const bool is_other = verdict_ < verdicts_.size() && verdicts_[verdict_].first == stored.offset;
    record->verdict = is_other ? &verdicts_[verdict_].second : nullptr;
    record->leaf_index = first_leaf_ + static_cast<int64_t>(at_);
    return Step::kRecord;
  }

  void Advance() override {
    place_ = records()[at_].offset.Next();
    ++at_;
  }

  Offset place() const override { return place_; }

 private:
  static constexpr size_t kPollBytes = size_t{1} << 20;

  const std::vector<log::RecordView>& records() const {
    static const std::vector<log::RecordView> none;
    return batches_.empty() ? none : batches_.front().records;
  }

  Status OpenReader() {
    if (reader_ != nullptr) return OkStatus();
    ASSIGN_OR_RETURN(reader_, log_.OpenReader({{range_.partition, place_}}));
    return OkStatus();
  }

  Status ReadOn() {
    RETURN_IF_ERROR(OpenReader());
    if (!batches_.empty()) batches_.pop_front();
    at_ = 0;
    if (batches_.empty()) {
      std::vector<log::RecordBatch> polled;
      const Status status = reader_->Poll(absl::ZeroDuration(), kPollBytes, &polled);
      // It cannot be reached now: as if it had brought nothing.
      if (!status.ok() && status.code() != StatusCode::kUnavailable) return status;
      for (auto& batch : polled)
        if (!batch.records.empty()) batches_.push_back(std::move(batch));
    }
    if (batches_.empty()) return OkStatus();
    // What lies behind the end is not looked into.
    const auto end = std::lower_bound(records().begin(), records().end(), range_.until,
                                      [](const log::RecordView& record, Offset until) { return record.offset < until; });
    if (end == records().begin()) return OkStatus();
    const Offset first = records().front().offset;
    const Offset last = (end - 1)->offset;
    verdict_ = 0;
    ASSIGN_OR_RETURN(verdicts_, VerdictsOf(engine_, range_.partition, first, last.Next()));
    // Every record is a leaf: one look tells where a batch begins, and another that it is so.
    ASSIGN_OR_RETURN(const LeafIndexer leaves, LeafIndexer::Open(engine_.At(range_.partition)));
    ASSIGN_OR_RETURN(first_leaf_, leaves.LeafOf(first));
    ASSIGN_OR_RETURN(const int64_t last_leaf, leaves.LeafOf(last));
    if (last_leaf - first_leaf_ != end - records().begin() - 1)
      return DataLoss("the log has {} records from offset {} to {} of partition {}, the tree {}", end - records().begin(),
                      first, last, range_.partition, last_leaf - first_leaf_ + 1);
    return OkStatus();
  }

  const engine::Engine& engine_;
  log::EventLog& log_;
  const ReplayRange range_;
  Offset place_;
  std::unique_ptr<log::LogReader> reader_;
  std::deque<log::RecordBatch> batches_;
  size_t at_ = 0;           // in the first batch
  int64_t first_leaf_ = 0;  // of the first batch
  Verdicts verdicts_;
  size_t verdict_ = 0;
};

// Goes through the partition's offsets in windows: in each, the client's entries, and whatever was a later delivery of one
// of them, which the journal does not have.
class JournalSource final : public ReplaySource {
 public:
  JournalSource(const engine::Engine& engine, log::EventLog& log, std::string client_id, const ReplayRange& range)
      : engine_(engine),
        log_(log),
        client_id_(std::move(client_id)),
        range_(range),
        place_(range.next) {}

  StatusOr<Step> Look(SourcedRecord* record) override {
    if (at_ == found_.size()) {
      if (place_ >= range_.until) return Step::kEnd;
      RETURN_IF_ERROR(ReadWindow());
      // Each window gives the thread back.
      if (found_.empty()) return Step::kMore;
    }
    Found& found = found_[at_];
    if (found.bytes.empty()) {
      ASSIGN_OR_RETURN(found.bytes, log_.ReadOne(range_.partition, found.offset));
    }
    record->offset = found.offset;
    record->bytes = found.bytes;
    // Of what corrects an event the verdict says which.
    const bool just_applied =
        found.verdict.outcome() == events::v1::VERDICT_OUTCOME_APPLIED && found.verdict.first_offset() == 0;
    record->verdict = just_applied ? nullptr : &found.verdict;
    record->leaf_index = found.leaf_index;
    return Step::kRecord;
  }

  void Advance() override {
    place_ = found_[at_].offset.Next();
    if (++at_ == found_.size()) place_ = window_end_;
  }

  Offset place() const override { return place_; }

 private:
  static constexpr int64_t kWindow = int64_t{1} << 16;
  static constexpr size_t kMostBytes = size_t{1} << 20;

  struct Found {
    Offset offset;
    std::string bytes;  // empty: they are on the log
    events::v1::Verdict verdict;
    int64_t leaf_index = 0;
  };

  Status ReadWindow() {
    found_.clear();
    at_ = 0;
    window_end_ = std::min(place_ + kWindow, range_.until);
    const auto view = engine_.At(range_.partition);
    if (view->next_offset(JournalView::kName) < range_.until)
      return FallenBack(range_.partition, OutOfRange("the journal is at offset {} and not at {}",
                                                     view->next_offset(JournalView::kName), range_.until));
    if (const auto gap = view->GapOf(JournalView::kName, client_id_))
      return WithReason(Unavailable("the journal lacks {} events of the client ({}); `kefu view retry journal` takes them in",
                                    gap->events, gap->reason),
                        "JOURNAL_BEHIND");
    RETURN_IF_ERROR(ReadEntries(*view));
    RETURN_IF_ERROR(ReadRepeats(*view));
    std::sort(found_.begin(), found_.end(), [](const Found& a, const Found& b) { return a.offset < b.offset; });
    if (found_.empty()) {
      place_ = window_end_;
      return OkStatus();
    }
    ASSIGN_OR_RETURN(const LeafIndexer leaves, LeafIndexer::Open(view));
    for (Found& found : found_) {
      ASSIGN_OR_RETURN(found.leaf_index, leaves.LeafOf(found.offset));
    }
    return OkStatus();
  }

  // A window ends earlier when its entries are many.
  Status ReadEntries(const engine::PartitionView& view) {
    ASSIGN_OR_RETURN(const auto cursor,
                     view.Scan(JournalView::kName, journal::Entries::kName, codec::Key(client_id_, place_),
                               codec::Key(client_id_, window_end_)));
    size_t bytes = 0;
    for (; cursor->Valid(); cursor->Next()) {
      std::string_view key = cursor->key();
      std::string client_id;
      Offset offset;
      const auto entry = journal::DecodeEntry(cursor->value());
      if (!codec::TakePart(key, &client_id) || !codec::TakePart(key, &offset) || !entry.has_value())
        return DataLoss("an entry of the journal of partition {} cannot be read; rebuild the view", range_.partition);
      if (bytes >= kMostBytes) {
        window_end_ = offset;
        break;
      }
      bytes += entry->event.size();
      found_.push_back({offset, std::string(entry->event), entry->Verdict(), 0});
    }
    return cursor->status();
  }

  Status ReadRepeats(const engine::PartitionView& view) {
    ASSIGN_OR_RETURN(const Verdicts verdicts, VerdictsOf(engine_, range_.partition, place_, window_end_));
    store::PinnedValue first;
    for (const auto& [offset, verdict] : verdicts) {
      if (verdict.outcome() != events::v1::VERDICT_OUTCOME_DUPLICATE) continue;
      ASSIGN_OR_RETURN(const bool is_ours, view.Get(JournalView::kName, journal::Entries::kName,
                                                    codec::Key(client_id_, verdict.first_offset()), &first));
      if (is_ours) found_.push_back({offset, std::string(), verdict, 0});
    }
    return OkStatus();
  }

  const engine::Engine& engine_;
  log::EventLog& log_;
  const std::string client_id_;
  const ReplayRange range_;
  Offset place_;
  std::vector<Found> found_;
  size_t at_ = 0;
  Offset window_end_;
};

}  // namespace

std::unique_ptr<ReplaySource> SourceFromLog(const engine::Engine& engine, log::EventLog& log, const ReplayRange& range) {
  return std::make_unique<LogSource>(engine, log, range);
}

std::unique_ptr<ReplaySource> SourceFromJournal(const engine::Engine& engine, log::EventLog& log,
                                                const std::string& client_id, const ReplayRange& range) {
  return std::make_unique<JournalSource>(engine, log, client_id, range);
}

StatusOr<bool> JournalKnows(const engine::Engine& engine, const std::string& client_id) {
  const auto view = engine.At(Partition(PartitionForKey(client_id, engine.partitions())));
  const std::string prefix = codec::Key(client_id);
  ASSIGN_OR_RETURN(const auto cursor,
                   view->Scan(JournalView::kName, journal::Entries::kName, prefix, codec::PrefixEnd(prefix)));
  if (cursor->Valid()) return true;
  RETURN_IF_ERROR(cursor->status());
  return false;
}

}  // namespace kefu::audit
