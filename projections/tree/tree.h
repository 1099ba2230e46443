#pragma once

// The Merkle tree of RFC 6962 over the recorded bytes of every record of a partition, in the order of offsets: refused and
// doubled events are leaves, and so are bytes that are no event. reading.h reads it.

#include "projections/sdk/projection.h"
#include "projections/tree/size_row.h"

namespace kefu::tree {

// Hashes, cut as in C2SP tlog-tiles (platform/merkle/tree.h). Level 0 has full tiles only: the leaves behind them are in
// `size`. A tile of a higher level is written again with each hash it gets, once in 256 leaves at most.
struct Tiles {
  static constexpr std::string_view kName = "tiles";
  static constexpr uint8_t kId = 1;
  using Key = codec::KeyOf<int32_t, int64_t>;  // level, index
  using Row = sdk::RawBytes;
};

// One row.
struct Sizes {
  static constexpr std::string_view kName = "size";
  static constexpr uint8_t kId = 2;
  using Key = codec::KeyOf<int32_t>;  // 0
  using Row = SizeRow;
};

// Where Kafka leaves offsets out, so that leaf and offset are found from each other. Numbered, so that whoever can only get
// rows by key finds one by halving.
struct Gaps {
  static constexpr std::string_view kName = "gaps";
  static constexpr uint8_t kId = 3;
  using Key = codec::KeyOf<int64_t>;  // from 0
  using Row = Gap;
};

struct TreeView {
  static constexpr std::string_view kName = "tree";
  static constexpr int32_t kVersion = 1;
  static constexpr bool kTakesAll = true;
  using Events = sdk::AllEvents;
  using Tables = sdk::TypeList<Tiles, Sizes, Gaps>;
  using Indexes = sdk::TypeList<>;

  static sdk::Outcome Apply(const sdk::Recorded<events::v1::Event>& recorded, sdk::View<TreeView>& view);
};

}  // namespace kefu::tree
