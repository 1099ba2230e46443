#pragma once

// Named sums of a cell: ascending by name, each once, so that merging in any order gives the same bytes.

#include <cstdint>
#include <string_view>

#include "projections/statistics/rows.pb.h"

namespace kefu::statistics {

// Stops at the ends of int64 instead of going round.
void AddSum(std::string_view name, int64_t value, Cell* cell);
void MergeSums(const Cell& from, Cell* into);
// 0 if there is none.
int64_t SumNamed(const Cell& cell, std::string_view name);

}  // namespace kefu::statistics
