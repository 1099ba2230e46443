#pragma once

// The engine: follows the log, asks admission, folds every view, writes once, and lets queries read.

#include <absl/time/time.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kefu/admin/v1/view.pb.h"
#include "kefu/events/v1/event.pb.h"
#include "platform/log/log.h"
#include "platform/log/position.h"
#include "platform/store/store.h"
#include "projections/sdk/projection.h"

namespace kefu::engine {

struct EngineOptions {
  // One folder a partition below it.
  std::string directory;
  // Threads that follow the log; 0: as many as cores. Never more than partitions.
  int threads = 0;
  // Memory for rows, over all views and partitions: those kept between batches and those changed since the last one.
  int64_t row_cache_bytes = int64_t{512} << 20;
  store::ResourceOptions resources;
  int64_t reserve_bytes = int64_t{128} << 20;
  // A partition's batch is written when it has this many events, if not before.
  int max_batch_events = 250'000;
  // From this size on it is written as sorted files, past log and memtable.
  int64_t bulk_bytes = int64_t{4} << 20;
  // A view with something to apply and no progress for this long is STALLED.
  absl::Duration stall_after = absl::Seconds(30);
  // Tests fold without judging (admission off), to measure it.
  bool admission = true;
  // May a key have other rows in a new build of a view than in the one it is to replace? Asked of each key that differs;
  // absent where a build has no such row. If empty: rows of a new version may, those of the same version may not.
  std::function<bool(const sdk::Projection& view, std::string_view table, std::string_view key,
                     std::optional<std::string_view> before, std::optional<std::string_view> after)>
      expects_difference;
  // How long the build that served before a switch is kept and followed, so that it can serve again.
  absl::Duration keep_previous = absl::Hours(1);
};

// One partition as a query sees it: all views at one moment. Holds a snapshot; keep it for a request, not longer.
// Thread-safe.
class PartitionView {
 public:
  virtual ~PartitionView() = default;
  virtual Partition partition() const = 0;
  // The offset after the last event that `view` holds.
  virtual Offset next_offset(std::string_view view) const = 0;
  // False: no such row. `table` is the table's or index's name. kNotFound: no such view or table. kFailedPrecondition:
  // the partition is stopped (its log is damaged or another one); it must not be served as current.
  virtual StatusOr<bool> Get(std::string_view view, std::string_view table, std::string_view key,
                             store::PinnedValue* row) const = 0;
  // Rows of a table, or entries of an index (their value is the primary key), with keys in [lower, upper); an empty
  // `upper` is the end of the table. Cursor keys come without the table's own first byte.
  virtual StatusOr<std::unique_ptr<store::Cursor>> Scan(std::string_view view, std::string_view table,
                                                        std::string_view lower, std::string_view upper,
                                                        store::Order order = store::Order::kAscending) const = 0;
  // How many events of this client `view` could not take yet; absent if none. Costs one look into a set.
  struct Gap {
    int64_t events = 0;
    std::string reason;
    absl::Time since;
  };
  virtual std::optional<Gap> GapOf(std::string_view view, std::string_view client_id) const = 0;
};

// Keys that one commit changed, for watchers.
struct Change {
  std::string_view table;  // the table's name
  std::vector<std::string> keys;
};
// Called on the engine's thread after a commit is readable: do little in it.
using ChangeListener = std::function<void(Partition partition, Offset next_offset, const std::vector<Change>& changes)>;

// Operation: partitions are spread over threads; each follows its partitions, folds what came as one batch, and
//   commits rows, index entries, positions, last hash and verdicts in one write. A view whose version changed, or that
//   is being rebuilt, has its own place in the log until it has caught up; then it joins the others, atomically, and
//   the old version is dropped.
// Concurrency: Start and Stop once each, from one thread; all else thread-safe.
// Limitations: the number of partitions is the log's, for life.
class Engine {
 public:
  // Opens the stores and compares them with the log: a store that is ahead of the log, or was folded from another one,
  // leaves its partition STOPPED with an alarm; nothing is reset. A damaged view store is moved aside and rebuilt.
  static StatusOr<std::unique_ptr<Engine>> Open(const EngineOptions& options, log::EventLog& log,
                                                const std::vector<const sdk::Projection*>& projections);
  virtual ~Engine() = default;

