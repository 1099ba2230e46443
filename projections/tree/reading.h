#pragma once

// Reads a partition's tree from the rows of the view, wherever they lie: in a live partition, in a moment of the past, in a
// test.
//
//   const auto get = [view](std::string_view table, std::string_view key) -> StatusOr<std::optional<std::string>> {
//     store::PinnedValue row;                                       // view: std::shared_ptr<const engine::PartitionView>
//     ASSIGN_OR_RETURN(const bool found, view->Get(tree::TreeView::kName, table, key, &row));
//     if (!found) return std::nullopt;
//     return std::string(row.view());
//   };
//   ASSIGN_OR_RETURN(const tree::Reading reading, tree::Reading::Open(get));
//   ASSIGN_OR_RETURN(const merkle::Path path, merkle::InclusionPath(leaf, reading.size(), reading.Hashes()));

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "platform/base/ids.h"
#include "platform/merkle/tree.h"

namespace kefu::tree {

// The stored bytes of a row of view `tree`; nothing: there is no such row. All rows must be of one moment. Thread-safe if
// the reading is to be.
using GetRow = std::function<StatusOr<std::optional<std::string>>(std::string_view table, std::string_view key)>;

// Concurrency: thread-safe. Cost: a copy is cheap.
class Reading {
 public:
  // Reads the row of the size. kDataLoss: it is damaged; otherwise what `get` says, here and below.
  static StatusOr<Reading> Open(GetRow get);

  // How many leaves the tree has.
  int64_t size() const;
  // The offset after the last leaf's; 0 without leaves.
  Offset next_offset() const;

  // kOutOfRange: the record is not in the tree yet. kNotFound: the log has no record with this offset. Both ways cost one
  // row for each doubling of the number of gaps, and nothing where offsets follow one another.
  StatusOr<int64_t> LeafOf(Offset offset) const;
  // kOutOfRange: there is no such leaf.
  StatusOr<Offset> OffsetOf(int64_t leaf) const;
  // How many leaves have offsets before this one, which may be beyond the last.
  StatusOr<int64_t> LeavesBefore(Offset offset) const;

  // kOutOfRange as above. Reads one tile.
  StatusOr<merkle::Hash> LeafHash(int64_t leaf) const;
  // For platform/merkle. Outlives the reading.
  merkle::HashSource Hashes() const;

 private:
  struct State;
  explicit Reading(std::shared_ptr<const State> state) : state_(std::move(state)) {}

  // Stretches of offsets without gaps: one before the first gap, one behind each.
  struct Stretch {
    int64_t offset = 0;
    int64_t leaf = 0;
    int64_t end_leaf = 0;  // the first of the next one, or the size
  };
  // The stretch that begins last among those with `begins_before` true; that is so of all up to one.
  template <class BeginsBefore>
  StatusOr<Stretch> Find(BeginsBefore begins_before) const;

  std::shared_ptr<const State> state_;
};

}  // namespace kefu::tree
