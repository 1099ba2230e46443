#include "services/query/units.h"

#include <set>

#include "platform/codec/key.h"
#include "projections/reference/reference.h"

namespace kefu::query {

namespace {

using events::v1::CalendarPublished;
using events::v1::UnitPublished;
using reference::Items;
using v1::Reference;
using reference::ReferenceView;

StatusOr<Reference> Decode(std::string_view stored) {
  Reference row;
  if (!row.ParseFromArray(stored.data(), static_cast<int>(stored.size())))
    return DataLoss("a row of the view \"reference\" cannot be read; rebuild the view");
  return row;
}

// The newest version of an item; nothing if there is none.
StatusOr<std::optional<Reference>> Newest(const engine::PartitionView& home, v1::ReferenceKind kind,
                                          std::string_view id) {
  const std::string prefix = codec::Key(static_cast<int32_t>(kind), id);
  ASSIGN_OR_RETURN(const auto cursor, home.Scan(ReferenceView::kName, Items::kName, prefix, codec::PrefixEnd(prefix),
                                                store::Order::kDescending));
  if (!cursor->Valid()) {
    RETURN_IF_ERROR(cursor->status());
    return std::optional<Reference>();
  }
  ASSIGN_OR_RETURN(Reference row, Decode(cursor->value()));
  return std::optional<Reference>(std::move(row));
}

}  // namespace

StatusOr<Units> Units::Read(const engine::PartitionView& home) {
  Units units;
  const std::string prefix = codec::Key(static_cast<int32_t>(v1::REFERENCE_KIND_UNIT));
  ASSIGN_OR_RETURN(const auto cursor,
                   home.Scan(ReferenceView::kName, Items::kName, prefix, codec::PrefixEnd(prefix)));
  // Versions of one unit rise, so the last one stays.
  for (; cursor->Valid(); cursor->Next()) {
    ASSIGN_OR_RETURN(Reference row, Decode(cursor->value()));
    units.units_[row.reference_id()] = std::move(*row.mutable_event()->mutable_unit_published());
  }
  RETURN_IF_ERROR(cursor->status());
  return units;
}

const UnitPublished* Units::Find(std::string_view unit_id) const {
  const auto found = units_.find(unit_id);
  return found == units_.end() ? nullptr : &found->second;
}

std::vector<std::string> Units::WithAllBelow(std::string_view unit_id) const {
  std::set<std::string> all = {std::string(unit_id)};
  std::vector<std::string> open = {std::string(unit_id)};
  std::multimap<std::string_view, std::string_view> below;
  for (const auto& [id, unit] : units_)
    if (!unit.parent_unit_id().empty()) below.emplace(unit.parent_unit_id(), id);
  while (!open.empty()) {
    const std::string unit = std::move(open.back());
    open.pop_back();
    const auto [first, last] = below.equal_range(unit);
    // Admission keeps cycles out; a unit that was met before would still be taken once only.
    for (auto each = first; each != last; ++each)
      if (all.emplace(each->second).second) open.emplace_back(each->second);
  }
  return {all.begin(), all.end()};
}

std::string Units::AboveAt(std::string_view unit_id, events::v1::UnitLevel level) const {
  const UnitPublished* unit = Find(unit_id);
  for (int steps = 0; unit != nullptr && steps <= kDeepestUnit; ++steps, unit = Find(unit->parent_unit_id()))
    if (unit->level() == level) return unit->unit_id();
  return {};
}

std::string Units::CalendarOf(std::string_view unit_id) const {
  const UnitPublished* unit = Find(unit_id);
  for (int steps = 0; unit != nullptr && steps <= kDeepestUnit; ++steps, unit = Find(unit->parent_unit_id()))
    if (!unit->calendar_id().empty()) return unit->calendar_id();
  return {};
}

StatusOr<std::optional<CalendarPublished>> NewestCalendar(const engine::PartitionView& home,
                                                          std::string_view calendar_id) {
  ASSIGN_OR_RETURN(auto newest, Newest(home, v1::REFERENCE_KIND_CALENDAR, calendar_id));
  if (!newest.has_value()) return std::optional<CalendarPublished>();
  return std::optional<CalendarPublished>(std::move(*newest->mutable_event()->mutable_calendar_published()));
}

StatusOr<std::optional<CalendarPublished>> CalendarInForce(const engine::PartitionView& home,
                                                           std::string_view unit_id) {
  std::string id(unit_id);
  for (int steps = 0; !id.empty() && steps <= kDeepestUnit; ++steps) {
    ASSIGN_OR_RETURN(const auto row, Newest(home, v1::REFERENCE_KIND_UNIT, id));
    if (!row.has_value()) break;
    const UnitPublished& unit = row->event().unit_published();
    if (!unit.calendar_id().empty()) return NewestCalendar(home, unit.calendar_id());
    id = unit.parent_unit_id();
  }
  return std::optional<CalendarPublished>();
}

}  // namespace kefu::query
