#pragma once

// Watches how far the views are behind the log, by age, not by a flag.

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "projections/engine/host.h"

namespace kefu::engine {

// Concurrency: thread-safe; asks the log from a thread of its own, so that no answer waits for a broker.
class Monitor {
 public:
  Monitor(log::EventLog& log, const std::vector<std::unique_ptr<PartitionHost>>& hosts,
          const std::vector<const sdk::Projection*>& projections, absl::Duration stall_after);
  ~Monitor();

  std::vector<admin::v1::View> Describe() const;
  Status Health() const;

  // The same without knowing where the log ends: before the engine is started.
  static std::vector<admin::v1::View> DescribeWithoutLog(const std::vector<std::unique_ptr<PartitionHost>>& hosts,
                                                         const std::vector<const sdk::Projection*>& projections);

 private:
  // What was seen of one view in one partition.
  struct Seen {
    Offset next;
    absl::Time progress;  // when `next` last moved, or there was nothing to do
  };
  struct PartitionSeen {
    Offset end;
    absl::Time oldest_unapplied = absl::InfinitePast();
    std::vector<Seen> views;  // by projection
  };

  void Run();
  void Look(size_t partition);
  void LookAtBuilds();
  admin::v1::View DescribeOne(size_t view) const;
  admin::v1::ViewState StateOf(const PartitionHost& host, const Seen& seen, Offset end) const;

  log::EventLog& log_;
  const std::vector<std::unique_ptr<PartitionHost>>& hosts_;
  const std::vector<const sdk::Projection*>& projections_;
  const absl::Duration stall_after_;

  mutable std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::vector<PartitionSeen> seen_;
  struct Build {
    absl::Time started = absl::InfinitePast();
    absl::Time sampled;
    int64_t done = 0;
    double rate = 0;
  };
  std::vector<Build> builds_;  // by projection
  std::thread thread_;
};

}  // namespace kefu::engine
