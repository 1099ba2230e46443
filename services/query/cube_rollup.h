#pragma once

// The cells of a cube united: days to spans, dimensions away, partitions together, branches to units.

#include <absl/container/flat_hash_map.h>
#include <absl/container/inlined_vector.h>

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kefu/query/v1/statistics.pb.h"
#include "services/query/cell_token.h"
#include "services/query/cube_cells.h"
#include "services/query/reader.h"

namespace kefu::query {

// Both included.
struct DaySpan {
  int32_t from_day = 0;
  int32_t to_day = 0;

  int32_t days() const { return to_day - from_day + 1; }
  friend bool operator==(const DaySpan&, const DaySpan&) = default;
};

// The periods that a span of days is cut into, the first and the last as far as they lie in it.
std::vector<DaySpan> PeriodsOf(DaySpan span, query::v1::Granularity granularity);
// The span of equal length before.
inline DaySpan Before(DaySpan span) { return {span.from_day - span.days(), span.from_day - 1}; }

// The unit a branch counts for; nothing if it does not count.
using UnitOfBranch = std::function<std::optional<std::string>(const std::string& branch)>;

struct RollupPlan {
  // Stands among the places of `group_by` for the unit of the branch.
  static constexpr size_t kUnit = SIZE_MAX;

  // Its days are not looked at.
  CubeCells cells;
  // A cell counts in every span that its day lies in.
  std::vector<DaySpan> spans;
  std::vector<size_t> group_by;
  // Absent: all branches count, and there are no units.
  UnitOfBranch unit_of;
  // Sets of clients and durations cost most of the time: only where they are asked for.
  bool clients = true;
  bool durations = true;
  size_t most_groups = 5000;
  // Each group remembers the cells of its newest days, as many as hold so many events.
  int64_t newest = 0;
};

// Where the postings of a cell are.
struct CellPlace {
  Partition partition;
  int32_t day = 0;
  std::string key;
  int64_t count = 0;
};

struct RollupGroup {
  // Place in the list of spans.
  size_t span = 0;
  // As in `group_by`.
  std::vector<std::string> values;
  statistics::Cell cell;
  // The branches that were counted; only where branches are seen as units.
  std::set<std::string> branches;
  // In the order of their days within a partition.
  std::vector<CellPlace> newest;
};

// Operation: one scan a partition over the days from the first span to the last; over long spans a few partitions at
//   once, each on a thread of its own for that while.
// Concurrency: one thread; `unit_of` and `keeps_going` are called from several. The plan must outlive it.
class Rollup {
 public:
  explicit Rollup(const RollupPlan& plan);

  // kInvalidArgument (CELLS_TOO_MANY) past the most groups; kDataLoss; what `keeps_going` says.
  Status Add(const Moment& moment, const std::function<Status()>& keeps_going);
  // Those with events only, by span, then by values. Once.
  std::vector<RollupGroup> Take();

 private:
  Status AddPartitions(const Moment& moment, size_t first, size_t step, const std::function<Status()>& keeps_going);
  Status Unite(const Rollup& other);
  Status MustFit() const;
  StatusOr<bool> AddCell(const CubeCell& cell, Partition partition);
  // Null: the branch does not count.
  const std::string* UnitOf(const std::string& branch);
  RollupGroup& GroupFor(size_t span, const CubeCell& cell, const std::string* unit);
  bool Decode(std::string_view stored);
  void Remember(const CubeCell& cell, Partition partition, std::vector<CellPlace>* newest) const;

  const RollupPlan& plan_;
  DaySpan all_;
  // By day since the first one.
  std::vector<absl::InlinedVector<uint32_t, 2>> spans_of_day_;
  std::vector<RollupGroup> groups_;
  // By span and values, encoded.
  absl::flat_hash_map<std::string, size_t> places_;
  absl::flat_hash_map<std::string, std::optional<std::string>> units_;
  std::string key_;
  statistics::Cell scratch_;
};

void UniteCells(const statistics::Cell& from, statistics::Cell* into);
// Count, clients, durations and sums as an answer shows them.
void ShowCell(const statistics::Cell& cell, query::v1::StatisticsCell* shown);

}  // namespace kefu::query
