#pragma once

// How long events must be kept, and what holds them beyond that. Nothing is deleted by it.

#include "projections/retention/rows.pb.h"
#include "projections/sdk/projection.h"

namespace kefu::retention {

struct Holds {
  static constexpr std::string_view kName = "holds";
  static constexpr uint8_t kId = 1;
  using Key = codec::KeyOf<std::string, std::string>;  // client id, hold id
  using Row = Hold;
};

// Holds that are not lifted, by what they hold.
struct OpenHolds {
  static constexpr std::string_view kName = "open";
  static constexpr uint8_t kId = 2;
  using Of = Holds;
  using Key = codec::KeyOf<std::string, std::string, std::string>;  // client id, case id or empty, hold id
  static void Keys(const Hold& row, sdk::IndexKeys& out) {
    if (!row.has_lifted_at()) out.AddEncoded(Key::Encode(row.client_id(), row.case_id(), row.hold_id()));
  }
};

// One row, key 0: the newest version, in every partition.
struct Published {
  static constexpr std::string_view kName = "published";
  static constexpr uint8_t kId = 3;
  using Key = codec::KeyOf<int32_t>;
  using Row = Retention;
};
inline constexpr int32_t kPublishedKey = 0;

// The class of a kind of event, such as "contact_recorded": the one that names it, else the one for all others. Null where
// `retention` has neither.
const events::v1::RetentionClass* ClassOf(const events::v1::RetentionPublished& retention, std::string_view kind);

struct RetentionView {
  static constexpr std::string_view kName = "retention";
  static constexpr int32_t kVersion = 1;
  using Events =
      sdk::TypeList<events::v1::LegalHoldPlaced, events::v1::LegalHoldLifted, events::v1::RetentionPublished>;
  using Tables = sdk::TypeList<Holds, Published>;
  using Indexes = sdk::TypeList<OpenHolds>;

  using Rows = sdk::View<RetentionView>;
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::LegalHoldPlaced>& placed, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::LegalHoldLifted>& lifted, Rows& view);
  static sdk::Outcome Apply(const sdk::Recorded<events::v1::RetentionPublished>& published, Rows& view);
};

}  // namespace kefu::retention
