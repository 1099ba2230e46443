#pragma once

// Views of one partition that are at the same place in the log, folded together.

#include <google/protobuf/arena.h>

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "platform/log/log.h"
#include "platform/store/store.h"
#include "projections/engine/corrector.h"
#include "projections/engine/frames.h"
#include "projections/engine/mutations.h"
#include "projections/engine/row_stage.h"

namespace kefu::engine {

// Clients of a view with parked events, and how many.
using Gaps = std::map<std::string, PartitionView::Gap, std::less<>>;

// One build of one view in one partition.
struct FoldedView {
  const sdk::Projection* projection = nullptr;
  TableName name;
  std::string table_name;  // name.Encode()
  store::TableId table = 0;
  std::unique_ptr<RowStage> stage;
  // As committed, and with what the batch in hand parks; equal pointers while it parks nothing.
  std::shared_ptr<const Gaps> gaps = std::make_shared<Gaps>();
  std::shared_ptr<Gaps> staged_gaps;
  // Set while someone listens; null for builds that do not serve.
  const std::atomic<bool>* listened = nullptr;

  bool wants_changes() const { return listened != nullptr && listened->load(std::memory_order_relaxed); }
  const Gaps& CurrentGaps() const { return staged_gaps ? *staged_gaps : *gaps; }
};

// Tables of a partition's store that belong to the engine.
struct EngineTables {
  store::TableId meta = 0;
  store::TableId verdicts = 0;
  store::TableId parked = 0;
};

// How many verdicts are kept for callers that wait for them.
inline constexpr size_t kRecentVerdicts = 1 << 14;

struct Judged {
  Offset offset;
  events::v1::Verdict verdict;
};

struct Committed {
  Place place;
  // The newest kRecentVerdicts, in no order.
  std::vector<Judged> judged;
  // By view, for those that want it.
  std::vector<std::pair<const sdk::Projection*, std::vector<Change>>> changes;
  int64_t events = 0;
};

// How a lane folds and writes.
struct LaneOptions {
  // Admission off, to measure it: every event counts as applied.
  bool judge_all_applied = false;
  // Batches from this size on are written as sorted files.
  int64_t bulk_bytes = int64_t{4} << 20;
  // Where what came before a correction is read, if the lane does not fold the journal itself.
  JournalAt journal_at = {};
};

// Operation: Take folds records into rows in memory; Commit writes rows, index entries, verdicts, parked events, places
//   and the last record's hash in one batch. No fold needs an undo: when one parks an event, what was staged is
//   discarded and all before the event is folded again and committed; then the event goes on parked. Records are not
//   kept for this, the log has them: Take asks to be given them again (kAborted). Where events park, more will; so the
//   lane then goes on carefully for a while, in small batches whose records it keeps, and parking costs little. A correction
//   goes the same way, for it needs all before it written.
// Concurrency: one thread at a time.
class Lane {
 public:
  // With `judge`, this lane decides about events (admission's rows are in it) and keeps the verdicts; without, it reads
  // them, and must not be given records that were not judged yet.
  Lane(Partition partition, store::Store& store, EngineTables tables, Place place,
       std::unique_ptr<FoldedView> judge, LaneOptions options);

  void Add(std::unique_ptr<FoldedView> view);
  std::unique_ptr<FoldedView> Remove(std::string_view table_name);
  const std::vector<std::unique_ptr<FoldedView>>& views() const { return views_; }
  FoldedView* judge() { return judge_.get(); }

  // The next offset, with what is staged.
  Offset next() const { return staged_.next; }
  const Place& committed() const { return committed_; }
  bool HasStaged() const { return events_staged_ > 0; }
  int64_t events_staged() const { return events_staged_; }
  // How many more events the batch may take before it should be committed.
  int64_t room(int64_t max_batch_events) const;
  // Memory that the batch holds, roughly.
  size_t staged_bytes() const;

  // Folds all records of the batch before `limit`; those before next() are skipped. kAborted: an event parks; call it
  // again with the records from next() on. kResourceExhausted: no room to write; call Advance later, it goes on from
  // there. kFailedPrecondition: an event this build cannot read or judge; all before it is staged. Other errors: the
  // store is at fault; call Abandon.
  Status Take(log::RecordBatch batch, Offset limit);
  Status Advance();

  // Writes what is staged and tells what was written since the last call. kResourceExhausted: call again later.
  StatusOr<Committed> Commit();

  // Keeps only this share of the rows in memory; changed ones stay.
  void Trim(double share);

  // Forgets what is not committed, as if it had never been taken.
  void Abandon();

  struct Retried {
    int64_t applied = 0;
    int64_t still_parked = 0;
  };
  // Applies the parked events of one client of `view` again. Commits before and after by itself.
  StatusOr<Retried> Retry(FoldedView& view, const std::string& client_id);

 private:
  // kWaits: a correction, of which nothing is folded yet; it comes again once all before it is written.
  enum class Step { kFolded, kParks, kWaits };
  // An event between being parsed and being folded.
  struct Parsed {
    log::RecordView record;
    events::v1::Event* event = nullptr;
    bool decoded = false;
  };

  Status FoldAll(const std::vector<log::RecordView>& records);
  Status Parse(const log::RecordView* records, size_t count);
  // Does a view get this record, with this verdict?
  static bool IsFor(const sdk::Projection& projection, const Parsed& parsed, const events::v1::Verdict& verdict);
  StatusOr<Step> FoldOne(const Parsed& parsed);
  StatusOr<Step> FoldInto(FoldedView& view, const sdk::RecordedEvent& event);
  // The view's fold, then, of what corrects an event, what that changes. Why the event parks; empty if it does not.
  StatusOr<std::string> Apply(FoldedView& view, const sdk::RecordedEvent& event);
  StatusOr<std::optional<store::TableId>> Journal(Offset offset) const;
  void Park(FoldedView& view, const sdk::RecordedEvent& event, std::string_view reason);
  Status FoldAgainBefore(Offset offset);
  Status CommitStaged();
  void GiveAll(store::WriteBatch& batch);
  bool careful() const { return staged_.next < careful_until_; }
  events::v1::Verdict VerdictOf(const sdk::RecordedEvent& event);
  void Remember(Offset offset, events::v1::Verdict verdict);
  Status LoadVerdicts(Offset first, Offset last);
  void Discard();
  Status Fault() const;

  const Partition partition_;
  store::Store& store_;
  const EngineTables tables_;
  const LaneOptions options_;
  std::unique_ptr<FoldedView> judge_;
  std::vector<std::unique_ptr<FoldedView>> views_;
  // What goes into the engine's own tables.
  Mutations verdicts_;
  Mutations parked_;
  Corrector corrector_;

  Place committed_;
  Place staged_;
  int64_t events_staged_ = 0;
  // Set from an event that parks until its batch's records come again.
  bool rewinding_ = false;
  // While careful: records not committed yet, and the next one to fold among them.
  Offset careful_until_;
  std::deque<log::RecordBatch> uncommitted_;
  size_t at_batch_ = 0;
  size_t at_record_ = 0;
  std::vector<Judged> judged_;  // the newest, in no order
  int64_t judged_count_ = 0;
  std::map<int64_t, events::v1::Verdict> known_verdicts_;
  // Parking decisions for events not committed yet: (offset, view's table) → reason.
  std::map<std::pair<int64_t, std::string>, std::string> forced_;
  std::string arena_block_;
  google::protobuf::Arena arena_;
  std::vector<Parsed> parsed_;
  Committed done_;  // since the last Commit
};

}  // namespace kefu::engine
