#pragma once

// Roots and proofs of a tree whose hashes are kept in tiles, cut as in C2SP tlog-tiles (c2sp.org/tlog-tiles): tile i of
// level 0 holds the hashes of leaves 256 i to 256 i + 255; a full tile of level n has one hash in level n + 1, the root
// over it. Only the last tile of a level is not full.
//
// Concurrency: pure functions.

#include <functional>
#include <string>
#include <vector>

#include "platform/base/status.h"
#include "platform/merkle/hash.h"

namespace kefu::merkle {

// Of a tile: how many hashes it has at most, and by how many levels of the tree one of tiles goes up.
constexpr int64_t kTileHashes = 256;
constexpr int kTileHeight = 8;

// The hashes of a tile, one after the other. It may hold more than the tree that is asked about has (the log went on), not
// fewer. A function asks for each tile at most once a call.
using HashSource = std::function<StatusOr<std::string>(int level, int64_t index)>;

// From the bottom up.
using Path = std::vector<Hash>;

// All: kInvalidArgument for sizes and leaves that cannot be; kDataLoss where a tile has fewer hashes than it must; what the
// source says.

// Of the first `size` leaves. Reads at most one tile a level.
StatusOr<Hash> Root(int64_t size, const HashSource& source);
// That leaf `leaf`, from 0, is in the tree of `size` leaves (RFC 6962 §2.1.1). Reads at most two tiles a level.
StatusOr<Path> InclusionPath(int64_t leaf, int64_t size, const HashSource& source);
// That the tree of `new_size` leaves begins with that of `old_size` (RFC 6962 §2.1.2). Empty if they are the same, or the
// old one is empty. Reads at most two tiles a level.
StatusOr<Path> ConsistencyPath(int64_t old_size, int64_t new_size, const HashSource& source);

// The root over a whole tile, `tile` being its 256 hashes.
Hash TileRoot(std::string_view tile);
// How many hashes level `level` of a tree of `size` leaves has.
constexpr int64_t HashesInLevel(int64_t size, int level) { return size >> (kTileHeight * level); }

}  // namespace kefu::merkle
