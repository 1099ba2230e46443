#include "projections/tree/tree.h"

#include "platform/merkle/tree.h"

namespace kefu::tree {

using Rows = sdk::View<TreeView>;

namespace {

// Puts `root`, the root over a full tile, into the level above, and on from there. False: the tile that it belongs into is
// not there, or is not as long as it must be.
bool AddAbove(int64_t full_tiles, merkle::Hash root, Rows& view) {
  for (int32_t level = 1;; ++level) {
    const int64_t index = (full_tiles - 1) / merkle::kTileHashes;
    const auto before = static_cast<size_t>((full_tiles - 1) % merkle::kTileHashes);
    // Where it begins there is none yet.
    const auto stored = view.FindRaw<Tiles>(level, index);
    if (stored.has_value() != (before > 0) || (before > 0 && stored->size() != before * merkle::kHashBytes)) return false;
    std::string tile(stored.value_or(""));
    tile.append(merkle::BytesOf(root));
    view.PutRaw<Tiles>(tile, level, index);
    if (full_tiles % merkle::kTileHashes != 0) return true;
    root = merkle::TileRoot(tile);
    full_tiles /= merkle::kTileHashes;
  }
}

}  // namespace

sdk::Outcome TreeView::Apply(const sdk::Recorded<events::v1::Event>& recorded, Rows& view) {
  SizeRow& size = view.Edit<Sizes>(0);
  const int64_t offset = recorded.record.offset.value();
  if (offset != (size.leaves == 0 ? 0 : size.last_offset + 1)) {
    Gap& gap = view.Edit<Gaps>(size.gaps++);
    gap.set_offset(offset);
    gap.set_leaf(size.leaves);
  }
  size.last_offset = offset;
  ++size.leaves;
  size.open.append(merkle::BytesOf(merkle::LeafHash(recorded.record.bytes)));
  if (size.leaves % merkle::kTileHashes != 0) return sdk::Applied();
  const int64_t full_tiles = size.leaves / merkle::kTileHashes;
  view.PutRaw<Tiles>(size.open, 0, full_tiles - 1);
  const merkle::Hash root = merkle::TileRoot(size.open);
  size.open.clear();
  return AddAbove(full_tiles, root, view) ? sdk::Applied() : sdk::Parked("tile_damaged");
}

}  // namespace kefu::tree
