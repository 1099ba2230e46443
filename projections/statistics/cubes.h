#pragma once

// The statistics cubes, declared as data. A cube counts one family of events by its dimensions and by day; a query
// rolls days up to weeks, months, quarters and years, and dimensions away. Ids are on disk: a new cube takes a new id;
// a change to a cube's dimensions takes a new version of the view.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kefu::statistics {

// Which events a cube counts. Each event belongs to one family at most, each family to one cube: an event is counted
// in one cell, and one posting leads from the cell to it.
enum class Family : int32_t {
  kContact = 1,
  kCase = 2,
  kOffer = 3,
  kClock = 4,
  kUndertaking = 5,
  kRating = 6,
  kTrading = 7,
};

// What an event can tell about itself. Explain fills these in; a cube picks from them.
enum class Fact : uint8_t {
  kNothing,
  // The office: of a case where that is known, else of the event.
  kBranch,
  // What happened. To a case: "opened", "acknowledged", "escalated", "resolved", "closed", "reopened", "withdrawn". To
  // a clock: "started", "met", "met_late", "breached", "retracted", "dropped". To an undertaking: "made", "kept",
  // "kept_late", "released" (promises), "planned", "done", "done_late", "cancelled" (call-backs).
  kStep,
  // "complaint", "request"; "promise", "call_back".
  kKind,
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
  // The root cause a case was resolved with.
  kCause,
  // The client's tier at that moment; of a case: when it was opened.
  kTier,
  // "pack/clock".
  kClock,
  // "csat", "nps".
  kScale,
  // "0" to "10".
  kScore,
  // The member of staff it is about: as told, else who has the case.
  kBroker,
};
inline constexpr size_t kFacts = static_cast<size_t>(Fact::kBroker) + 1;

struct Dimension {
  std::string_view name;
  Fact fact = Fact::kNothing;
  // Producers choose the values, so their number must be held down.
  bool free = false;
};

inline constexpr size_t kMostDimensions = 9;

// A sum over a cube's events; of amounts there is one for each currency, "redress.CNY", in minor units.
struct SumOf {
  std::string_view name;
  bool by_currency = false;
};

struct Cube {
  int32_t id;
  std::string_view name;
  Family family;
  // From the left; those not used have no name.
  std::array<Dimension, kMostDimensions> dimensions;
  // Some of its events have a duration.
  bool timed = false;
  // Those not used have no name.
  std::array<SumOf, 2> sums = {};

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
       {"outcome", Fact::kOutcome, true},
       {"tier", Fact::kTier, true}}},
     true},
    // Duration: since the case was opened. Redress: of those resolved.
    {2,
     "cases",
     Family::kCase,
     {{{"branch", Fact::kBranch, true},
       {"step", Fact::kStep},
       {"kind", Fact::kKind},
       {"channel", Fact::kChannel},
       {"category", Fact::kCategory, true},
       {"outcome", Fact::kOutcome},
       {"product", Fact::kProduct, true},
       {"cause", Fact::kCause, true},
       {"tier", Fact::kTier, true}}},
     true,
     {{{"redress", true}}}},
    {3,
     "offers",
     Family::kOffer,
     {{{"branch", Fact::kBranch, true},
       {"stage", Fact::kStage},
       {"product", Fact::kProduct, true},
       {"tier", Fact::kTier, true}}}},
    // Duration: from its start until it was met or dropped.
    {4,
     "clocks",
     Family::kClock,
     {{{"branch", Fact::kBranch, true},
       {"event", Fact::kStep},
       {"clock", Fact::kClock, true},
       {"kind", Fact::kKind},
       {"category", Fact::kCategory, true},
       {"tier", Fact::kTier, true}}},
     true},
    // Duration: from making it to settling it.
    {5,
     "undertakings",
     Family::kUndertaking,
     {{{"branch", Fact::kBranch, true},
       {"event", Fact::kStep},
       {"kind", Fact::kKind},
       {"tier", Fact::kTier, true}}},
     true},
    {6,
     "ratings",
     Family::kRating,
     {{{"branch", Fact::kBranch, true},
       {"channel", Fact::kChannel},
       {"scale", Fact::kScale},
       {"score", Fact::kScore},
       {"tier", Fact::kTier, true},
       {"broker", Fact::kBroker, true},
       {"product", Fact::kProduct, true}}},
     false,
     {{{"score"}}}},
    // By the day it tells of, not the day it was told. A day told again counts as one more event, in the cell of the
    // first, with the difference.
    {7,
     "trading",
     Family::kTrading,
     {{{"branch", Fact::kBranch, true}, {"tier", Fact::kTier, true}}},
     false,
     {{{"trades"}, {"turnover", true}}}},
};

// A value longer than this, and a value that appears when a dimension has this many already (in a partition), counts
// as "other": faulty senders must not make cells without end.
inline constexpr size_t kMostValueBytes = 64;
inline constexpr int kMostValues = 1000;
// Likewise for the currencies of a cube, for a cell holds a sum of each.
inline constexpr int kMostCurrencies = 32;
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
