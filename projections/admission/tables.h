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

// Of policy packs, suitability packs, segment rules, bundles, and what else has versions and little other state.
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

struct Staff {
  static constexpr std::string_view kName = "staff";
  static constexpr uint8_t kId = 13;
  using Key = codec::KeyOf<std::string>;  // staff id
  using Row = StaffState;
};

struct Handovers {
  static constexpr std::string_view kName = "handovers";
  static constexpr uint8_t kId = 14;
  using Key = codec::KeyOf<std::string>;  // handover id
  using Row = HandoverState;
};

struct Products {
  static constexpr std::string_view kName = "products";
  static constexpr uint8_t kId = 15;
  using Key = codec::KeyOf<std::string>;  // product id
  using Row = ProductState;
};

// Names and aliases of products share one space. A name that a product gave up stays its own.
struct Names {
  static constexpr std::string_view kName = "names";
  static constexpr uint8_t kId = 16;
  using Key = codec::KeyOf<std::string>;  // as FoldedName gives it
  using Row = NameState;
};

// One row, key 0.
struct SuitabilityPacks {
  static constexpr std::string_view kName = "suitability_packs";
  static constexpr uint8_t kId = 17;
  using Key = codec::KeyOf<int32_t>;
  using Row = SuitabilityPacksState;
};
inline constexpr int32_t kSuitabilityPacksKey = 0;

// The tables below are each partition's own again.

struct Leads {
  static constexpr std::string_view kName = "leads";
  static constexpr uint8_t kId = 18;
  using Key = codec::KeyOf<std::string>;  // lead id
  using Row = LeadState;
};

struct Recommendations {
  static constexpr std::string_view kName = "recommendations";
  static constexpr uint8_t kId = 19;
  using Key = codec::KeyOf<std::string>;  // recommendation id
  using Row = RecommendationState;
};

struct Subscriptions {
  static constexpr std::string_view kName = "subscriptions";
  static constexpr uint8_t kId = 20;
  using Key = codec::KeyOf<std::string>;  // subscription id
  using Row = SubscriptionState;
};

// Events that corrected or annulled another, by FastHash128 of their ids: a later correction names the one before it.
struct Corrections {
  static constexpr std::string_view kName = "corrections";
  static constexpr uint8_t kId = 21;
  using Key = codec::KeyOf<int64_t, int64_t>;  // the hash, high half first
  using Row = CorrectionState;
};

struct Holds {
  static constexpr std::string_view kName = "holds";
  static constexpr uint8_t kId = 22;
  using Key = codec::KeyOf<std::string, std::string>;  // client id, hold id
  using Row = HoldState;
};

struct Admission {
  static constexpr std::string_view kName = "admission";
  static constexpr int32_t kVersion = 4;
  using Events = sdk::TypeList<>;
  using Tables = sdk::TypeList<Seen, Clients, Cases, Undertakings, Merges, Survivors, Relations, Parents, Units,
                               Calendars, Versions, CodeSets, Staff, Handovers, Products, Names, SuitabilityPacks,
                               Leads, Recommendations, Subscriptions, Corrections, Holds>;
  using Indexes = sdk::TypeList<>;

  static void Ahead(const events::v1::Event& event, sdk::RowsAhead& rows);
};

}  // namespace kefu::admission
