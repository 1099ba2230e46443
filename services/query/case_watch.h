#pragma once

#include <absl/container/flat_hash_set.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kefu/query/v1/case.pb.h"
#include "services/query/case_plan.h"
#include "services/query/filter.h"
#include "services/query/watch.h"

namespace kefu::query {

// One WatchCases stream.
//
// Operation: the snapshot walks the plan's ranges, one partition after the other; then `by_change` gives, in each
//   partition, what changed since the offset up to which this stream knows everything. That index holds each case once,
//   where it changed last, so overtaken states are never seen.
// Limitations: what was sent is remembered by hash up to kMostRemembered cases; past that, and after resuming,
//   `removed` also comes for cases that this stream never showed.
class CaseWatch final : public WatchStream<query::v1::WatchCasesResponse> {
 public:
  static constexpr size_t kMostRemembered = 65'536;

  // `client_id` empty: of all clients. `after`: resume there, without a snapshot.
  CaseWatch(const engine::Engine& engine, std::string client_id, Filter filter,
            const std::optional<log::Position>& after);

 private:
  using Response = query::v1::WatchCasesResponse;

  StatusOr<Made> Make(Response* response) override;
  void MakeHeartbeat(Response* response) override;

  StatusOr<Made> MakeSnapshot(Response* response);
  StatusOr<Made> MakeChange(Response* response);
  StatusOr<Made> LookForChange(const engine::PartitionView& partition, int64_t* known, Response* response);
  // True if the row is for the caller; then it is in `response`.
  bool TakeRow(Response* response);
  bool Passes(const query::v1::Case& row) const;
  void Remember(const std::string& name);
  std::string Position() const;

  const engine::Engine& engine_;
  const std::string client_id_;
  const Filter filter_;
  const CasePlan plan_;
  // The partitions to look at.
  std::vector<Partition> partitions_;
  // By partition: all before this offset is known to the caller (once the snapshot is complete).
  std::vector<int64_t> known_;

  // Where the snapshot is: partition, range, and the key after which to go on.
  bool in_snapshot_ = true;
  size_t place_ = 0;
  size_t range_ = 0;
  std::string after_key_;

  bool remembers_ = true;
  // Hashes of names: two clients in different partitions may use one case id.
  absl::flat_hash_set<uint64_t> shown_;
};

}  // namespace kefu::query
