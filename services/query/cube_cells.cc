#include "services/query/cube_cells.h"

#include <algorithm>
#include <utility>

#include "platform/base/reason.h"
#include "platform/codec/key.h"
#include "services/query/days.h"
#include "services/query/page.h"

namespace kefu::query {
namespace {

using statistics::Cube;
using statistics::kMostDimensions;

static_assert(std::all_of(std::begin(statistics::kCubes), std::end(statistics::kCubes),
                          [](const Cube& cube) { return cube.dimensions[kBranchPlace].name == "branch"; }));

template <size_t kPlace>
void ReadPlace(const google::protobuf::Message& row, FieldValue* out) {
  const std::string& value = static_cast<const statistics::CellKey&>(row).values(kPlace);
  out->texts.push_back(value);
  out->present = !value.empty();
}

template <size_t... kPlaces>
FilterTable TableOf(const Cube& cube, std::index_sequence<kPlaces...>) {
  constexpr void (*kReaders[])(const google::protobuf::Message&, FieldValue*) = {&ReadPlace<kPlaces>...};
  FilterTable table{cube.name, {}};
  for (size_t i = 0; i < cube.size(); ++i)
    table.fields.push_back({cube.dimensions[i].name, FieldType::kText, kReaders[i], nullptr, false});
  return table;
}

const FilterTable& FieldsOf(const Cube& cube) {
  static const auto* tables = [] {
    auto* made = new std::vector<FilterTable>;
    for (const Cube& each : statistics::kCubes)
      made->push_back(TableOf(each, std::make_index_sequence<kMostDimensions>()));
    return made;
  }();
  return (*tables)[static_cast<size_t>(&cube - std::begin(statistics::kCubes))];
}

// A cell's key in its parts; the values of dimensions that the cube does not have are left out.
bool TakeCellKey(const Cube& cube, std::string_view key, int32_t* day, statistics::CellKey* values) {
  int32_t id = 0;
  if (!codec::TakePart(key, &id) || !codec::TakePart(key, day)) return false;
  values->clear_values();
  std::string value;
  for (size_t i = 0; i < kMostDimensions; ++i) {
    if (!codec::TakePart(key, &value)) return false;
    if (i < cube.size()) values->add_values(value);
  }
  return key.empty();
}

}  // namespace

StatusOr<CubeCells> ReadCubeCells(std::string_view cube, std::string_view from_day, std::string_view to_day,
                                  std::string_view filter) {
  CubeCells cells;
  cells.cube = statistics::FindCube(cube);
  if (cells.cube == nullptr) {
    std::string known;
    for (const Cube& each : statistics::kCubes) known += fmt::format(" \"{}\"", each.name);
    return WithReason(InvalidArgument("cube \"{}\" is none; there are{}", cube.substr(0, 40), known), "CUBE_UNKNOWN",
                      "cube");
  }
  ASSIGN_OR_RETURN(cells.from_day, ParseDay(from_day, "from_day"));
  ASSIGN_OR_RETURN(cells.to_day, ParseDay(to_day, "to_day"));
  if (cells.from_day > cells.to_day)
    return WithReason(InvalidArgument("from_day {} is after to_day {}", from_day, to_day), "DAYS_REVERSED", "from_day");
  if (cells.to_day - cells.from_day >= kMostDays)
    return WithReason(InvalidArgument("from_day {} to to_day {} are {} days; {} are the most", from_day, to_day,
                                      cells.to_day - cells.from_day + 1, kMostDays),
                      "DAYS_TOO_MANY", "to_day");
  RETURN_IF_ERROR(SetFilter(filter, &cells));
  return cells;
}

Status SetFilter(std::string_view filter, CubeCells* cells) {
  ASSIGN_OR_RETURN(cells->filter, Filter::Parse(filter, FieldsOf(*cells->cube)));
  cells->filter_text = filter;
  return OkStatus();
}

bool CubeCells::Take(const statistics::CellKey& key) const {
  for (const auto& [place, value] : values)
    if (key.values(static_cast<int>(place)) != value) return false;
  if (branches.has_value() && !branches->contains(key.values(kBranchPlace))) return false;
  return filter.Matches(key);
}

StatusOr<size_t> DimensionOf(const Cube& cube, std::string_view name, std::string_view field) {
  std::string known;
  for (size_t i = 0; i < cube.size(); ++i) {
    if (cube.dimensions[i].name == name) return i;
    known += fmt::format(" \"{}\"", cube.dimensions[i].name);
  }
  return WithReason(InvalidArgument("{}: cube \"{}\" has no dimension \"{}\"; there are{}", field, cube.name,
                                    name.substr(0, 40), known),
                    "DIMENSION_UNKNOWN", field);
}

Status EachCell(const engine::PartitionView& partition, const CubeCells& cells, std::string_view from_key,
                const std::function<Status()>& keeps_going,
                const std::function<StatusOr<bool>(const CubeCell& cell)>& take) {
  const std::string lower = std::max(codec::Key(cells.cube->id, cells.from_day), std::string(from_key));
  ASSIGN_OR_RETURN(const auto rows, partition.Scan(statistics::StatisticsView::kName, statistics::Cells::kName, lower,
                                                   codec::Key(cells.cube->id, cells.to_day + 1)));
  statistics::CellKey values;
  for (int64_t examined = 1; rows->Valid(); rows->Next(), ++examined) {
    if (examined % kRowsBetweenChecks == 0) RETURN_IF_ERROR(keeps_going());
    int32_t day = 0;
    if (!TakeCellKey(*cells.cube, rows->key(), &day, &values))
      return DataLoss("partition {}: a cell has a key that is none; rebuild the view statistics",
                      partition.partition());
    if (!cells.Take(values)) continue;
    ASSIGN_OR_RETURN(const bool more, take({rows->key(), day, values, rows->value()}));
    if (!more) return OkStatus();
  }
  return rows->status();
}

namespace {

// `dimension` is `value`, as a filter says it.
std::string TermOf(std::string_view dimension, std::string_view value) {
  if (value.empty()) return fmt::format("NOT {}:*", dimension);
  std::string term = fmt::format("{} = \"", dimension);
  for (const char c : value) {
    if (c == '"' || c == '\\' || c == '*') term.push_back('\\');
    term.push_back(c);
  }
  return term + '"';
}

std::string And(std::string_view filter, std::string_view more) {
  return filter.empty() ? std::string(more) : fmt::format("({}) AND {}", filter, more);
}

}  // namespace

std::string Narrowed(std::string_view filter, std::string_view dimension, std::string_view value) {
  return And(filter, TermOf(dimension, value));
}

std::string NarrowedToAny(std::string_view filter, std::string_view dimension, const std::set<std::string>& values) {
  std::string any;
  for (const std::string& value : values) any += (any.empty() ? "" : " OR ") + TermOf(dimension, value);
  // Nothing is and is not said.
  if (values.empty()) any = fmt::format("{}:* AND NOT {}:*", dimension, dimension);
  return And(filter, fmt::format("({})", any));
}

}  // namespace kefu::query
