#pragma once

// Views kept as they were at some places in the log, so that the past need not be folded from the log's beginning.

#include <absl/time/time.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "projections/engine/copies.h"
#include "projections/engine/engine.h"
#include "projections/kept/kept_files.h"
#include "projections/kept/kept_record.h"

namespace kefu::kept {

struct KeptOptions {
  // On the file system of the views, or their files cannot be shared. Ours alone.
  std::string directory;
  // Views are kept whenever so many events more were folded, over all partitions.
  int64_t every_events = 1'000'000;
  // How many there may be. Which go is said in thinning.h.
  int most = 8;
  // With less free than this the oldest goes, and nothing is kept.
  int64_t reserve_bytes = int64_t{256} << 20;
  // Memory for reading a copy while it is made ready.
  store::ResourceOptions resources = {int64_t{8} << 20, int64_t{8} << 20, 2};
  // Bytes free where a folder lies; tests give another one.
  std::function<int64_t(const std::string& folder)> free_bytes;
};

// One partition of what was kept.
struct KeptPlace {
  int64_t number = 0;
  Offset next;
  // What was recorded before `next` was so until then.
  absl::Time effective_time;
};

// Operation: a thread looks every second how far the engine is, and copies all partitions' stores (engine::Copier), one
//   after the other, each at its own moment. A copy shares the files of the store; it is hashed, written down (KeptRecord),
//   and is there once its folder has its name, after all of it is on disk. Copying and hashing take a twentieth of the
//   time at most. What cannot be used any more goes: of another log, damaged, half made, with other builds of views than
//   serve now (a build is replaced because the one before may have been wrong).
// Concurrency: thread-safe. One folder a process.
// Limitations: views are kept as the log grows, not afterwards: after a view has a new build, the past before it is folded
//   from the beginning. Files that the views have replaced since take disk until the last copy that has them goes: at
//   worst as much as the views, for each.
class KeptViews {
 public:
  // Reads what is there; drops what is not whole. `engine` must outlive it, and follow a log (CopierOf).
  static StatusOr<std::unique_ptr<KeptViews>> Open(KeptOptions options, engine::Engine& engine);
  ~KeptViews();

  // Keeps views by itself from now on. Once.
  void Start();
  void Stop();

  // Keeps them as they are now, blocking; then thins. What Copier::CopyStore refuses; kResourceExhausted: less is free
  // than the reserve.
  Status Keep();
  // What the thread does each time: drops what has become useless, makes room, keeps when it is time to.
  void Look(absl::Time now);

  // The newest of `partition` that `fits`, of those whose builds of views serve now and are of this program's versions.
  std::optional<KeptPlace> Newest(Partition partition, const std::function<bool(const KeptPlace&)>& fits) const;

  // Makes `directory`, which must not be there, a partition's store as it was kept; whoever opens an engine there goes on
  // from `place`. Reads every byte of it (the hashes), opens it once, and compares the last record it holds with that of
  // `log`. kNotFound: it is gone. kDataLoss, kFailedPrecondition: it is not what was kept, or not of this log; it is
  // dropped. What the log answers. On an error nothing is left.
  Status CopyInto(const KeptPlace& place, Partition partition, log::EventLog& log, const std::string& directory);

  // By number; how many events were before each.
  std::vector<std::pair<int64_t, int64_t>> All() const;

 private:
  // On disk until it is dropped, and nobody reads it.
  struct Kept {
    KeptRecord record;
    std::string folder;
    bool dropped = false;  // under mutex_

    ~Kept();
    std::string FolderOf(Partition partition) const { return engine::StoreFolder(folder, partition); }
  };

  KeptViews(KeptOptions options, engine::Engine& engine, engine::Copier& copier);
  Status ReadAll();
  StatusOr<KeptRecord> ReadOne(const std::string& folder, int64_t number) const;
  StatusOr<KeptRecord> Copy(const std::string& folder, int64_t number);
  KnownFiles KnownOnes() const;
  static Status CheckAgainst(log::EventLog& log, Partition partition, const engine::Place& place);
  bool Serves(const KeptRecord& record) const;
  bool OfThisProgram(const std::vector<std::string>& tables) const;
  void DropUseless();
  bool HasRoom() const;
  void MakeRoom();
  void Thin();
  void Drop(int64_t number, std::string_view why);
  void Run();

  const KeptOptions options_;
  engine::Engine& engine_;
  engine::Copier& copier_;

  std::mutex keeping_;  // one at a time
  absl::Time not_before_ = absl::InfinitePast();
  std::string said_;  // why nothing was kept the last time

  mutable std::mutex mutex_;  // all below
  std::condition_variable stop_;
  bool stopping_ = false;
  std::vector<std::shared_ptr<Kept>> kept_;  // ascending
  int64_t next_number_ = 1;
  std::thread thread_;
};

}  // namespace kefu::kept
