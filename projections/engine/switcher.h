#pragma once

// Decides whether a new build of a view comes to serve, and makes it serve in all partitions at once.

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "projections/engine/host.h"
#include "projections/engine/worker.h"

namespace kefu::engine {

// Operation: once a build has joined in every partition it is compared with the serving one, key by key, at one place a
//   partition. If nothing differs but what is expected it serves from then on; else it is refused: it is folded along and
//   waits for Order. The build that served before is kept and folded along for EngineOptions::keep_previous.
// Concurrency: thread-safe; comparing is done on a thread of its own.
class Switcher {
 public:
  Switcher(HostContext& context, const std::vector<std::unique_ptr<PartitionHost>>& hosts,
           std::function<Worker&(Partition)> worker_of);
  ~Switcher();
  void Start();
  // Ends after the comparison in hand; what was not decided is at the next start.
  void Stop();

  // A build of the view has joined in all partitions.
  void Decide(const std::string& view);
  // Switches now, on the caller's thread. kFailedPrecondition: there is nothing to switch to.
  // Who orders it, and why, is told with the switch.
  Status Order(const std::string& view, bool back, std::string_view actor_id, std::string_view reason);
  // Held shared while views of several partitions are taken.
  std::shared_mutex& gate() { return gate_; }

  StatusOr<admin::v1::CompareBuildsResponse> Compare(const std::string& view, int limit) const;
  std::vector<events::v1::Event> ToTell() const;
  Status IsTold(std::string_view event_id);

 private:
  void Run();
  void DecideNow(const std::string& view);
  // Builds that each partition has of the view; nothing where one has none.
  std::optional<std::vector<TableName>> BuildsIn(const std::string& view, bool previous) const;
  Status ServeEverywhere(const std::string& view, const std::vector<TableName>& to,
                         const admin::v1::CompareBuildsResponse& compared, bool back, std::string_view actor_id,
                         std::string_view reason);
  void DropPreviousLater(const std::string& view);

  HostContext& context_;
  const std::vector<std::unique_ptr<PartitionHost>>& hosts_;
  const std::function<Worker&(Partition)> worker_of_;
  std::shared_mutex gate_;
  // One switch at a time.
  std::mutex switching_;
  std::mutex mutex_;  // all below
  std::condition_variable wake_;
  std::set<std::string> to_decide_;
  std::map<std::string, absl::Time> drop_previous_at_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace kefu::engine
