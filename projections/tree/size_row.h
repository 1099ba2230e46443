#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "projections/tree/rows.pb.h"

namespace kefu::tree {

// A Size in memory. Every record appends to it, so the hashes of the last leaves grow in place and are written once a batch.
// Concurrency: none.
class SizeRow {
 public:
  using Message = Size;

  // False also where there are not as many hashes as leaves behind the last full tile.
  bool Parse(std::string_view bytes);
  void AppendTo(std::string* bytes) const;
  size_t MemoryBytes() const { return open.capacity(); }
  void Prefetch() const {}

  int64_t leaves = 0;
  int64_t last_offset = 0;
  int64_t gaps = 0;
  std::string open;
};

}  // namespace kefu::tree
