#pragma once

// One partition: its store, its lanes, and what queries see of it.

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "platform/log/log.h"
#include "platform/store/store.h"
#include "projections/engine/copies.h"
#include "projections/engine/engine.h"
#include "projections/engine/lane.h"

namespace kefu::engine {

// How many keys that differ are kept to be shown.
inline constexpr int kShownDifferences = 20;

// What all partitions share.
struct HostContext {
  EngineOptions options;
  log::LogIdentity log;
  std::vector<const sdk::Projection*> projections;
  std::shared_ptr<store::SharedResources> resources;
  MemoryBudget budget;
  // By position in `projections`: does anyone listen to the view?
  std::vector<std::unique_ptr<std::atomic<bool>>> listened;
};

// How a partition is, when it is not well.
struct Trouble {
  Status status;
  // The rows are not those of this log: they must not be served at all.
  bool refuse_reads = false;
};

// Concurrency: functions under "worker" run on the thread that follows the partition (Publish also on builders'); all
// others are thread-safe.
class PartitionHost {
 public:
  // Opens or makes the store. A damaged one is moved aside and built anew; one of another log leaves the host in
  // trouble.
  static StatusOr<std::unique_ptr<PartitionHost>> Open(HostContext& context, Partition partition);

  Partition partition() const { return partition_; }
  std::shared_ptr<const PartitionView> View() const;
  // What the main lane has committed, as readers see it.
  Offset shown_next() const;
  std::optional<events::v1::Verdict> RecentVerdict(Offset offset) const;
  StatusOr<events::v1::Verdict> StoredVerdict(Offset offset) const;
  StatusOr<std::vector<std::pair<Offset, events::v1::Verdict>>> StoredVerdicts(Offset from, Offset until) const;
  std::optional<Trouble> trouble() const;
  void SetTrouble(Trouble trouble);
  void ClearTrouble();

  // How far each view is, for Describe.
  struct ViewProgress {
    TableName serving;
    Offset serving_next;
    int64_t parked = 0;
    std::optional<TableName> building;
    Offset building_next;
    // The one that is built differs in a way nobody expects: it waits for a word.
    bool refused = false;
    // The build that served before, and can again.
    std::optional<TableName> previous;
  };
  ViewProgress ProgressOf(std::string_view view) const;
  // Parked events of the serving build, in offset order.
  StatusOr<std::vector<admin::v1::ParkedEvent>> ListParked(std::string_view view, Offset after, int limit) const;
  StatusOr<admin::v1::PartitionDigest> Digest(std::string_view view) const;

  // --- switching from one build to another (host_builds.cc) ---
  // `to`, built or served before, serves from now on; the one that did is the previous one.
  Status Serve(std::string_view view, const TableName& to);
  // The build that is made does not come to serve by itself.
  Status Refuse(std::string_view view, const TableName& build);
  // Where the build in `lane` is to be compared: where the serving one, of an older version, stands still. Nothing if the
  // lane is past it, or it was done.
  std::optional<Offset> ComparesAt(const Lane& lane) const;
  // The serving build against the one that is made (what was kept of it, if it was compared on its way), else the
  // previous one. kFailedPrecondition: there is none, or the two are not at one place.
  StatusOr<admin::v1::CompareBuildsResponse> Compare(std::string_view view, int limit) const;
  // Compares now, and keeps it with the store.
  Status KeepComparison(std::string_view view);
  // Notes of the engine, kept with this partition's store: by key, in order.
  StatusOr<std::vector<std::string>> Notes() const;
  Status PutNote(std::string_view key, std::string_view note);

  // --- copying (copies.cc) ---
  std::vector<std::string> TablesServing() const;
  StatusOr<StoreCopy> CopyTo(const std::string& directory);

  // --- worker ---
  Lane& main() { return *main_; }
  // Lanes behind the main one, each with one view; handed over once.
  std::vector<std::unique_ptr<Lane>> TakeLagging() { return std::move(lagging_); }
  // kDataLoss: the log is not the one the views were folded from, or is shorter.
  Status CheckAgainst(log::EventLog& log);
  // Makes what `lane` committed readable.
  void Publish(const Lane& lane, const Committed& committed);
  // Starts another build of a view; null if one is under way.
  StatusOr<std::unique_ptr<Lane>> StartBuild(std::string_view view);
  // Takes a lane that is exactly where the main one is into it.
  void Join(std::shared_ptr<Lane> lane);
  bool BuildHasJoined(std::string_view view) const;
  // Ends what Serve began: listeners follow the serving build, and tables that nothing refers to any more are dropped.
  Status Settle(std::string_view view);
  // A build that was refused, or the one that served before, goes; nothing happens if there is none.
  Status DropRefused(std::string_view view);
  Status DropPrevious(std::string_view view);
  StatusOr<Lane::Retried> RetryParked(std::string_view view, std::string_view client_id);

 private:
  struct Slot {
    const sdk::Projection* projection = nullptr;
    TableName serving;
    std::optional<TableName> building;
    // Served before; still folded where it is of this version.
    std::optional<TableName> previous;
    bool refused = false;

    // No table of that number is left from anything.
    int32_t NextBuild() const { return std::max(serving.build, previous ? previous->build : 0) + 1; }
  };
  // What readers need of a table.
  struct Shown {
    store::TableId table = 0;
    Offset next;
    std::shared_ptr<const Gaps> gaps;
  };
  class State;

  PartitionHost(HostContext& context, Partition partition);
  Status OpenStore();
  Status OpenViews();
  Status OpenView(size_t index, Place main_place);
  StatusOr<std::unique_ptr<FoldedView>> OpenBuild(const sdk::Projection& projection, const TableName& name);
  StatusOr<std::optional<std::string>> GetMeta(std::string_view key) const;
  StatusOr<Place> PlaceOf(const std::string& table_name) const;
  // A build of the journal that is folded now and holds all before `offset`.
  StatusOr<std::optional<store::TableId>> JournalAt(Offset offset) const;
  Status PutMeta(const std::vector<std::pair<std::string, std::string>>& entries);
  Status DropBuild(const TableName& name);
  Status Forget(const TableName& name);
  Status DropOlderAdmission(const TableName& current);
  StatusOr<StoreCopy> StandingIn(const store::Snapshot& snapshot) const;
  LaneOptions OptionsOfLanes() const;
  std::unique_ptr<Lane> MakeLane(Place place, std::unique_ptr<FoldedView> view);
  Slot* SlotOf(std::string_view view);
  const Slot* SlotOf(std::string_view view) const;
  const std::atomic<bool>* ListenedOf(std::string_view view) const;
  void Show(const FoldedView& view, Offset next);
  void Refresh();
  void Refresh(std::shared_ptr<const store::Snapshot> snapshot);

  HostContext& context_;
  const Partition partition_;
  const std::string directory_;
  std::unique_ptr<store::Store> store_;
  EngineTables tables_;
  std::unique_ptr<Lane> main_;
  std::vector<std::unique_ptr<Lane>> lagging_;

  mutable std::mutex mutex_;  // all below
  std::vector<Slot> slots_;
  std::map<std::string, Shown> shown_;  // by table name
  std::set<std::string> in_main_;       // tables that the main lane folds
  std::vector<TableName> leftovers_;    // served before the previous one did
  std::set<std::string> compared_;      // builds that were, on their way, since the start
  std::optional<Trouble> trouble_;
  Offset shown_next_;
  std::shared_ptr<const State> state_;
  // The newest verdicts by offset modulo the size: for callers that wait, revision included.
  std::vector<Judged> recent_;
};

}  // namespace kefu::engine
