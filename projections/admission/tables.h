#pragma once

// What admission remembers. For admission itself and its tests.

#include "projections/admission/state.pb.h"
#include "projections/sdk/projection.h"

namespace kefu::admission {

// Every event id ever met, by FastHash128; values are SeenEvent.
struct Seen {
  static constexpr std::string_view kName = "seen";
  static constexpr uint8_t kId = 1;
  using Key = codec::KeyOf<int64_t, int64_t>;  // the hash, high half first
  using Row = sdk::RawBytes;
};

struct Clients {
  static constexpr std::string_view kName = "clients";
  static constexpr uint8_t kId = 2;
  using Key = codec::KeyOf<std::string>;  // client id
  using Row = ClientState;
};

struct Cases {
  static constexpr std::string_view kName = "cases";
  static constexpr uint8_t kId = 3;
  using Key = codec::KeyOf<std::string>;  // case id
  using Row = CaseState;
};

// Promises and call-backs share their ids.
struct Undertakings {
  static constexpr std::string_view kName = "undertakings";
  static constexpr uint8_t kId = 4;
  using Key = codec::KeyOf<std::string>;  // promise id or call-back id
  using Row = UndertakingState;
};

// The tables below are made of bodies that are broadcast: partition 0 judges by them, and by way of the copies every
// partition has them alike.

struct Merges {
  static constexpr std::string_view kName = "merges";
  static constexpr uint8_t kId = 5;
  using Key = codec::KeyOf<std::string>;  // id of the event that merged
  using Row = MergeState;
};

// Merged clients to their survivors: a forest, for each merge adds one edge between two roots.
struct Survivors {
  static constexpr std::string_view kName = "survivors";
  static constexpr uint8_t kId = 6;
  using Key = codec::KeyOf<std::string>;  // merged client id
  using Row = SurvivorState;
};

struct Relations {
  static constexpr std::string_view kName = "relations";
  static constexpr uint8_t kId = 7;
  using Key = codec::KeyOf<std::string>;  // relation id
  using Row = RelationState;
};

struct Parents {
  static constexpr std::string_view kName = "parents";
  static constexpr uint8_t kId = 8;
  using Key = codec::KeyOf<std::string>;  // client id of the child
  using Row = ParentState;
};

struct Units {
  static constexpr std::string_view kName = "units";
  static constexpr uint8_t kId = 9;
  using Key = codec::KeyOf<std::string>;  // unit id
  using Row = UnitState;
};

struct Calendars {
  static constexpr std::string_view kName = "calendars";
  static constexpr uint8_t kId = 10;
  using Key = codec::KeyOf<std::string>;  // calendar id
  using Row = CalendarState;
};

// Policy packs, segment rules, the churn model and the rules in force.
struct Versions {
  static constexpr std::string_view kName = "versions";
  static constexpr uint8_t kId = 11;
  // Tag of the body that publishes it; its id, empty if there is one only.
  using Key = codec::KeyOf<int32_t, std::string>;
  using Row = VersionState;
};

struct CodeSets {
  static constexpr std::string_view kName = "code_sets";
  static constexpr uint8_t kId = 12;
  using Key = codec::KeyOf<std::string, std::string>;  // scheme, version
  using Row = CodeSetState;
};

struct Admission {
  static constexpr std::string_view kName = "admission";
  static constexpr int32_t kVersion = 2;
  using Events = sdk::TypeList<>;
  using Tables = sdk::TypeList<Seen, Clients, Cases, Undertakings, Merges, Survivors, Relations, Parents, Units,
                               Calendars, Versions, CodeSets>;
  using Indexes = sdk::TypeList<>;

  static void Ahead(const events::v1::Event& event, sdk::RowsAhead& rows);
};

}  // namespace kefu::admission
