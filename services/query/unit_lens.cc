#include "services/query/unit_lens.h"

#include <memory>

#include "platform/base/reason.h"
#include "services/query/units.h"

namespace kefu::query {
namespace {

using events::v1::UnitLevel;

StatusOr<UnitLevel> LevelOf(std::string_view name) {
  if (name.empty()) return events::v1::UNIT_LEVEL_UNSPECIFIED;
  if (name == "company") return events::v1::UNIT_LEVEL_COMPANY;
  if (name == "region") return events::v1::UNIT_LEVEL_REGION;
  if (name == "branch") return events::v1::UNIT_LEVEL_BRANCH;
  return WithReason(InvalidArgument("unit_level \"{}\": there are \"company\", \"region\" and \"branch\"",
                                    name.substr(0, 40)),
                    "UNIT_LEVEL_UNKNOWN", "unit_level");
}

}  // namespace

StatusOr<UnitLens> LookThrough(const engine::Engine& engine, std::string_view unit_id, std::string_view level) {
  UnitLens lens;
  ASSIGN_OR_RETURN(const UnitLevel wanted, LevelOf(level));
  if (unit_id.empty() && wanted == events::v1::UNIT_LEVEL_UNSPECIFIED) return lens;
  ASSIGN_OR_RETURN(Units read, Units::Read(*engine.At(kReferenceHome)));
  const auto units = std::make_shared<const Units>(std::move(read));
  std::optional<std::set<std::string>> only;
  if (!unit_id.empty()) {
    const auto below = units->WithAllBelow(unit_id);
    only.emplace(below.begin(), below.end());
    const auto* unit = units->Find(unit_id);
    lens.title = unit == nullptr || unit->name().empty() ? std::string(unit_id) : unit->name();
  }
  lens.unit_of = [units, only, wanted](const std::string& branch) -> std::optional<std::string> {
    if (only.has_value() && !only->contains(branch)) return std::nullopt;
    if (wanted == events::v1::UNIT_LEVEL_UNSPECIFIED) return std::string();
    if (units->Find(branch) == nullptr) return branch;
    return units->AboveAt(branch, wanted);
  };
  return lens;
}

}  // namespace kefu::query