  virtual Status Start() = 0;
  // Finishes the batch in hand and stops following. Queries go on until destruction.
  virtual void Stop() = 0;

  virtual int32_t partitions() const = 0;
  virtual const log::LogIdentity& log_identity() const = 0;
  virtual const std::vector<const sdk::Projection*>& projections() const = 0;

  // The partition as committed last. Cheap; never null.
  virtual std::shared_ptr<const PartitionView> At(Partition partition) const = 0;

  // All partitions, in their order, each as committed last, and all with the same builds of views: a switch is in all of
  // them or in none.
  virtual std::vector<std::shared_ptr<const PartitionView>> AtAll() const;

  // Where all partitions are now, for `position` in answers.
  virtual log::Position CurrentPosition() const = 0;

  // Calls `done` once `partition` shows all events before `next`, or at `deadline` (kDeadlineExceeded, with how far
  // it is). At once, on this thread, if it does already; else on a thread of the engine.
  virtual void WhenReached(Partition partition, Offset next, absl::Time deadline, std::function<void(Status)> done) = 0;
  // The same, waiting.
  Status WaitFor(Partition partition, Offset next, absl::Time deadline);

  // What admission decided about the event at `offset`. kOutOfRange: not yet applied.
  virtual StatusOr<events::v1::Verdict> VerdictAt(Partition partition, Offset offset) const = 0;

  // The same for all records of [from, until), ascending; only those that were not applied. kOutOfRange: not yet all
  // applied. For long ranges: one walk.
  virtual StatusOr<std::vector<std::pair<Offset, events::v1::Verdict>>> VerdictsBetween(Partition partition, Offset from,
                                                                                        Offset until) const;

  // The moment of the past that its answers are of; nothing for the present.
  virtual std::optional<absl::Time> moment() const { return std::nullopt; }

  // Calls `listener` after each commit that changed rows of `view`. The handle unsubscribes when destroyed.
  virtual std::shared_ptr<void> Listen(std::string_view view, ChangeListener listener) = 0;

  // --- views as things to look after ---
  virtual std::vector<admin::v1::View> Describe() const = 0;
  // kNotFound; kFailedPrecondition if a rebuild of it is under way.
  virtual Status Rebuild(std::string_view view) = 0;
  // Parked events after (partition, offset), in that order.
  virtual StatusOr<std::vector<admin::v1::ParkedEvent>> ListParked(std::string_view view, Partition after_partition,
                                                                   Offset after_offset, int limit) const = 0;
  struct Retried {
    int64_t applied = 0;
    int64_t still_parked = 0;
  };
  // Applies parked events again, in order; an empty client means all.
  virtual StatusOr<Retried> RetryParked(std::string_view view, std::string_view client_id) = 0;
  // The serving build of a view against another one, key by key, at one position a partition: the one that was built and
  // waits because it differs, else the one that served before. At most `limit` differences are told. Walks both whole.
  // kNotFound; kFailedPrecondition: there is no other build.
  virtual StatusOr<admin::v1::CompareBuildsResponse> CompareBuilds(std::string_view view, int limit) const;
  // Makes that build serve, in all partitions; `back`: the one that served before. The same errors.
  // `actor_id` is who wants it, and `reason` why: both are told with the switch.
  virtual Status SwitchView(std::string_view view, bool back, std::string_view actor_id, std::string_view reason);
  // Switches that were made and are not told to the log yet, as events with id, actor, time and body; they survive
  // restarts. SwitchIsTold takes one off, by its id.
  virtual std::vector<events::v1::Event> SwitchesToTell() const { return {}; }
  virtual Status SwitchIsTold(std::string_view event_id);
  // Digest over a view's rows and index entries in one partition: SHA-256 over length-prefixed keys and values in key
  // order.
  virtual StatusOr<admin::v1::PartitionDigest> Digest(std::string_view view, Partition partition) const = 0;
  // Free of faults? Else which partitions or views are not, for health.
  virtual Status Health() const = 0;
};

}  // namespace kefu::engine
