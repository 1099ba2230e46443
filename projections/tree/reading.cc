#include "projections/tree/reading.h"

#include <algorithm>

#include "projections/tree/tree.h"

namespace kefu::tree {

struct Reading::State {
  GetRow get;
  SizeRow size;

  // Stretch 0 begins with the log; stretch i > 0 behind gap i - 1.
  StatusOr<Gap> BeginOf(int64_t stretch) const {
    Gap begin;
    if (stretch == 0) return begin;
    ASSIGN_OR_RETURN(const auto row, get(Gaps::kName, Gaps::Key::Encode(stretch - 1)));
    if (!row.has_value() || !begin.ParseFromString(*row))
      return DataLoss("gap {} of {} in the tree is missing or damaged; rebuild the view", stretch - 1, size.gaps);
    return begin;
  }

  StatusOr<std::string> Tile(int level, int64_t index) const {
    if (level == 0 && index == size.leaves / merkle::kTileHashes) return size.open;
    ASSIGN_OR_RETURN(auto row, get(Tiles::kName, Tiles::Key::Encode(level, index)));
    if (!row.has_value()) return DataLoss("tile {} of level {} is missing in the tree; rebuild the view", index, level);
    return *std::move(row);
  }
};

StatusOr<Reading> Reading::Open(GetRow get) {
  auto state = std::make_shared<State>();
  state->get = std::move(get);
  ASSIGN_OR_RETURN(const auto row, state->get(Sizes::kName, Sizes::Key::Encode(0)));
  if (row.has_value() && !state->size.Parse(*row)) return DataLoss("the size of the tree is damaged; rebuild the view");
  return Reading(std::move(state));
}

int64_t Reading::size() const { return state_->size.leaves; }

Offset Reading::next_offset() const { return Offset(size() == 0 ? 0 : state_->size.last_offset + 1); }

template <class BeginsBefore>
StatusOr<Reading::Stretch> Reading::Find(BeginsBefore begins_before) const {
  int64_t found = 0, beyond = state_->size.gaps + 1;
  Gap begin, next;
  while (beyond - found > 1) {
    const int64_t middle = found + (beyond - found) / 2;
    ASSIGN_OR_RETURN(const Gap tried, state_->BeginOf(middle));
    if (begins_before(tried)) {
      found = middle;
      begin = tried;
    } else {
      beyond = middle;
      next = tried;
    }
  }
  return Stretch{begin.offset(), begin.leaf(), beyond <= state_->size.gaps ? next.leaf() : size()};
}

StatusOr<int64_t> Reading::LeavesBefore(Offset offset) const {
  if (offset >= next_offset()) return size();
  ASSIGN_OR_RETURN(const Stretch stretch, Find([&](const Gap& begin) { return begin.offset() <= offset.value(); }));
  // Within a gap: those before it.
  return std::clamp(stretch.leaf + (offset.value() - stretch.offset), int64_t{0}, stretch.end_leaf);
}

StatusOr<int64_t> Reading::LeafOf(Offset offset) const {
  if (offset >= next_offset())
    return OutOfRange("offset {} is not in the tree yet: it has the records before {}", offset, next_offset());
  if (offset < Offset(0)) return OutOfRange("there is no offset {}", offset);
  ASSIGN_OR_RETURN(const int64_t leaf, LeavesBefore(offset));
  ASSIGN_OR_RETURN(const Offset there, OffsetOf(leaf));
  if (there != offset) return NotFound("the log has no record with offset {}; the next one has {}", offset, there);
  return leaf;
}

StatusOr<Offset> Reading::OffsetOf(int64_t leaf) const {
  if (leaf < 0 || leaf >= size()) return OutOfRange("the tree has no leaf {}: it has {}", leaf, size());
  ASSIGN_OR_RETURN(const Stretch stretch, Find([&](const Gap& begin) { return begin.leaf() <= leaf; }));
  return Offset(stretch.offset + (leaf - stretch.leaf));
}

StatusOr<merkle::Hash> Reading::LeafHash(int64_t leaf) const {
  if (leaf < 0 || leaf >= size()) return OutOfRange("the tree has no leaf {}: it has {}", leaf, size());
  ASSIGN_OR_RETURN(const std::string tile, state_->Tile(0, leaf / merkle::kTileHashes));
  const size_t at = static_cast<size_t>(leaf % merkle::kTileHashes) * merkle::kHashBytes;
  if (tile.size() < at + merkle::kHashBytes)
    return DataLoss("tile {} of the tree has {} bytes; rebuild the view", leaf / merkle::kTileHashes, tile.size());
  return *merkle::HashFrom(std::string_view(tile).substr(at, merkle::kHashBytes));
}

merkle::HashSource Reading::Hashes() const {
  return [state = state_](int level, int64_t index) { return state->Tile(level, index); };
}

}  // namespace kefu::tree
