#include "services/query/cell_token.h"

#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "services/query/cell_token.pb.h"

namespace kefu::query {
namespace {

// What these tokens have in the place of a query's hash, so that none passes for a page token.
const std::string& Kind() {
  static const auto* hash = new std::string(PageTokens::QueryHash({"cell_token"}));
  return *hash;
}

Status Invalid(std::string_view what) {
  return WithReason(InvalidArgument("cell_token: {}; ask for the figure again", what), "CELL_TOKEN_INVALID",
                    "cell_token");
}

}  // namespace

std::vector<int64_t> CountedUntil(const Moment& moment) {
  std::vector<int64_t> next_offsets;
  for (const auto& partition : moment.partitions())
    next_offsets.push_back(partition->next_offset(statistics::StatisticsView::kName).value());
  return next_offsets;
}

CellTokens::CellTokens(std::string key, std::string_view log_id)
    : tokens_(std::move(key)), log_(FastHash64(log_id)) {}

std::string CellTokens::Make(const CountedCells& counted) const {
  const CubeCells& cells = counted.cells;
  CellTokenContent content;
  content.set_cube(cells.cube->id);
  content.set_from_day(cells.from_day);
  content.set_to_day(cells.to_day);
  content.set_filter(cells.filter_text);
  for (const auto& [place, value] : cells.values) {
    auto* added = content.add_values();
    added->set_dimension(std::string(cells.cube->dimensions[place].name));
    added->set_value(value);
  }
  content.set_only_branches(cells.branches.has_value());
  if (cells.branches.has_value())
    for (const std::string& branch : *cells.branches) content.add_branches(branch);
  content.set_log(log_);
  for (const int64_t next : counted.next_offsets) content.add_next_offsets(next);
  content.set_count(counted.count);
  return tokens_.Make(Kind(), content.SerializeAsString());
}

StatusOr<CountedCells> CellTokens::Open(std::string_view token) const {
  const auto opened = tokens_.Open(token, Kind());
  CellTokenContent content;
  if (!opened.ok() || token.empty() || !content.ParseFromString(*opened))
    return Invalid("it is not one of ours, or was changed");
  if (content.log() != log_) return Invalid("it is of another log");
  CountedCells counted;
  CubeCells& cells = counted.cells;
  for (const statistics::Cube& cube : statistics::kCubes)
    if (cube.id == content.cube()) cells.cube = &cube;
  if (cells.cube == nullptr) return Invalid("its cube is no more");
  cells.from_day = content.from_day();
  cells.to_day = content.to_day();
  RETURN_IF_ERROR(SetFilter(content.filter(), &cells));
  for (const CellTokenValue& value : content.values()) {
    const auto place = DimensionOf(*cells.cube, value.dimension(), "cell_token");
    if (!place.ok()) return Invalid("its cube has other dimensions now");
    cells.values.emplace_back(*place, value.value());
  }
  if (content.only_branches()) cells.branches.emplace(content.branches().begin(), content.branches().end());
  counted.next_offsets.assign(content.next_offsets().begin(), content.next_offsets().end());
  counted.count = content.count();
  return counted;
}

}  // namespace kefu::query
