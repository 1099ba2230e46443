#pragma once

// The statistics cubes, declared as data. A cube counts one family of events by its dimensions and by day; a query
// rolls days up to weeks, months, quarters and years, and dimensions away. Ids are on disk: a new cube takes a new id;
// a change to a cube's dimensions takes a new version of the view.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kefu::statistics {

// A day ends at midnight of this zone, the branches' own (UTC+8), whatever the zone of a server or a reader.
inline constexpr int64_t kZoneOffsetSeconds = 8 * 3600;

// Which events a cube counts. Each event belongs to one family at most, each family to one cube: an event is counted
// in one cell, and one posting leads from the cell to it.
enum class Family : int32_t { kContact = 1, kCase = 2, kOffer = 3 };

// What an event can tell about itself. The fold fills these in; a cube picks from them.
enum class Fact : uint8_t {
  kNothing,
  // The office: of a case where that is known, else of the event.
  kBranch,
  // What happened to a case: "opened", "acknowledged", "escalated", "resolved", "closed", "reopened", "withdrawn".
  kStep,
  // "complaint", "request".
  kCaseKind,
  kChannel,
  // "inbound", "outbound".
  kDirection,
  // What it is about: the topic of a contact, the category of a case at that moment.
  kCategory,
  // How a contact ended; how a case was resolved.
  kOutcome,
  // "sent", "accepted", "declined" …
  kStage,
  kProduct,
};
inline constexpr size_t kFacts = static_cast<size_t>(Fact::kProduct) + 1;

struct Dimension {
  std::string_view name;
  Fact fact = Fact::kNothing;
  // Producers choose the values, so their number must be held down.
  bool free = false;
};

inline constexpr size_t kMostDimensions = 7;

struct Cube {
  int32_t id;
  std::string_view name;
  Family family;
  // From the left; those not used have no name.
  std::array<Dimension, kMostDimensions> dimensions;

  constexpr size_t size() const {
    size_t count = 0;
    while (count < dimensions.size() && !dimensions[count].name.empty()) ++count;
    return count;
  }
};

inline constexpr Cube kCubes[] = {
    // Duration: of the contact.
    {1,
     "contacts",
     Family::kContact,
     {{{"branch", Fact::kBranch, true},
       {"channel", Fact::kChannel},
       {"direction", Fact::kDirection},
       {"topic", Fact::kCategory, true},
       {"outcome", Fact::kOutcome, true}}}},
    // Duration: since the case was opened.
    {2,
     "cases",
     Family::kCase,
     {{{"branch", Fact::kBranch, true},
       {"step", Fact::kStep},
       {"kind", Fact::kCaseKind},
       {"channel", Fact::kChannel},
       {"category", Fact::kCategory, true},
       {"outcome", Fact::kOutcome},
       {"product", Fact::kProduct, true}}}},
    {3,
     "offers",
     Family::kOffer,
     {{{"branch", Fact::kBranch, true}, {"stage", Fact::kStage}, {"product", Fact::kProduct, true}}}},
};

// A value longer than this, and a value that appears when a dimension has this many already (in a partition), counts
// as "other": faulty senders must not make cells without end.
inline constexpr size_t kMostValueBytes = 64;
inline constexpr int kMostValues = 1000;
inline constexpr std::string_view kOther = "other";

// Null if there is no such cube.
constexpr const Cube* FindCube(std::string_view name) {
  for (const Cube& cube : kCubes)
    if (cube.name == name) return &cube;
  return nullptr;
}
constexpr const Cube& CubeOf(Family family) {
  for (const Cube& cube : kCubes)
    if (cube.family == family) return cube;
  return kCubes[0];
}

}  // namespace kefu::statistics
