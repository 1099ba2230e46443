#pragma once

// Units of the firm and the calendars in force, read from partition 0's `reference` view: what every query that needs a
// unit's place, hours or zone asks.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kefu/events/v1/calendar.pb.h"
#include "kefu/events/v1/reference.pb.h"
#include "platform/base/status.h"
#include "projections/engine/engine.h"

namespace kefu::query {

// Where reference data is read: `engine.At(kReferenceHome)`.
inline constexpr Partition kReferenceHome{0};

// How many units are walked upwards from one at most.
inline constexpr int kDeepestUnit = 16;

// The tree of units as published last. Immutable; copies are as dear as the tree. Thread-safe.
class Units {
 public:
  // Reads all units: one scan of every version of each. `home` is partition 0. kFailedPrecondition if that partition is
  // stopped; kDataLoss if a row cannot be read.
  static StatusOr<Units> Read(const engine::PartitionView& home);

  // Null: never published. Closed units are there.
  const events::v1::UnitPublished* Find(std::string_view unit_id) const;
  // The unit and all below it, in the order of their ids. Just `unit_id` if it is unknown: an event may name a branch
  // that nobody published.
  std::vector<std::string> WithAllBelow(std::string_view unit_id) const;
  // The unit itself or the nearest one above it at `level`; empty if there is none.
  std::string AboveAt(std::string_view unit_id, events::v1::UnitLevel level) const;
  // The calendar of the unit, or of the nearest one above that has one; empty if none has.
  std::string CalendarOf(std::string_view unit_id) const;
  // In the order of their ids.
  const std::map<std::string, events::v1::UnitPublished, std::less<>>& all() const { return units_; }

 private:
  std::map<std::string, events::v1::UnitPublished, std::less<>> units_;
};

// The newest version of a calendar; nothing if it was never published. One look into the view.
StatusOr<std::optional<events::v1::CalendarPublished>> NewestCalendar(const engine::PartitionView& home,
                                                                      std::string_view calendar_id);

// The calendar whose zone and hours are a branch's (or any unit's): its own, or that of the nearest unit above that has
// one. Nothing if the unit is unknown or none has one: then the branches' own zone holds (sdk/branch_time.h). At most
// kDeepestUnit + 1 looks into the view, whatever the number of units.
StatusOr<std::optional<events::v1::CalendarPublished>> CalendarInForce(const engine::PartitionView& home,
                                                                       std::string_view unit_id);

}  // namespace kefu::query
