#pragma once

// Moments of the past that are open: each an engine of its own, kept while somebody asks it.

#include <absl/time/time.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <typeindex>
#include <vector>

#include "projections/engine/engine.h"
#include "projections/past/cut.h"

namespace kefu::kept {
class KeptViews;
}

namespace kefu::past {

struct MomentsOptions {
  // A scratch folder: emptied when it is opened and as moments are closed.
  std::string directory;
  // How many may be open at once; each takes the disk that the views take.
  int most = 4;
  // One that nobody asked for so long is closed.
  absl::Duration keep_unused = absl::Minutes(15);
  // Where all are open and another is wanted, the one that was not asked for longest makes room, if for so long.
  absl::Duration keep_at_least = absl::Minutes(1);
  // Of each moment's engine; the directory is set.
  engine::EngineOptions engine;
  // Views as they were kept, from which moments are folded on; null: from the log's beginning. Must outlive them.
  kept::KeptViews* kept = nullptr;
};

// An open moment. Thread-safe.
class OpenMoment {
 public:
  OpenMoment(std::string name, Cut cut, std::unique_ptr<engine::Engine> engine)
      : name_(std::move(name)), cut_(std::move(cut)), engine_(std::move(engine)) {}

  // "moments/{id}".
  const std::string& name() const { return name_; }
  const Cut& cut() const { return cut_; }
  engine::Engine& engine() const { return *engine_; }

  // What else lives as long as this moment and reads its engine (a service over it), one object of a type, made when it
  // is first asked for.
  template <class T>
  T& Kept(const std::function<std::unique_ptr<T>(engine::Engine&)>& make) {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<void>& kept = kept_[std::type_index(typeid(T))];
    if (kept == nullptr) kept = std::shared_ptr<T>(make(*engine_));
    return *static_cast<T*>(kept.get());
  }

 private:
  const std::string name_;
  const Cut cut_;
  const std::unique_ptr<engine::Engine> engine_;
  std::mutex mutex_;
  std::map<std::type_index, std::shared_ptr<void>> kept_;  // dies before the engine
};

// Operation: who holds a moment keeps it; the registry closes those that nobody holds and that were given back by all who
//   opened them, or not asked for in time (on a thread of its own), or make room for another.
// Concurrency: thread-safe.
// Limitations: moments do not outlive the process; each is folded from the nearest views that were kept, by occurred time
//   from the beginning of the log.
class Moments {
 public:
  // `log` and `projections` must outlive it, and it all who hold moments.
  Moments(log::EventLog& log, std::vector<const sdk::Projection*> projections, MomentsOptions options);
  ~Moments();

  // Opens a moment, or finds the one of the same cut; blocks until it can be asked. What FindCut refuses;
  // kResourceExhausted MOMENTS_EXHAUSTED: so many are open, all of them in use; what folding meets.
  StatusOr<std::shared_ptr<OpenMoment>> Open(const Asked& asked, const Progress& progress);

  // kNotFound MOMENT_NOT_FOUND. Asking is using.
  StatusOr<std::shared_ptr<OpenMoment>> Find(std::string_view name);

  // Gives a moment back: it is closed when all who opened it have given it back, and calls that hold it have ended. What
  // Find refuses.
  Status Close(std::string_view name);

  // When it will be closed, if nobody asks for it.
  absl::Time ExpiryOf(std::string_view name) const;

  // Closes those that are due at `now`; how many. For tests; it is done by itself as well.
  int CloseUnused(absl::Time now);

 private:
  struct Entry {
    std::shared_ptr<OpenMoment> moment;
    absl::Time used;
    // How many opened it and did not give it back.
    int openers = 1;

    // By the registry alone: nobody can come to hold it but through there.
    bool Held() const { return moment.use_count() > 1; }
  };

  StatusOr<Entry*> EntryOf(std::string_view name);
  std::shared_ptr<OpenMoment> FindSame(const Cut& cut);
  // A place for one more: in `leaving` the moment that made room, which its caller closes after the lock.
  Status TakePlace(std::shared_ptr<OpenMoment>* leaving);
  void Run();

  log::EventLog& log_;
  const std::vector<const sdk::Projection*> projections_;
  const MomentsOptions options_;

  mutable std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::map<std::string, Entry, std::less<>> open_;
  int opening_ = 0;
  std::thread thread_;
};

}  // namespace kefu::past
