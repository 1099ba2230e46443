#pragma once

// Which cells of a cube a request means, and walking them. Counting and opening both come through here, so that they
// cannot mean different cells.

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/base/status.h"
#include "projections/engine/engine.h"
#include "projections/statistics/statistics.h"
#include "services/query/filter.h"

namespace kefu::query {

// The longest span of days one request may ask for: some ten years.
inline constexpr int32_t kMostDays = 3700;

struct CubeCells {
  const statistics::Cube* cube = nullptr;
  // Both included.
  int32_t from_day = 0;
  int32_t to_day = 0;
  Filter filter;
  // The filter as it was given.
  std::string filter_text;
  // Besides, what dimensions must be, by their places in the cube.
  std::vector<std::pair<size_t, std::string>> values;
  // Besides, what the branch must be one of, if it is not absent.
  std::optional<std::set<std::string>> branches;

  bool Take(const statistics::CellKey& key) const;
};

// The place of the branch: every cube's first dimension.
inline constexpr size_t kBranchPlace = 0;

// kInvalidArgument: CUBE_UNKNOWN, DAY_INVALID, DAYS_REVERSED, DAYS_TOO_MANY, or what filters say.
StatusOr<CubeCells> ReadCubeCells(std::string_view cube, std::string_view from_day, std::string_view to_day,
                                  std::string_view filter);

// Of a cube that is known. kInvalidArgument: what filters say.
Status SetFilter(std::string_view filter, CubeCells* cells);

// A dimension's place in the cube. kInvalidArgument (DIMENSION_UNKNOWN) about `field`.
StatusOr<size_t> DimensionOf(const statistics::Cube& cube, std::string_view name, std::string_view field);

struct CubeCell {
  std::string_view key;
  int32_t day = 0;
  // The dimensions, in the cube's order.
  const statistics::CellKey& values;
  // A serialised statistics.Cell.
  std::string_view stored;
};

// Shows the cells of one partition to `take`, in the order of their keys, from `from_key` on (empty: all), until it
// says false. Only those that are meant.
Status EachCell(const engine::PartitionView& partition, const CubeCells& cells, std::string_view from_key,
                const std::function<Status()>& keeps_going,
                const std::function<StatusOr<bool>(const CubeCell& cell)>& take);

// `filter` narrowed to a value of one more dimension, as text.
std::string Narrowed(std::string_view filter, std::string_view dimension, std::string_view value);
// `filter` narrowed to some values of one more dimension; to nothing if there are none.
std::string NarrowedToAny(std::string_view filter, std::string_view dimension, const std::set<std::string>& values);

}  // namespace kefu::query
