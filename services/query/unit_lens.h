#pragma once

// Branches seen as units of the firm, as the tree is at the moment of the question.

#include <string_view>

#include "services/query/cube_rollup.h"
#include "services/query/reader.h"

namespace kefu::query {

struct UnitLens {
  // Absent unless a unit or a level was asked for.
  UnitOfBranch unit_of;
  // What an answer calls the unit: its name, else its id; empty for all.
  std::string title;
};

// `unit_id`: only branches at or below it; empty: all. `level`: "company", "region" or "branch"; empty: branches are not
// mapped, and the unit of each is empty. A branch that nobody published is its own unit, at every level.
// kInvalidArgument (UNIT_LEVEL_UNKNOWN) about unit_level.
StatusOr<UnitLens> LookThrough(const engine::Engine& engine, std::string_view unit_id, std::string_view level);

}  // namespace kefu::query
